package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"aead.dev/minisign"
	"filippo.io/age"
	"filippo.io/age/armor"

	"wardbook/data/vault"
)

// Stores that have a key file, and Recovery, which stands for the recovery key where an account's id would.
const (
	Library  = "library"
	Casework = "casework"
	Recovery = "recovery"
)

const (
	storeKeyTitle = "wardbook store key 1"
	maxStoreKey   = 512 << 10
	maxRecipients = 1000
	armorEnd      = armor.Footer + "\n"
)

// StoreKeyName is the file name of a store's key file.
func StoreKeyName(store string) string { return store + ".storekey" }

// NextStoreKeyName is the file name of the key file of a store that is getting another key. It is there before the store
// has the new key, and takes the place of the store's key file afterwards.
func NextStoreKeyName(store string) string { return store + ".storekey-next" }

// Recipient is an account (or Recovery) that can open a store, and the age recipient to which its key is encrypted.
type Recipient struct {
	Account string
	Age     string // "age1…"
}

// StoreKey is the readable head of a store-key file.
type StoreKey struct {
	Workstation string // UUID of the data folder
	Store       string // Library or Casework
	Epoch       uint64 // the store's key epoch
	Counter     uint64 // from 1; grows with every rewrite
	Granter     string // account id or Recovery
	GranterKey  string // minisign public key, "RW…"
	Recipients  []Recipient
}

// StoreKeyFile is a store-key file whose form and signature are good. Whether its granter was allowed to sign it is for
// package account to say.
type StoreKeyFile struct {
	StoreKey
	Raw    []byte
	sealed []byte // the armoured age file
}

// Seal encrypts the store's key to the recipients and signs the file with sign, which must use the key that
// head.GranterKey names.
func (head StoreKey) Seal(key *vault.Key, sign func([]byte) ([]byte, error)) ([]byte, error) {
	recipients := make([]age.Recipient, 0, len(head.Recipients))
	for _, r := range head.Recipients {
		recipient, err := age.ParseX25519Recipient(r.Age)
		if err != nil {
			return nil, fmt.Errorf("the recipient of account %s: %w", r.Account, err)
		}
		recipients = append(recipients, recipient)
	}
	var out bytes.Buffer
	out.WriteString(head.encode())
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, recipients...)
	if err != nil {
		return nil, fmt.Errorf("sealing the %s key: %w", head.Store, err)
	}
	if _, err := w.Write(key[:]); err != nil {
		return nil, fmt.Errorf("sealing the %s key: %w", head.Store, err)
	}
	if err := errors.Join(w.Close(), armored.Close()); err != nil {
		return nil, fmt.Errorf("sealing the %s key: %w", head.Store, err)
	}
	signature, err := sign(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("signing the %s key file: %w", head.Store, err)
	}
	out.Write(bytes.TrimSpace(signature))
	out.WriteByte('\n')
	if _, err := ParseStoreKey(out.Bytes()); err != nil {
		return nil, fmt.Errorf("writing a key file that could not be read: %w", err)
	}
	return out.Bytes(), nil
}

func (head StoreKey) encode() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nworkstation: %s\nstore: %s\nepoch: %d\ncounter: %d\ngranter: %s\ngranter-key: %s\n",
		storeKeyTitle, head.Workstation, head.Store, head.Epoch, head.Counter, head.Granter, head.GranterKey)
	for _, r := range head.Recipients {
		fmt.Fprintf(&b, "recipient: %s %s\n", r.Account, r.Age)
	}
	return b.String()
}

// ParseStoreKey reads a store-key file and checks its signature against the key that the file names. Everything that
// does not verify is ErrDamaged.
func ParseStoreKey(content []byte) (StoreKeyFile, error) {
	file, err := parseStoreKey(content)
	if err != nil {
		return StoreKeyFile{}, fmt.Errorf("%w: the store-key file: %w", ErrDamaged, err)
	}
	return file, nil
}

func parseStoreKey(content []byte) (StoreKeyFile, error) {
	if len(content) > maxStoreKey {
		return StoreKeyFile{}, errors.New("it is too large")
	}
	begin := bytes.Index(content, []byte("\n"+armor.Header+"\n"))
	end := bytes.Index(content, []byte("\n"+armorEnd))
	if begin < 0 || end < begin {
		return StoreKeyFile{}, errors.New("it holds no age file")
	}
	begin, end = begin+1, end+1+len(armorEnd)
	file := StoreKeyFile{Raw: bytes.Clone(content), sealed: bytes.Clone(content[begin:end])}
	if err := file.decode(string(content[:begin])); err != nil {
		return StoreKeyFile{}, err
	}
	if !inOneForm(content[end:]) || !Verify(file.GranterKey, content[:end], content[end:]) {
		return StoreKeyFile{}, errors.New("its signature is not good")
	}
	return file, nil
}

// inOneForm reports whether a signature is written exactly as minisign writes it: base64 has spellings that differ and
// decode alike.
func inOneForm(signature []byte) bool {
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		return false
	}
	text, err := s.MarshalText()
	return err == nil && bytes.Equal(append(bytes.TrimSpace(text), '\n'), signature)
}

func (head *StoreKey) decode(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != storeKeyTitle {
		return errors.New("it is not of a kind this program knows")
	}
	if len(lines) < 8 || len(lines) > 7+maxRecipients {
		return errors.New("its head has too few or too many lines")
	}
	var values [6]string
	for i, key := range []string{"workstation", "store", "epoch", "counter", "granter", "granter-key"} {
		value, ok := strings.CutPrefix(lines[i+1], key+": ")
		if !ok {
			return fmt.Errorf("the line %s is missing", key)
		}
		values[i] = value
	}
	head.Workstation, head.Store, head.Granter, head.GranterKey = values[0], values[1], values[4], values[5]
	if !isID(head.Workstation) || !isPublicKey(head.GranterKey) {
		return errors.New("its head cannot be read")
	}
	if head.Store != Library && head.Store != Casework {
		return errors.New("it belongs to no store that this program knows")
	}
	if head.Granter != Recovery && !isID(head.Granter) {
		return errors.New("its granter is not an account")
	}
	var err error
	// A store's first epoch is 0 or 1, as the store counts it.
	if head.Epoch, err = strconv.ParseUint(values[2], 10, 63); err != nil || strconv.FormatUint(head.Epoch, 10) != values[2] {
		return errors.New("its epoch is not a number")
	}
	if head.Counter, err = parseNumber(values[3]); err != nil {
		return err
	}
	recovery := false
	for _, line := range lines[7:] {
		value, ok := strings.CutPrefix(line, "recipient: ")
		who, recipient, two := strings.Cut(value, " ")
		if !ok || !two || (who != Recovery && !isID(who)) {
			return errors.New("a recipient in its head cannot be read")
		}
		parsed, err := age.ParseX25519Recipient(recipient)
		if err != nil || parsed.String() != recipient {
			return errors.New("a recipient in its head is not an age recipient")
		}
		recovery = recovery || who == Recovery
		head.Recipients = append(head.Recipients, Recipient{Account: who, Age: recipient})
	}
	if !recovery {
		return errors.New("it was not made for the recovery key")
	}
	return nil
}

// Holds reports whether the file was made for the account with this age recipient.
func (head StoreKey) Holds(account, recipient string) bool {
	for _, r := range head.Recipients {
		if r.Account == account && r.Age == recipient {
			return true
		}
	}
	return false
}

// Open returns the store's key, or ErrNoAccess if the file was not made for the identity.
func (f StoreKeyFile) Open(identity *age.X25519Identity) (*vault.Key, error) {
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(f.sealed)), identity)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrNoAccess
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the %s key file: %w", ErrDamaged, f.Store, err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, vault.KeySize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: the %s key file: %w", ErrDamaged, f.Store, err)
	}
	defer clear(plain)
	if len(plain) != vault.KeySize {
		return nil, fmt.Errorf("%w: the %s key file does not hold a key of %d bytes", ErrDamaged, f.Store, vault.KeySize)
	}
	key := vault.Key(plain)
	return &key, nil
}
