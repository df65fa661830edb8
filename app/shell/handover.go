package shell

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// ErrHandedOver says that a Wardbook with the same data folder is open already and has taken over what this start was for.
var ErrHandedOver = errors.New("a Wardbook with this data folder is open already")

// handover is what a second start asks of the first. It holds no secret: the first does with the file what it does with
// one that is dropped on its window.
type handover struct {
	Bundle string `json:"bundle,omitempty"` // absolute path; "" only brings the window to the front
}

const (
	handoverWait     = 3 * time.Second
	maxHandoverBytes = 32 << 10
)

// handoverPath is the socket of the Wardbook that has a data folder open. It lies in a folder that the person alone may
// enter, so nobody else at the computer can open files in the window.
func handoverPath(dataDir string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the place for the socket: %w", err)
	}
	absolute, err := filepath.Abs(dataDir)
	if err != nil {
		return "", fmt.Errorf("find the place for the socket: %w", err)
	}
	sum := sha256.Sum256([]byte(absolute))
	return filepath.Join(cache, "wardbook", hex.EncodeToString(sum[:8])+".sock"), nil
}

// handOver gives a bundle to the Wardbook that has the data folder open and reports whether there is one.
func handOver(dataDir, bundle string) (bool, error) {
	path, err := handoverPath(dataDir)
	if err != nil {
		return false, err
	}
	if bundle != "" {
		if bundle, err = filepath.Abs(bundle); err != nil {
			return false, fmt.Errorf("hand over the bundle: %w", err)
		}
	}
	connection, err := net.DialTimeout("unix", path, handoverWait)
	if err != nil {
		return false, nil //nolint:nilerr // nobody is there
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(handoverWait)); err != nil {
		return false, fmt.Errorf("hand over the bundle: %w", err)
	}
	if err := json.NewEncoder(connection).Encode(handover{Bundle: bundle}); err != nil {
		return false, fmt.Errorf("hand over the bundle: %w", err)
	}
	answer, err := bufio.NewReader(io.LimitReader(connection, 16)).ReadString('\n')
	if err != nil || answer != "taken\n" {
		return false, fmt.Errorf("the open Wardbook does not answer: %w", err)
	}
	return true, nil
}

// takeOver listens for second starts until stop is called, and calls taken for each, on no particular goroutine.
func takeOver(dataDir string, taken func(handover)) (stop func() error, err error) {
	path, err := handoverPath(dataDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("listen for a second start: %w", err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("listen for a second start: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a Wardbook that was killed
		return nil, fmt.Errorf("listen for a second start: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for a second start: %w", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			if asked, err := readHandover(connection); err == nil {
				taken(asked)
			}
		}
	}()
	return listener.Close, nil
}

func readHandover(connection net.Conn) (asked handover, err error) {
	defer func() { err = errors.Join(err, connection.Close()) }()
	if err := connection.SetDeadline(time.Now().Add(handoverWait)); err != nil {
		return asked, err
	}
	if err := json.NewDecoder(io.LimitReader(connection, maxHandoverBytes)).Decode(&asked); err != nil {
		return asked, err
	}
	if asked.Bundle != "" && !filepath.IsAbs(asked.Bundle) {
		return asked, errors.New("the path is not absolute")
	}
	_, err = io.WriteString(connection, "taken\n")
	return asked, err
}
