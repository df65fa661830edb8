package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"wardbook/data/station"
)

// maxPassphraseBytes bounds what is read from a passphrase file; a longer first line is somebody's mistake.
const maxPassphraseBytes = 4096

// withSession signs the account in, does the work, and locks again whatever happens.
func (c *call) withSession(ctx context.Context, do func(session *station.Session) error) (err error) {
	if c.dataDir == "" {
		return usagef("--data DIR names the data folder and is needed here")
	}
	if c.account == "" {
		return usagef("--account NAME says who is signing in and is needed here")
	}
	opened, err := station.Open(c.dataDir, c.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	passphrase, err := c.readPassphrase("Passphrase: ")
	if err != nil {
		return err
	}
	session, err := opened.SignIn(ctx, c.account, passphrase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Lock()) }()
	return do(session)
}

// inSession makes the body of a command that works in a signed-in session.
func inSession(do func(ctx context.Context, c *call, session *station.Session, args []string) error) runner {
	return func(ctx context.Context, c *call, args []string) error {
		return c.withSession(ctx, func(session *station.Session) error { return do(ctx, c, session, args) })
	}
}

// readPassphrase takes the first line of the passphrase file, or asks at the terminal without showing what is typed.
func (c *call) readPassphrase(prompt string) (string, error) {
	if c.passphraseFile != "" {
		return readPassphraseFile(c.passphraseFile)
	}
	return c.askPassphrase(prompt)
}

func readPassphraseFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the passphrase file cannot be read: %w", err)
	}
	defer file.Close()
	return firstLine(file)
}

func (c *call) askPassphrase(prompt string) (string, error) {
	input, ok := c.Streams.In.(*os.File)
	if !ok || !term.IsTerminal(int(input.Fd())) {
		return "", usagef("no terminal to ask for the passphrase: give --passphrase-file FILE")
	}
	fmt.Fprint(c.Streams.Err, prompt)
	typed, err := term.ReadPassword(int(input.Fd()))
	fmt.Fprintln(c.Streams.Err)
	if err != nil {
		return "", fmt.Errorf("the passphrase could not be read: %w", err)
	}
	return string(typed), nil
}

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPassphraseBytes)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the passphrase file cannot be read: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("the first line of the passphrase file is empty: write the passphrase there")
	}
	return line, nil
}
