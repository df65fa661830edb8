package keyfile

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"aead.dev/minisign"
	"filippo.io/age"
	"github.com/google/uuid"

	"wardbook/data/vault"
	"wardbook/data/vault/keyfile/internal/cost"
)

func newHead(t testing.TB, a Account) (StoreKey, func([]byte) ([]byte, error)) {
	t.Helper()
	recovery, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public := a.Signing.Public().(minisign.PublicKey)
	head := StoreKey{
		Workstation: a.Workstation, Store: Library, Epoch: 1, Counter: 7, Granter: a.Account, GranterKey: public.String(),
		Recipients: []Recipient{{Recovery, recovery.Recipient().String()}, {a.Account, a.Identity.Recipient().String()}},
	}
	return head, func(msg []byte) ([]byte, error) { return Sign(a.Signing, msg, "test"), nil }
}

func newStoreKey(t testing.TB) ([]byte, vault.Key, Account) {
	t.Helper()
	a := newTestAccount(t)
	head, sign := newHead(t, a)
	key := vault.Key{9, 8, 7}
	content, err := head.Seal(&key, sign)
	if err != nil {
		t.Fatal(err)
	}
	return content, key, a
}

func TestStoreKeyRoundTrip(t *testing.T) {
	content, key, a := newStoreKey(t)
	file, err := ParseStoreKey(content)
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.Open(a.Identity)
	if err != nil || *got != key || file.Counter != 7 || !file.Holds(a.Account, a.Identity.Recipient().String()) {
		t.Fatalf("%v %+v %v", got, file.StoreKey, err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Open(stranger); !errors.Is(err, ErrNoAccess) {
		t.Fatalf("a stranger: %v", err)
	}
}

// Every byte of the file is covered by the signature, the granter's key by itself.
func TestEveryByteOfAStoreKeyFile(t *testing.T) {
	content, _, _ := newStoreKey(t)
	unsigned := bytes.Index(content, []byte("untrusted comment: "))
	for i := range content {
		if line := bytes.IndexByte(content[unsigned:], '\n'); i >= unsigned && i < unsigned+line {
			continue // minisign's untrusted comment is free text
		}
		bit := i % 8
		changed := bytes.Clone(content)
		changed[i] ^= 1 << bit
		if _, err := ParseStoreKey(changed); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d (%q) bit %d: %v", i, content[i], bit, err)
		}
	}
	for _, n := range []int{0, 1, len(content) / 2, len(content) - 10} {
		if _, err := ParseStoreKey(content[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut after %d: %v", n, err)
		}
	}
}

func TestStoreKeyWithoutRecoveryIsRefused(t *testing.T) {
	a := newTestAccount(t)
	head, sign := newHead(t, a)
	head.Recipients = head.Recipients[1:]
	if _, err := head.Seal(&vault.Key{}, sign); err == nil {
		t.Fatal("a key file was written that the recovery key does not open")
	}
}

func TestStoreKeyFromEitherCopy(t *testing.T) {
	content, key, a := newStoreKey(t)
	head, sign := newHead(t, a)
	head.Counter = 8
	newer, err := head.Seal(&key, sign)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what          string
		first, second []byte
		counter       uint64
		repair        bool
		want          error
	}{
		{"both whole", content, content, 7, false, nil},
		{"the first damaged", content[:50], content, 7, true, nil},
		{"the second missing", content, nil, 7, true, nil},
		{"the first newer", newer, content, 8, true, nil},
		{"an old copy put back first", content, newer, 8, true, nil},
		{"both damaged", content[:50], content[:99], 0, false, ErrDamaged},
		{"both missing", nil, nil, 0, false, ErrNotFound},
	} {
		f := newFolder(t, t.TempDir())
		for i, content := range [][]byte{c.first, c.second} {
			if content == nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(f.dirs[i], StoreKeyName(Library)), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, repair, err := f.ReadStoreKey(Library)
		if !errors.Is(err, c.want) || got.Counter != c.counter || repair != c.repair {
			t.Errorf("%s: counter %d, repair %v, %v", c.what, got.Counter, repair, err)
		}
		if _, _, err := f.ReadStoreKey(Casework); err == nil {
			t.Errorf("%s: there is no casework key file", c.what)
		}
	}
}

// A library's key file under casework's name is not casework's.
func TestStoreKeyOfTheOtherStore(t *testing.T) {
	content, _, _ := newStoreKey(t)
	f := newFolder(t, t.TempDir())
	if err := f.Replace(StoreKeyName(Casework), content); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.ReadStoreKey(Casework); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

// The minisign command accepts the signature of a store-key file.
func TestMinisignCommandVerifies(t *testing.T) {
	if _, err := exec.LookPath("minisign"); err != nil {
		t.Fatalf("this test needs the command minisign: %v", err)
	}
	content, _, _ := newStoreKey(t)
	file, err := ParseStoreKey(content)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	split := bytes.Index(content, []byte("untrusted comment: "))
	for name, part := range map[string][]byte{"m": content[:split], "m.minisig": content[split:]} {
		if err := os.WriteFile(filepath.Join(dir, name), part, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("minisign", "-V", "-H", "-P", file.GranterKey, "-m", filepath.Join(dir, "m")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestRecoverySigningKeyIsStable(t *testing.T) {
	identity, err := age.ParseX25519Identity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
	if err != nil {
		t.Fatal(err)
	}
	key, err := RecoverySigningKey(identity)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public().(minisign.PublicKey)
	// Computed independently, with Python's hmac and openssl.
	const want = "RWSvJYlzmq4nKrQKH2x4jnC6x6JngRpid+HZpnlnVwwcApCZ/xMSXVBe"
	if public.String() != want {
		t.Fatalf("the derivation changed: %s; recovery keys that were printed would no longer sign", public)
	}
	if !Verify(public.String(), []byte("x"), Sign(key, []byte("x"), "c")) || Verify(public.String(), []byte("y"), Sign(key, []byte("x"), "c")) {
		t.Fatal("signing with it does not work")
	}
}

func TestNamesRoundTrip(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file, err := NewAccountName()
	if err != nil {
		t.Fatal(err)
	}
	names := Names{Workstation: uuid.NewString(), LogRecipient: identity.Recipient().String(), Accounts: []Name{
		{ID: uuid.NewString(), Name: "4711 “Bo”\n", File: file, Active: true, Sum: "00"}, {ID: uuid.NewString(), Name: "gone"},
	}}
	content, err := names.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseNames(content)
	if err != nil || len(got.Accounts) != 2 || got.Accounts[0] != names.Accounts[0] {
		t.Fatalf("%+v, %v", got, err)
	}
	names.Accounts[0].File = "../../outside"
	if content, err = names.Encode(); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseNames(content); !errors.Is(err, ErrDamaged) {
		t.Fatalf("a path as a file name: %v", err)
	}
}

func FuzzAccountFile(f *testing.F) {
	content := seal(f, newTestAccount(f), cost.Reduced())
	f.Add(content)
	f.Add([]byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\n"))
	f.Add(bytes.Replace(content, []byte(" 4\n"), []byte(" 22\n"), 1))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := OpenAccount(content, passphrase, cost.Reduced())
		if err == nil && !isID(a.Account) {
			t.Fatalf("%+v", a)
		}
	})
}

func FuzzAccountText(f *testing.F) {
	plain, err := newTestAccount(f).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Fuzz(func(t *testing.T, plain []byte) {
		a, err := decodeAccount(plain)
		if err != nil {
			return
		}
		again, err := a.encode()
		if err != nil || !bytes.Equal(again, plain) {
			t.Fatalf("%q is read, but written as %q (%v)", plain, again, err)
		}
	})
}

func FuzzStoreKey(f *testing.F) {
	content, _, a := newStoreKey(f)
	f.Add(content)
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := ParseStoreKey(content)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.HasPrefix(content, []byte(file.encode())) {
			t.Fatalf("the head %+v is not what was read", file.StoreKey)
		}
		_, _ = file.Open(a.Identity)
	})
}

func FuzzNames(f *testing.F) {
	f.Add([]byte("{}\nsha256 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		names, err := ParseNames(content)
		for _, a := range names.Accounts {
			if err == nil && a.File != "" && !IsAccountName(a.File) {
				t.Fatalf("%q passes as a file name", a.File)
			}
		}
	})
}
