// Package disktest has a disk that fails where a test wants it to.
package disktest

import (
	"errors"
	"io"

	"wardbook/data/vault/keyfile/internal/disk"
)

// Faulty fails the FailAt-th call that writes (0 fails none) and, from then on, every call if Dead is set: the program
// was killed there. A failing write leaves half of its bytes behind, and a failing rename may have happened.
type Faulty struct {
	disk.OS
	FailAt     int
	Dead       bool
	Afterwards bool // the call takes effect although it reports a failure
	Calls      int  // so far
}

// ErrFault is the failure.
var ErrFault = errors.New("injected fault")

// fault counts a call. effect says whether the call takes effect, err what it reports.
func (d *Faulty) fault() (effect bool, err error) {
	d.Calls++
	switch {
	case d.FailAt == 0 || d.Calls < d.FailAt:
		return true, nil
	case d.Calls == d.FailAt:
		return d.Afterwards, ErrFault
	case d.Dead:
		return false, ErrFault
	}
	return true, nil
}

// Create counts, and fails in its turn.
func (d *Faulty) Create(path string) (disk.File, error) {
	effect, err := d.fault()
	if !effect {
		return nil, err
	}
	f, created := d.OS.Create(path)
	if created != nil {
		return nil, created
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &faultyFile{File: f, disk: d}, nil
}

// Rename counts, and fails in its turn.
func (d *Faulty) Rename(from, to string) error {
	return d.simple(func() error { return d.OS.Rename(from, to) })
}

// Remove counts, and fails in its turn.
func (d *Faulty) Remove(path string) error {
	return d.simple(func() error { return d.OS.Remove(path) })
}

// SyncDir counts, and fails in its turn.
func (d *Faulty) SyncDir(path string) error {
	return d.simple(func() error { return d.OS.SyncDir(path) })
}

func (d *Faulty) simple(do func() error) error {
	effect, err := d.fault()
	if !effect {
		return err
	}
	return errors.Join(err, do())
}

type faultyFile struct {
	disk.File
	disk *Faulty
}

// Write counts, and fails in its turn.
func (f *faultyFile) Write(p []byte) (int, error) {
	_, err := f.disk.fault()
	if err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

// Sync counts, and fails in its turn.
func (f *faultyFile) Sync() error { return f.disk.simple(f.File.Sync) }

// Close counts, and fails in its turn.
func (f *faultyFile) Close() error {
	_, err := f.disk.fault()
	return errors.Join(err, f.File.Close()) // the descriptor goes in any case
}

var _ io.Writer = (*faultyFile)(nil)
