package keyfile

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"
	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/uuid"

	"wardbook/data/vault"
	"wardbook/data/vault/keyfile/internal/cost"
)

const passphrase = "seven green kettles, no ladder"

func newTestAccount(t testing.TB) Account {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public, signing, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Account{
		Workstation: uuid.NewString(), Account: uuid.NewString(), Counter: 3,
		Identity: identity, Signing: signing, FirstAdministrator: public.String(),
	}
}

func seal(t testing.TB, a Account, c Cost) []byte {
	t.Helper()
	content, err := a.Seal(passphrase, c)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func sameAccount(a, b Account) bool {
	return a.Workstation == b.Workstation && a.Account == b.Account && a.Counter == b.Counter &&
		a.Identity.String() == b.Identity.String() && a.Signing.Equal(b.Signing) && a.FirstAdministrator == b.FirstAdministrator
}

func TestAccountRoundTrip(t *testing.T) {
	a := newTestAccount(t)
	content := seal(t, a, cost.Reduced())
	got, err := OpenAccount(content, passphrase, cost.Reduced())
	if err != nil || !sameAccount(a, got) {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, wrong := range []string{"", passphrase + " ", strings.ToUpper(passphrase)} {
		if _, err := OpenAccount(content, wrong, cost.Reduced()); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// Given an account file as the program writes it, with the real work factor, then the age command opens it with the
// passphrase, accepts the file itself as an identity for the store's key file, and Wardbook opens it too.
func TestRealFactorWithTheAgeCommand(t *testing.T) {
	a := newTestAccount(t)
	content := seal(t, a, Cost{})
	if !bytes.Contains(bytes.SplitN(content, []byte("\n"), 3)[1], []byte(" 18")) {
		t.Fatalf("the header is %.100q", content)
	}
	begin := time.Now()
	got, err := OpenAccount(content, passphrase, Cost{})
	if err != nil || !sameAccount(a, got) {
		t.Fatalf("%+v, %v", got, err)
	}
	t.Logf("opening with factor 18 took %v", time.Since(begin).Round(time.Millisecond))

	dir := t.TempDir()
	file := filepath.Join(dir, "x.account")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	plain := askAge(t, "age -d "+file)
	if !strings.Contains(plain, a.Identity.String()) || !strings.Contains(plain, accountTitle) {
		t.Fatalf("age -d says %q", plain)
	}
	key := vault.Key{1, 2, 3}
	head, sign := newHead(t, a)
	sealed, err := head.Seal(&key, sign)
	if err != nil {
		t.Fatal(err)
	}
	storeKey := filepath.Join(dir, "library.storekey")
	if err := os.WriteFile(storeKey, sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	// The command of the package's description.
	hex := askAge(t, "sed -n '/BEGIN AGE/,/END AGE/p' "+storeKey+" | age -d -i "+file+" | od -An -tx1")
	if !strings.Contains(hex, "01 02 03 00") {
		t.Fatalf("the stock commands give %q", hex)
	}
}

// askAge runs a shell command on a terminal of its own and types the passphrase when asked.
func askAge(t *testing.T, command string) string {
	t.Helper()
	for _, tool := range []string{"age", "script"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs the command %s: %v", tool, err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command("script", "-qec", command+" > "+out, "/dev/null")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// age switches echo off and throws away what was typed before; type again until it is done.
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for range 40 {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, said.String())
			}
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		case <-time.After(500 * time.Millisecond):
			_, _ = in.Write([]byte(passphrase + "\n"))
		}
	}
	t.Fatalf("%s does not end\n%s", command, said.String())
	return ""
}

// Given an account file that asks for more or less work than 18, or has another kind of header, then it is refused
// before scrypt runs: at once, although factor 30 would take 1 TiB.
func TestOtherWorkFactorsAreRefusedAtOnce(t *testing.T) {
	cheap := seal(t, newTestAccount(t), cost.Reduced())
	withFactor := func(factor string) []byte {
		return bytes.Replace(cheap, []byte(" 4\n"), []byte(" "+factor+"\n"), 1)
	}
	begin := time.Now()
	for _, factor := range []string{"4", "17", "19", "22", "30", "63", "018", "+18", "18 18", "", "-1", "99999999999999999999"} {
		_, err := OpenAccount(withFactor(factor), passphrase, Cost{})
		if !errors.Is(err, ErrWorkFactor) && !errors.Is(err, ErrDamaged) {
			t.Errorf("factor %q: %v", factor, err)
		}
	}
	lines := bytes.SplitN(cheap, []byte("\n"), 4)
	second := bytes.Join([][]byte{lines[0], lines[1], lines[2], lines[1], lines[2], lines[3]}, []byte("\n"))
	other := bytes.Replace(cheap, []byte("-> scrypt"), []byte("-> X25519"), 1)
	for name, content := range map[string][]byte{
		"two recipients": second, "another recipient": other, "empty": nil, "only the beginning": cheap[:30],
		"too large": append(bytes.Clone(cheap), make([]byte, maxAccountFile)...), "text": []byte("hello"),
	} {
		if _, err := OpenAccount(content, passphrase, Cost{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(begin); took > 200*time.Millisecond {
		t.Errorf("refusing took %v: scrypt was run", took)
	}
}

// Given an account file with one bit of any byte changed, then it never opens as something else.
func TestEveryByteOfAnAccountFile(t *testing.T) {
	a := newTestAccount(t)
	content := seal(t, a, cost.Reduced())
	for i := range content {
		bit := i % 8
		changed := bytes.Clone(content)
		changed[i] ^= 1 << bit
		got, err := OpenAccount(changed, passphrase, cost.Reduced())
		if err == nil {
			t.Fatalf("byte %d bit %d: opens as %+v", i, bit, got)
		}
		if !errors.Is(err, ErrWrongPassphrase) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWorkFactor) {
			t.Fatalf("byte %d bit %d: %v", i, bit, err)
		}
	}
}

func TestOpenAccountFromEitherCopy(t *testing.T) {
	a := newTestAccount(t)
	old := seal(t, a, cost.Reduced())
	a.Counter = 4
	fresh, err := a.Seal("another passphrase for it", cost.Reduced())
	if err != nil {
		t.Fatal(err)
	}
	name, err := NewAccountName()
	if err != nil || !IsAccountName(name) {
		t.Fatal(name, err)
	}
	damaged := []byte("age-encryption.org/v1\nrubbish")
	for _, c := range []struct {
		what          string
		first, second []byte
		counter       uint64
		repair        bool
		want          error
	}{
		{"both whole", old, old, 3, false, nil},
		{"the first damaged", damaged, old, 3, true, nil},
		{"the second damaged", old, damaged, 3, true, nil},
		{"the first missing", nil, old, 3, true, nil},
		{"a change interrupted between the copies", fresh, old, 3, true, nil},
		{"both damaged", damaged, damaged, 0, false, ErrDamaged},
		{"one damaged, one missing", damaged, nil, 0, false, ErrDamaged},
		{"both missing", nil, nil, 0, false, ErrNotFound},
		{"another passphrase", fresh, fresh, 0, false, ErrWrongPassphrase},
	} {
		f := newFolder(t, t.TempDir())
		for i, content := range [][]byte{c.first, c.second} {
			if content == nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(f.dirs[i], name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := f.OpenAccount(name, passphrase, "", cost.Reduced())
		if !errors.Is(err, c.want) || got.Counter != c.counter || got.Repair != c.repair {
			t.Errorf("%s: counter %d, repair %v, %v", c.what, got.Counter, got.Repair, err)
		}
	}
}

// Damage in the few bytes that hold the wrapped key looks like a wrong passphrase; the recorded checksum tells.
func TestDamageThatLooksLikeAWrongPassphrase(t *testing.T) {
	f := newFolder(t, t.TempDir())
	content := seal(t, newTestAccount(t), cost.Reduced())
	sum := Sum(content)
	letter := &content[len("age-encryption.org/v1\n-> scrypt ")+30] // in the wrapped key; another letter of its alphabet
	if *letter == 'A' {
		*letter = 'B'
	} else {
		*letter = 'A'
	}
	if err := f.Replace("x", content); err != nil {
		t.Fatal(err)
	}
	if _, err := f.OpenAccount("x", passphrase, sum, cost.Reduced()); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	if _, err := f.OpenAccount("x", passphrase, Sum(content), cost.Reduced()); errors.Is(err, ErrDamaged) || !errors.Is(err, ErrWrongPassphrase) {
		t.Fatal(err)
	}
}

// The program cannot reach a cheaper cost: it links neither the package that makes one nor package testing.
func TestProgramLinksNoCheapCost(t *testing.T) {
	cmd := exec.Command("go", "list", "-tags", "sqlite_fts5", "-deps", "wardbook/data/station")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if pkg := strings.TrimSpace(line); strings.HasSuffix(pkg, "keyfiletest") || pkg == "testing" {
			t.Errorf("the program links %s", pkg)
		}
	}
	if (Cost{}).WorkFactor() != 18 {
		t.Errorf("the program's factor is %d", (Cost{}).WorkFactor())
	}
}

func TestArmorLinesAreAges(t *testing.T) {
	if armor.Header != "-----BEGIN AGE ENCRYPTED FILE-----" || armor.Footer != "-----END AGE ENCRYPTED FILE-----" {
		t.Fatal(armor.Header, armor.Footer)
	}
}
