// Package keyfiletest makes account files cheap to open, for tests alone.
package keyfiletest

import (
	"testing"

	"wardbook/data/vault/keyfile"
	"wardbook/data/vault/keyfile/internal/cost"
	"wardbook/data/vault/keyfile/internal/disk/disktest"
)

// Cheap is a cost that makes sign-in fast. It works in a test binary only; a program that is not one panics here, and
// a test of keyfile checks that the program does not link this package.
func Cheap(t testing.TB) keyfile.Cost {
	t.Helper()
	if !testing.Testing() {
		panic("keyfiletest: not in a test")
	}
	return cost.Reduced()
}

// Faults say which writing call of a FaultyFolder fails.
type Faults = disktest.Faulty

// FaultyFolder is the folder of key files of a data folder on a disk that fails as faults says.
func FaultyFolder(t testing.TB, dir string, faults *Faults) *keyfile.Folder {
	t.Helper()
	return keyfile.NewFolderOn(dir, faults)
}
