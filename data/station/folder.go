package station

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wardbook/data/vault/keyfile"
)

// What lies in a data folder.
const (
	markerName     = "wardbook.folder" // written last by set-up: this is a data folder
	unfinishedName = "setup-unfinished"
	lockName       = "lock"
	ownerName      = "lock.owner"
	attemptsName   = "sign-in-attempts"
	failuresName   = "sign-in-failures"

	markerText = "wardbook data folder 1\n"
)

// setUpMakes are the names that a set-up makes, and may remove if it did not finish.
func setUpMakes() []string {
	return []string{
		unfinishedName, lockName, ownerName, attemptsName, failuresName,
		"keys", "keys-copy", keyfile.Library, keyfile.Casework,
	}
}

// Inspect says what a folder is, from the names in it alone.
func Inspect(dir string) (State, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return StateEmpty, nil
	}
	if err != nil {
		return "", fmt.Errorf("looking into the data folder: %w", err)
	}
	foreign, unfinished := false, false
	for _, e := range entries {
		switch name := e.Name(); {
		case name == markerName:
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return "", fmt.Errorf("looking into the data folder: %w", err)
			}
			if !strings.HasPrefix(string(text), markerText) {
				return StateForeign, nil
			}
			return StateSetUp, nil
		case name == unfinishedName:
			unfinished = true
		case !slices.Contains(setUpMakes(), name):
			foreign = true
		}
	}
	if foreign || (len(entries) > 0 && !unfinished) {
		return StateForeign, nil
	}
	return StateEmpty, nil
}

// clearUnfinished removes what a set-up that did not finish left behind, the sign of it last.
func clearUnfinished(dir string) error {
	var problems []error
	for _, name := range setUpMakes() {
		if name != unfinishedName && name != lockName {
			problems = append(problems, os.RemoveAll(filepath.Join(dir, name)))
		}
	}
	return errors.Join(problems...)
}

// inside reports whether path lies in dir, whatever symbolic links and relative parts say. The file itself need not
// exist yet.
func inside(dir, path string) (bool, error) {
	dir, err := realPath(dir)
	if err != nil {
		return false, err
	}
	path, err = realPath(path)
	if err != nil {
		return false, err
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return false, nil // on different drives
	}
	return rel == "." || filepath.IsLocal(rel), nil
}

// realPath resolves the part of a path that exists.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for {
		resolved, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(resolved, rest), nil
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return "", err
		}
		path, rest = parent, filepath.Join(filepath.Base(path), rest)
	}
}

// tooOpen names the files and folders of a data folder that others than the owner may read.
func tooOpen(dir string) ([]string, error) {
	if !checksModes {
		return nil, nil
	}
	var open []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			open = append(open, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking at who may read the data folder: %w", err)
	}
	return open, nil
}
