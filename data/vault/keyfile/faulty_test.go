package keyfile

import (
	"errors"
	"io"
)

// faultyDisk fails the n-th call that writes (0 fails none) and, from then on, every call if dead is set: the program
// was killed there. A failing write leaves half of its bytes behind, and a failing rename may have happened.
type faultyDisk struct {
	disk
	failAt     int
	dead       bool
	afterwards bool // the call takes effect although it reports a failure
	calls      int
}

var errFault = errors.New("injected fault")

// fault counts a call. effect says whether the call takes effect, err what it reports.
func (d *faultyDisk) fault() (effect bool, err error) {
	d.calls++
	switch {
	case d.failAt == 0 || d.calls < d.failAt:
		return true, nil
	case d.calls == d.failAt:
		return d.afterwards, errFault
	case d.dead:
		return false, errFault
	}
	return true, nil
}

func (d *faultyDisk) Create(path string) (file, error) {
	effect, err := d.fault()
	if !effect {
		return nil, err
	}
	f, created := d.disk.Create(path)
	if created != nil {
		return nil, created
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &faultyFile{file: f, disk: d}, nil
}

func (d *faultyDisk) Rename(from, to string) error {
	return d.simple(func() error { return d.disk.Rename(from, to) })
}

func (d *faultyDisk) Remove(path string) error {
	return d.simple(func() error { return d.disk.Remove(path) })
}

func (d *faultyDisk) SyncDir(path string) error {
	return d.simple(func() error { return d.disk.SyncDir(path) })
}

func (d *faultyDisk) simple(do func() error) error {
	effect, err := d.fault()
	if !effect {
		return err
	}
	return errors.Join(err, do())
}

type faultyFile struct {
	file
	disk *faultyDisk
}

func (f *faultyFile) Write(p []byte) (int, error) {
	_, err := f.disk.fault()
	if err != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, err
	}
	return f.file.Write(p)
}

func (f *faultyFile) Sync() error { return f.disk.simple(f.file.Sync) }

func (f *faultyFile) Close() error {
	_, err := f.disk.fault()
	return errors.Join(err, f.file.Close()) // the descriptor goes in any case
}

var _ io.Writer = (*faultyFile)(nil)
