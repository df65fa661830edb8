package station

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/vault/keyfile"
)

// Wrong passphrases are slowed down from the third in a row on: 5 seconds, then twice as long each time, at most five
// minutes. The count stays on disk, so that starting the program again does not clear it. Somebody who can change files
// can, and can also guess on another computer; scrypt and a good passphrase are what stands against that.
const (
	freeAttempts = 2
	firstDelay   = 5 * time.Second
	maxDelay     = 5 * time.Minute
)

// attempts is the file of wrong passphrases per account since its last sign-in.
type attempts struct {
	Recorded int64                   `json:"recorded"` // failures ever written to the failure file
	Accounts map[string]attemptCount `json:"accounts"`
}

type attemptCount struct {
	Wrong int   `json:"wrong"`
	Last  int64 `json:"last"` // Unix milliseconds
}

func readAttempts(dir string) attempts {
	a := attempts{}
	// A file that cannot be read counts as none: locking everybody out for it would help nobody.
	if text, err := os.ReadFile(filepath.Join(dir, attemptsName)); err != nil || json.Unmarshal(text, &a) != nil {
		a = attempts{}
	}
	if a.Accounts == nil {
		a.Accounts = map[string]attemptCount{}
	}
	return a
}

func (a attempts) write(dir string) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return keyfile.ReplaceFile(filepath.Join(dir, attemptsName), text)
}

// wait returns until when the account must wait. A clock that was set back does not shorten the wait, nor make it longer
// than one delay from now.
func (a attempts) wait(account string, now time.Time) time.Time {
	count := a.Accounts[account]
	if count.Wrong <= freeAttempts {
		return time.Time{}
	}
	delay := maxDelay
	if steps := count.Wrong - freeAttempts - 1; steps < 10 {
		delay = min(firstDelay<<steps, maxDelay)
	}
	last := time.UnixMilli(count.Last)
	if now.Before(last) {
		last = now
	}
	return last.Add(delay)
}

// failure is what is kept of a failed sign-in until the log can be opened. What was typed is not kept: people type a
// passphrase into the wrong field.
type failure struct {
	Number  int64  `json:"number"`
	At      int64  `json:"at"` // Unix milliseconds
	Account string `json:"account"`
	Why     string `json:"why"`
}

const (
	failuresTitle = "wardbook sign-in failures 1 "
	maxFailures   = 200 // older ones make room; the numbers show the gap
	maxFailureLen = 4 << 10
	maxFailureLog = maxFailures*(maxFailureLen+4) + 128
)

// recordFailure counts a failed sign-in and appends it, encrypted to the log's key, to the failure file.
func recordFailure(dir, logRecipient string, f failure) error {
	a := readAttempts(dir)
	a.Recorded++
	f.Number = a.Recorded
	if f.Why == whyPassphrase {
		count := a.Accounts[f.Account]
		a.Accounts[f.Account] = attemptCount{Wrong: count.Wrong + 1, Last: f.At}
	}
	err := a.write(dir)
	if logRecipient == "" { // the list of names, where it stands, is damaged
		return err
	}
	return errors.Join(err, appendFailure(dir, logRecipient, f))
}

func appendFailure(dir, logRecipient string, f failure) error {
	recipient, err := age.ParseX25519Recipient(logRecipient)
	if err != nil {
		return fmt.Errorf("the recipient of the log: %w", err)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipient)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	id, entries, err := readFailures(dir)
	if err != nil || id == "" {
		// None yet, or not whole: begin a new one. What cannot be read could not be taken into the log either.
		var random [16]byte
		if _, err := rand.Read(random[:]); err != nil {
			return err
		}
		id, entries = hex.EncodeToString(random[:]), nil
	}
	entries = append(entries, sealed.Bytes())
	entries = entries[max(0, len(entries)-maxFailures):]
	var out bytes.Buffer
	out.WriteString(failuresTitle + id + "\n")
	for _, e := range entries {
		out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(e))))
		out.Write(e)
	}
	return keyfile.ReplaceFile(filepath.Join(dir, failuresName), out.Bytes())
}

// readFailures returns the failure file's id and its sealed entries; both are empty if there is none.
func readFailures(dir string) (string, [][]byte, error) {
	f, err := os.Open(filepath.Join(dir, failuresName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFailureLog+1))
	if err != nil {
		return "", nil, err
	}
	return parseFailures(content)
}

func parseFailures(content []byte) (string, [][]byte, error) {
	broken := errors.New("the file of failed sign-ins is damaged")
	head, rest, found := bytes.Cut(content, []byte("\n"))
	id, ok := strings.CutPrefix(string(head), failuresTitle)
	if !found || !ok || len(id) != 32 || len(content) > maxFailureLog {
		return "", nil, broken
	}
	var entries [][]byte
	for len(rest) > 0 {
		if len(rest) < 4 {
			return "", nil, broken
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if n > maxFailureLen || int(n) > len(rest) || len(entries) == maxFailures {
			return "", nil, broken
		}
		entries, rest = append(entries, rest[:n]), rest[n:]
	}
	return id, entries, nil
}

// foldFailures takes the failure file into the library's log and removes it. A file that was taken in already, by a
// sign-in that died before it could remove it, is only removed.
func (s *Session) foldFailures(ctx context.Context, logIdentity *age.X25519Identity, folded string) error {
	id, entries, err := readFailures(s.station.dir)
	if id == "" && err == nil {
		return nil
	}
	if err != nil || id != folded {
		var failures []failure
		unreadable := 0
		for _, sealed := range entries {
			if f, ok := openFailure(sealed, logIdentity); ok {
				failures = append(failures, f)
			} else {
				unreadable++
			}
		}
		damaged := err != nil
		err = s.library.WriteReserved(ctx, func(tx *sql.Tx) error {
			return s.logFailures(ctx, tx, id, failures, unreadable, damaged)
		})
		if err != nil {
			return fmt.Errorf("taking failed sign-ins into the log: %w", err)
		}
	}
	if err := os.Remove(filepath.Join(s.station.dir, failuresName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func openFailure(sealed []byte, identity *age.X25519Identity) (failure, bool) {
	var f failure
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		return f, false
	}
	text, err := io.ReadAll(io.LimitReader(r, maxFailureLen))
	return f, err == nil && json.Unmarshal(text, &f) == nil
}

func (s *Session) logFailures(ctx context.Context, tx *sql.Tx, id string, failures []failure, unreadable int, damaged bool) error {
	for _, f := range failures {
		err := audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActSignInFailed, Object: f.Account, Details: map[string]string{
			"at": time.UnixMilli(f.At).UTC().Format(time.RFC3339), "why": f.Why, "number": strconv.FormatInt(f.Number, 10),
		}})
		if err != nil {
			return err
		}
	}
	if unreadable > 0 || damaged {
		err := audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActSignInFailed, Details: map[string]string{
			"why": "the file of failed sign-ins was damaged or changed", "unreadable": strconv.Itoa(unreadable),
		}})
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE sign_in_log SET folded = ?`, id)
	return err
}

// Why a sign-in failed.
const (
	whyPassphrase = "wrong-passphrase"
	whyOldFile    = "old-key-file"
	whyDamaged    = "damaged-key-file"
	whyUnknown    = "unknown-account"
	whyGone       = "deactivated"
	whyUntrusted  = "untrusted-statements"
)

// whyOf names the reason of a failed sign-in that is worth an entry in the log, or nothing.
func whyOf(err error) string {
	switch {
	case errors.Is(err, account.ErrWrongPassphrase):
		return whyPassphrase
	case errors.Is(err, account.ErrOldKeyFile):
		return whyOldFile
	case errors.Is(err, account.ErrDamagedKeyFile), errors.Is(err, keyfile.ErrWorkFactor), errors.Is(err, keyfile.ErrNotFound):
		return whyDamaged
	case errors.Is(err, account.ErrUnknownAccount):
		return whyUnknown
	case errors.Is(err, account.ErrDeactivated):
		return whyGone
	case errors.Is(err, account.ErrStatements):
		return whyUntrusted
	}
	return ""
}
