package keyfile

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"aead.dev/minisign"
	"filippo.io/age"
	"github.com/google/uuid"
)

const (
	accountTitle   = "# wardbook account file 1"
	accountSuffix  = ".account"
	maxAccountFile = 16 << 10
)

// Account is what an account file holds.
type Account struct {
	Workstation        string // UUID of the data folder
	Account            string // UUID
	Counter            uint64 // from 1; grows with every change of the passphrase
	Identity           *age.X25519Identity
	Signing            minisign.PrivateKey
	FirstAdministrator string // pinned minisign public key, "RW…"
}

// NewAccountName returns a random file name for an account file.
func NewAccountName() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]) + accountSuffix, nil
}

// IsAccountName reports whether name has the form that NewAccountName gives.
func IsAccountName(name string) bool {
	digits, found := strings.CutSuffix(name, accountSuffix)
	raw, err := hex.DecodeString(digits)
	return found && err == nil && len(raw) == 16 && digits == strings.ToLower(digits)
}

// Seal encrypts the account under the passphrase.
func (a Account) Seal(passphrase string, cost Cost) ([]byte, error) {
	plain, err := a.encode()
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("sealing an account file: %w", err)
	}
	recipient.SetWorkFactor(cost.WorkFactor())
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipient)
	if err != nil {
		return nil, fmt.Errorf("sealing an account file: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("sealing an account file: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing an account file: %w", err)
	}
	return out.Bytes(), nil
}

// OpenAccount opens an account file. ErrWorkFactor and ErrDamaged are found before scrypt runs; ErrWrongPassphrase
// may also mean that the few bytes which hold the wrapped file key are damaged.
func OpenAccount(content []byte, passphrase string, cost Cost) (Account, error) {
	if err := CheckAccountHeader(content, cost); err != nil {
		return Account{}, err
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil { // an empty passphrase
		return Account{}, ErrWrongPassphrase
	}
	identity.SetMaxWorkFactor(cost.WorkFactor())
	r, err := age.Decrypt(bytes.NewReader(content), identity)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return Account{}, ErrWrongPassphrase
	}
	if err != nil {
		return Account{}, fmt.Errorf("%w: the account file: %w", ErrDamaged, err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxAccountFile))
	if err != nil {
		return Account{}, fmt.Errorf("%w: the account file: %w", ErrDamaged, err)
	}
	defer clear(plain)
	return decodeAccount(plain)
}

// CheckAccountHeader looks at the form of an account file without opening it: one scrypt recipient and the work factor
// of cost, in exactly the lines that age writes.
func CheckAccountHeader(content []byte, cost Cost) error {
	if len(content) > maxAccountFile {
		return fmt.Errorf("%w: the account file is too large", ErrDamaged)
	}
	rest, ok := bytes.CutPrefix(content, []byte("age-encryption.org/v1\n-> scrypt "))
	if !ok {
		return fmt.Errorf("%w: the account file does not begin as an age file under a passphrase", ErrDamaged)
	}
	args, rest, ok := bytes.Cut(rest, []byte("\n"))
	salt, factor, two := bytes.Cut(args, []byte(" "))
	if !ok || !two || len(salt) != 22 {
		return fmt.Errorf("%w: the header of the account file", ErrDamaged)
	}
	body, rest, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || len(body) != 43 {
		return fmt.Errorf("%w: the header of the account file", ErrDamaged)
	}
	if !bytes.HasPrefix(rest, []byte("--- ")) {
		return fmt.Errorf("%w: the account file has a second recipient", ErrDamaged)
	}
	if string(factor) != strconv.Itoa(cost.WorkFactor()) {
		return fmt.Errorf("%w (%d)", ErrWorkFactor, cost.WorkFactor())
	}
	return nil
}

func (a Account) encode() ([]byte, error) {
	signing, err := EncodeSigningKey(a.Signing)
	if err != nil {
		return nil, err
	}
	if a.Identity == nil {
		return nil, errors.New("an account file needs an identity")
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, accountTitle)
	fmt.Fprintf(&b, "# workstation: %s\n# account: %s\n# counter: %d\n# signing-key: %s\n# first-administrator: %s\n%s\n",
		a.Workstation, a.Account, a.Counter, signing, a.FirstAdministrator, a.Identity)
	if _, err := decodeAccount(b.Bytes()); err != nil {
		return nil, fmt.Errorf("writing an account file that could not be read: %w", err)
	}
	return b.Bytes(), nil
}

func decodeAccount(plain []byte) (Account, error) {
	var a Account
	damaged := func(what string) (Account, error) {
		return Account{}, fmt.Errorf("%w: the account file: %s", ErrDamaged, what)
	}
	text, ended := strings.CutSuffix(string(plain), "\n")
	lines := strings.Split(text, "\n")
	if !ended || len(lines) != 7 {
		return damaged("it should have seven lines")
	}
	if lines[0] != accountTitle {
		return damaged("it is not of a kind this program knows")
	}
	var values [5]string
	for i, key := range []string{"workstation", "account", "counter", "signing-key", "first-administrator"} {
		value, ok := strings.CutPrefix(lines[i+1], "# "+key+": ")
		if !ok {
			return damaged("the line " + key + " is missing")
		}
		values[i] = value
	}
	a.Workstation, a.Account, a.FirstAdministrator = values[0], values[1], values[4]
	if !isID(a.Workstation) || !isID(a.Account) {
		return damaged("an id in it is not a UUID")
	}
	var err error
	if a.Counter, err = parseNumber(values[2]); err != nil {
		return damaged(err.Error())
	}
	if a.Signing, err = DecodeSigningKey(values[3]); err != nil {
		return damaged(err.Error())
	}
	if !isPublicKey(a.FirstAdministrator) {
		return damaged("the pinned key is not a minisign key")
	}
	if a.Identity, err = age.ParseX25519Identity(lines[6]); err != nil || a.Identity.String() != lines[6] {
		return damaged("the age identity cannot be read")
	}
	return a, nil
}

// isID accepts a UUID in the one spelling that the program writes.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

func isPublicKey(s string) bool {
	var key minisign.PublicKey
	return key.UnmarshalText([]byte(s)) == nil && key.String() == s
}

// parseNumber accepts a counter: decimal, at least 1, without sign or leading zeros.
func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%.20q is not a counter", s)
	}
	return n, nil
}
