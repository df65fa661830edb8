package keyfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"filippo.io/age"
)

// NamesFile is the file name of the list of account names.
const NamesFile = "accounts.list"

const (
	namesFormat = 1
	maxNames    = 1 << 20
)

// Name is one account as it is shown before sign-in.
type Name struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	File   string `json:"file"` // empty for a deactivated account
	Active bool   `json:"active"`
	Sum    string `json:"sum"` // SHA-256 of the account file, hexadecimal
}

// Names is the list of account names. It is a convenience and trusted for nothing.
type Names struct {
	Format       int    `json:"format"`
	Workstation  string `json:"workstation"`
	LogRecipient string `json:"log_recipient"` // age recipient for failures before sign-in
	Accounts     []Name `json:"accounts"`
}

// Sum is the SHA-256 of a key file as the list of names records it.
func Sum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Encode writes the list with its checksum.
func (n Names) Encode() ([]byte, error) {
	n.Format = namesFormat
	line, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("writing the list of accounts: %w", err)
	}
	return fmt.Appendf(line, "\nsha256 %s\n", Sum(line)), nil
}

// ParseNames reads a list of account names; everything that is not whole is ErrDamaged.
func ParseNames(content []byte) (Names, error) {
	n, err := parseNames(content)
	if err != nil {
		return Names{}, fmt.Errorf("%w: the list of accounts: %w", ErrDamaged, err)
	}
	return n, nil
}

func parseNames(content []byte) (Names, error) {
	if len(content) > maxNames {
		return Names{}, errors.New("it is too large")
	}
	line, rest, _ := bytes.Cut(content, []byte("\n"))
	if string(rest) != "sha256 "+Sum(line)+"\n" {
		return Names{}, errors.New("its checksum is wrong")
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var n Names
	if err := decoder.Decode(&n); err != nil {
		return Names{}, err
	}
	if n.Format != namesFormat {
		return Names{}, fmt.Errorf("format %d is not one this program knows", n.Format)
	}
	if !isID(n.Workstation) {
		return Names{}, errors.New("it names no workstation")
	}
	if _, err := age.ParseX25519Recipient(n.LogRecipient); err != nil {
		return Names{}, errors.New("the recipient of the log cannot be read")
	}
	for _, a := range n.Accounts {
		// A file name is used as a path, so nothing but the random form is let through.
		if !isID(a.ID) || (a.File != "" && !IsAccountName(a.File)) {
			return Names{}, errors.New("an account in it cannot be read")
		}
	}
	return n, nil
}
