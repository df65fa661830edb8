package station

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse matches every InUseError.
var ErrInUse = errors.New("the data folder is in use")

// InUseError says which process is signed in to the data folder. PID is 0 if that cannot be read.
type InUseError struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return "the data folder is in use by another Wardbook"
	}
	return fmt.Sprintf("the data folder is in use by another Wardbook (process %d on %s, since %s); close or lock that one first",
		e.PID, e.Host, e.Since.Local().Format("15:04 on 2 Jan 2006"))
}

// Is makes every InUseError match ErrInUse.
func (e *InUseError) Is(target error) bool { return target == ErrInUse }

// processLock is the operating system's lock on a data folder: a process that dies cannot leave it behind.
type processLock struct {
	file  *flock.Flock
	owner string
}

func takeLock(dir string, now time.Time) (*processLock, error) {
	l := &processLock{file: flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600)), owner: filepath.Join(dir, ownerName)}
	got, err := l.file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	if !got {
		return nil, readOwner(l.owner)
	}
	if err := l.writeOwner(now); err != nil {
		return nil, errors.Join(err, l.file.Unlock())
	}
	return l, nil
}

// writeOwner says who has the lock. It stands in a file of its own: Windows does not let others read a locked one.
func (l *processLock) writeOwner(now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this computer"
	}
	text, err := json.Marshal(InUseError{PID: os.Getpid(), Host: host, Since: now})
	if err == nil {
		err = os.WriteFile(l.owner, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("locking the data folder: %w", err)
	}
	return nil
}

func readOwner(path string) *InUseError {
	var e InUseError
	if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &e) != nil {
		return &InUseError{}
	}
	return &e
}

func (l *processLock) release() error {
	// Only the owner's file goes. Removing the lock file itself would let two processes lock two different files.
	err := os.Remove(l.owner)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.file.Unlock())
}
