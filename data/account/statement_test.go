package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"wardbook/data/audit"
	"wardbook/data/vault"
	"wardbook/data/vault/keyfile"
	"wardbook/data/vault/keyfile/keyfiletest"
)

const testPassphrase = "seven green kettles, no ladder"

var (
	background = context.Background()
	testTime   = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
)

// office is a library with a first administrator.
type office struct {
	library  *vault.Store
	admin    *Actor
	service  *Service
	recovery map[string]*age.X25519Identity
}

func newOffice(t testing.TB, roles ...Role) office {
	t.Helper()
	dir := t.TempDir()
	library, err := vault.Create(background, filepath.Join(dir, "library"), &vault.Key{1}, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = library.Close() })
	if err := library.Migrate(background, audit.Migrations(), Migrations()); err != nil {
		t.Fatal(err)
	}
	o := office{library: library, recovery: map[string]*age.X25519Identity{}}
	for _, store := range []string{Library, Casework} {
		if o.recovery[store], err = age.GenerateX25519Identity(); err != nil {
			t.Fatal(err)
		}
	}
	folder := keyfile.NewFolder(dir)
	if err := folder.Create(); err != nil {
		t.Fatal(err)
	}
	ring := &Ring{
		Folder: folder, Cost: keyfiletest.Cheap(t), Workstation: uuid.NewString(),
		LogRecipient: o.recovery[Library].Recipient().String(), Library: &vault.Key{1}, Casework: &vault.Key{2},
	}
	now := func() time.Time { return testTime }
	o.admin, err = First(background, library, now, FirstRequest{
		Name: "admin", Passphrase: testPassphrase, Roles: append([]Role{RoleAdministrator}, roles...), Ring: ring, Recovery: o.recovery,
		Epochs: map[string]uint64{Library: 1, Casework: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.service = New(library, o.admin, now, o.admin.PublicKey(), ring)
	return o
}

// signIn makes the actor of an added account, as the station does.
func (o office) signIn(t testing.TB, id string) *Actor {
	t.Helper()
	v, err := o.service.look(background)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := o.service.ring.Folder.OpenAccount(v.files[id].file, testPassphrase, "", o.service.ring.Cost)
	if err != nil {
		t.Fatal(err)
	}
	a := v.account(id)
	actor, err := NewActor(id, a.Name, a.Roles, ActorKeys{Identity: opened.Identity, Signing: opened.Signing})
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

func (o office) add(t testing.TB, name string, roles ...Role) Account {
	t.Helper()
	a, err := o.service.Add(background, name, testPassphrase, roles)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (o office) roster() (*Roster, error) {
	var r *Roster
	err := o.library.Read(background, func(tx *sql.Tx) error {
		var err error
		r, err = LoadRoster(background, tx, o.admin.PublicKey())
		return err
	})
	return r, err
}

// force stores a statement as somebody with the library's key and a tool of their own could: only the signature is real.
func (o office) force(t testing.TB, by signer, s statement) {
	t.Helper()
	r, err := o.roster()
	if err != nil {
		t.Fatal(err)
	}
	s.Format, s.Number, s.Previous, s.At, s.By = statementFormat, r.last+1, r.lastSum, testTime.UnixMilli(), by.by
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := by.sign(body)
	if err != nil {
		t.Fatal(err)
	}
	err = o.library.Write(background, func(tx *sql.Tx) error {
		return insertStatement(background, tx, s.Number, body, string(signature), "")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever holds the library's key can write into its tables. Statements that they had no right to make are refused.
func TestForgedStatements(t *testing.T) {
	for name, forge := range map[string]func(o office, trainer *Actor, pending, target Account) (signer, statement){
		"a trainer makes an administrator of itself": func(_ office, trainer *Actor, _, target Account) (signer, statement) {
			return trainer.signer(), statement{
				Kind: kindGrant, Account: target.ID, Name: target.Name, PublicKey: target.PublicKey, Recipient: target.Recipient,
				Roles: []Role{RoleTrainer, RoleAdministrator},
			}
		},
		"a trainer signs in the administrator's name": func(o office, trainer *Actor, _, target Account) (signer, statement) {
			by := trainer.signer()
			by.by = o.admin.id
			return by, statement{Kind: kindDeactivate, Account: target.ID}
		},
		"a trainer deactivates": func(o office, trainer *Actor, _, _ Account) (signer, statement) {
			return trainer.signer(), statement{Kind: kindDeactivate, Account: o.admin.id}
		},
		"a trainer changes another account's identity": func(o office, trainer *Actor, pending, _ Account) (signer, statement) {
			return trainer.signer(), statement{Kind: kindIdentity, Account: pending.ID, Recipient: trainer.Recipient().String()}
		},
		"an administrator without it gives the casework key": func(o office, _ *Actor, pending, _ Account) (signer, statement) {
			return o.admin.signer(), statement{Kind: kindCaseworkKey, Account: pending.ID}
		},
		"an administrator changes an account's keys": func(o office, trainer *Actor, pending, _ Account) (signer, statement) {
			return o.admin.signer(), statement{
				Kind: kindGrant, Account: pending.ID, Name: pending.Name, PublicKey: pending.PublicKey, Recipient: trainer.Recipient().String(),
				Roles: pending.Roles,
			}
		},
		"the casework recovery key makes an administrator": func(o office, _ *Actor, _, target Account) (signer, statement) {
			key, _ := keyfile.RecoverySigningKey(o.recovery[Casework])
			return signer{by: byRecovery(Casework), publicKey: publicKeyOf(key), sign: func(m []byte) ([]byte, error) {
				return keyfile.Sign(key, m, "x"), nil
			}}, statement{
				Kind: kindGrant, Account: target.ID, Name: target.Name, PublicKey: target.PublicKey, Recipient: target.Recipient,
				Roles: []Role{RoleAdministrator},
			}
		},
		"a second first administrator": func(_ office, trainer *Actor, _, target Account) (signer, statement) {
			return trainer.signer(), statement{Kind: kindFirst, Account: target.ID, Name: "x", PublicKey: target.PublicKey, Recipient: target.Recipient, Roles: target.Roles}
		},
		"a kind that nobody knows": func(o office, _ *Actor, _, target Account) (signer, statement) {
			return o.admin.signer(), statement{Kind: "promote", Account: target.ID}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			target := o.add(t, "trainer", RoleTrainer)
			pending := o.add(t, "pending", RoleOfficer)
			by, s := forge(o, o.signIn(t, target.ID), pending, target)
			o.force(t, by, s)
			if _, err := o.roster(); !errors.Is(err, ErrStatements) {
				t.Fatalf("accepted: %v", err)
			}
			if _, err := o.service.List(background); !errors.Is(err, ErrStatements) {
				t.Fatalf("the service goes on: %v", err)
			}
		})
	}
}

// Removing, cutting or changing stored statements shows in the roster or in the log.
func TestStatementsTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		sql   string
		inLog bool
	}{
		"one in the middle":  {sql: `DELETE FROM account_statement WHERE number = 2`},
		"the newest":         {sql: `DELETE FROM account_statement WHERE number = (SELECT max(number) FROM account_statement)`, inLog: true},
		"a role in the text": {sql: `UPDATE account_statement SET body = CAST(replace(CAST(body AS TEXT), '"trainer"', '"auditor"') AS BLOB)`},
		"all":                {sql: `DELETE FROM account_statement`},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			gone := o.add(t, "gone", RoleTrainer)
			if err := o.service.Deactivate(background, gone.ID, "\t"); !errors.Is(err, ErrReasonNeeded) {
				t.Errorf("deactivating without a reason gives %v", err)
			}
			if err := o.service.Deactivate(background, gone.ID, "left"); err != nil {
				t.Fatal(err)
			}
			err := o.library.Write(background, func(tx *sql.Tx) error {
				_, err := tx.Exec(c.sql)
				return err
			})
			if err == nil {
				t.Fatal("the triggers let it pass")
			}
			err = o.library.Write(background, func(tx *sql.Tx) error {
				_, err := tx.Exec(`DROP TRIGGER account_statement_no_update; DROP TRIGGER account_statement_no_delete; ` + c.sql)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			roster, err := o.roster()
			if !c.inLog {
				if !errors.Is(err, ErrStatements) {
					t.Fatalf("accepted: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			report, err := o.log(roster).Verify(background)
			if err != nil || report.OK() {
				t.Fatalf("%+v, %v", report, err)
			}
		})
	}
}

func (o office) log(roster *Roster) *audit.Service {
	allowed := func() error { return nil }
	return audit.New(audit.Access{
		Library: o.library, Locked: allowed, MayLibrary: allowed,
		MayCasework: func() error { return ErrNotAllowed },
		Trust:       func(context.Context) (audit.Trust, error) { return roster.Trust(), nil },
	})
}

// What an account did while it was active stays good; what it signs afterwards shows.
func TestActsAfterDeactivation(t *testing.T) {
	o := newOffice(t)
	gone := o.add(t, "gone", RoleTrainer)
	actor := o.signIn(t, gone.ID)
	act := func() {
		err := o.library.Write(background, func(tx *sql.Tx) error {
			return audit.Append(background, tx, actor, testTime, audit.Event{Act: audit.ActPublish})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	act()
	if err := o.service.Deactivate(background, gone.ID, "left"); err != nil {
		t.Fatal(err)
	}
	roster, err := o.roster()
	if err != nil {
		t.Fatal(err)
	}
	if report, err := o.log(roster).Verify(background); err != nil || !report.OK() {
		t.Fatalf("%+v, %v", report, err)
	}
	act()
	report, err := o.log(roster).Verify(background)
	if err != nil || report.OK() || !strings.Contains(report.Chains[0].Problem, "after being deactivated") {
		t.Fatalf("%+v, %v", report, err)
	}
}

// The hooks see who a secret is to be encrypted to after each change, inside its transaction; an error of theirs undoes
// the change.
func TestRecipientsHook(t *testing.T) {
	o := newOffice(t, RoleTrainer)
	var seen []Recipients
	failing := error(nil)
	o.service.OnRecipientsChange(func(_ context.Context, _ *sql.Tx, now Recipients) error {
		seen = append(seen, now)
		return failing
	})
	trainer := o.add(t, "trainer", RoleTrainer)
	if err := o.service.ChangePassphrase(background, testPassphrase, "eleven other green kettles"); err != nil {
		t.Fatal(err)
	}
	if err := o.service.Grant(background, trainer.ID, []Role{RoleAuditor}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 4 || len(seen[0].Trainers) != 2 || len(seen[1].Trainers) != 3 || len(seen[3].Trainers) != 1 || len(seen[3].Everyone) != 2 {
		t.Fatalf("%+v", seen)
	}
	own := o.admin.Recipient().String()
	if seen[0].Trainers[o.admin.id] == own || seen[1].Trainers[NextIdentity(o.admin.id)] != own || seen[2].Trainers[o.admin.id] != own {
		t.Fatal("the new identity did not reach the hook")
	}
	failing = errors.New("cannot")
	if _, err := o.service.Add(background, "another", testPassphrase, []Role{RoleTrainer}); !errors.Is(err, failing) {
		t.Fatal(err)
	}
	accounts, err := o.service.List(background)
	if err != nil || len(accounts) != 2 {
		t.Fatalf("%+v, %v", accounts, err)
	}
	files, err := o.service.ring.Folder.AccountFiles()
	if err != nil || len(files) != 2 {
		t.Fatalf("account files left behind: %v, %v", files, err)
	}
}

// Wherever a change of passphrase stops, what was last encrypted to the trainers can be read with the identity in every
// account file that a passphrase opens.
func TestRecipientsOfAnInterruptedChange(t *testing.T) {
	const fresh = "eleven other green kettles"
	for n := 1; ; n++ {
		o := newOffice(t, RoleTrainer)
		v, err := o.service.look(background)
		if err != nil {
			t.Fatal(err)
		}
		last := map[string]string{o.admin.id: o.admin.Recipient().String()}
		o.service.OnRecipientsChange(func(_ context.Context, _ *sql.Tx, now Recipients) error {
			last = now.Trainers
			return nil
		})
		whole := o.service.ring.Folder
		faults := &keyfiletest.Faults{FailAt: n, Dead: true, Afterwards: n%2 == 0}
		o.service.ring.Folder = keyfiletest.FaultyFolder(t, filepath.Dir(whole.Dirs()[0]), faults)
		_ = o.service.ChangePassphrase(background, testPassphrase, fresh)
		opened := 0
		for _, pass := range []string{testPassphrase, fresh} {
			account, err := whole.OpenAccount(v.files[o.admin.id].file, pass, "", o.service.ring.Cost)
			if errors.Is(err, ErrWrongPassphrase) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			opened++
			if !slices.Contains(slices.Collect(maps.Values(last)), account.Identity.Recipient().String()) {
				t.Fatalf("call %d: the account opens with %q, but cannot read what was encrypted to trainers", n, pass)
			}
		}
		if opened == 0 {
			t.Fatalf("call %d: no passphrase opens the account", n)
		}
		if faults.Calls < n {
			return
		}
	}
}

func TestNamesOfAccounts(t *testing.T) {
	o := newOffice(t)
	o.add(t, "Officer 12", RoleOfficer)
	for name, want := range map[string]error{
		"officer  12": ErrNameTaken, "OFFICER 12": ErrNameTaken, "": ErrBadName, "a\tb\u200b": ErrBadName,
		strings.Repeat("x", 65): ErrBadName, "admin": ErrNameTaken,
	} {
		if _, err := o.service.Add(background, name, testPassphrase, []Role{RoleOfficer}); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if _, err := o.service.Add(background, "rolls", testPassphrase, nil); !errors.Is(err, ErrBadRole) {
		t.Errorf("without a role: %v", err)
	}
	trainer := o.signIn(t, o.add(t, "trainer", RoleTrainer).ID)
	theirs := New(o.library, trainer, o.service.now, o.service.pin, &Ring{})
	if _, err := theirs.Add(background, "x", testPassphrase, []Role{RoleTrainer}); !errors.Is(err, ErrNotAllowed) || !strings.Contains(err.Error(), "only an administrator may add accounts") {
		t.Errorf("a trainer adds: %v", err)
	}
	if err := theirs.Deactivate(background, o.admin.id, "left"); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("a trainer deactivates: %v", err)
	}
}

func FuzzStatement(f *testing.F) {
	o := newOffice(f)
	var body []byte
	var signature, counter string
	err := o.library.Read(background, func(tx *sql.Tx) error {
		return tx.QueryRow(`SELECT body, signature, countersignature FROM account_statement`).Scan(&body, &signature, &counter)
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, changed []byte) {
		r := newRoster(pin{firstAdministrator: o.admin.PublicKey()})
		if err := r.apply(changed, signature, counter); err == nil && string(changed) != string(body) {
			t.Fatalf("%q passes with another text's signature", changed)
		}
	})
}

// Each thing that Admit compares refuses by itself, whatever else is right.
func TestAdmit(t *testing.T) {
	o := newOffice(t)
	folder := o.service.ring.Folder
	v, err := o.service.look(background)
	if err != nil {
		t.Fatal(err)
	}
	name := v.files[o.admin.id].file
	old, err := folder.OpenAccount(name, testPassphrase, "", o.service.ring.Cost)
	if err != nil {
		t.Fatal(err)
	}
	const fresh = "eleven other green kettles"
	if err := o.service.ChangePassphrase(background, testPassphrase, fresh); err != nil {
		t.Fatal(err)
	}
	current, err := folder.OpenAccount(name, fresh, "", o.service.ring.Cost)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := folder.ReadStoreKey(Library)
	if err != nil {
		t.Fatal(err)
	}
	admit := func(a keyfile.Account, f keyfile.StoreKey, epoch uint64) error {
		return o.library.Read(background, func(tx *sql.Tx) error {
			_, err := Admit(background, tx, a, f, epoch)
			return err
		})
	}
	if err := admit(current.Account, file.StoreKey, 1); err != nil {
		t.Fatal(err)
	}
	// A key file that is current but was made for the old identity too, as in the middle of a change.
	both := file.StoreKey
	both.Recipients = append([]keyfile.Recipient{{Account: o.admin.id, Age: old.Identity.Recipient().String()}}, file.Recipients...)
	change := func(f func(a *keyfile.Account, k *keyfile.StoreKey)) (keyfile.Account, keyfile.StoreKey) {
		a, k := current.Account, file.StoreKey
		f(&a, &k)
		return a, k
	}
	for name, c := range map[string]struct {
		change func(a *keyfile.Account, k *keyfile.StoreKey)
		epoch  uint64
		want   error
	}{
		"an old account file":                  {func(a *keyfile.Account, k *keyfile.StoreKey) { *a, *k = old.Account, both }, 1, ErrOldKeyFile},
		"another identity under the counter":   {func(a *keyfile.Account, k *keyfile.StoreKey) { a.Identity, *k = old.Identity, both }, 1, ErrOldKeyFile},
		"a newer one the key file knows not":   {func(a *keyfile.Account, _ *keyfile.StoreKey) { a.Identity = old.Identity; a.Counter++ }, 1, ErrOldKeyFile},
		"an account file of another folder":    {func(a *keyfile.Account, _ *keyfile.StoreKey) { a.Workstation = uuid.NewString() }, 1, ErrOldKeyFile},
		"an old key file":                      {func(_ *keyfile.Account, k *keyfile.StoreKey) { k.Counter-- }, 1, ErrOldKeyFile},
		"a key file of an old epoch":           {func(_ *keyfile.Account, k *keyfile.StoreKey) { k.Epoch--; k.Counter++ }, 1, ErrOldKeyFile},
		"a key file of another folder":         {func(_ *keyfile.Account, k *keyfile.StoreKey) { k.Workstation = uuid.NewString() }, 1, ErrOldKeyFile},
		"a store of another epoch":             {func(*keyfile.Account, *keyfile.StoreKey) {}, 2, ErrOldKeyFile},
		"a key file of an epoch to come":       {func(_ *keyfile.Account, k *keyfile.StoreKey) { k.Epoch++ }, 1, ErrStatements},
		"a key file by an unknown account":     {func(_ *keyfile.Account, k *keyfile.StoreKey) { k.Granter = uuid.NewString() }, 1, ErrStatements},
		"a key file by another recovery key":   {func(_ *keyfile.Account, k *keyfile.StoreKey) { k.Granter = keyfile.Recovery }, 1, ErrStatements},
		"another account's signing key":        {func(a *keyfile.Account, _ *keyfile.StoreKey) { a.Account = uuid.NewString() }, 1, ErrUnknownAccount},
		"a pin that the library does not have": {func(a *keyfile.Account, _ *keyfile.StoreKey) { a.FirstAdministrator = "RWQ" }, 1, ErrStatements},
	} {
		a, k := change(c.change)
		if err := admit(a, k, c.epoch); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A deactivated account may have signed the key file that is in use, but none after that.
func TestKeyFileOfADeactivatedGranter(t *testing.T) {
	o := newOffice(t)
	gone := o.add(t, "gone", RoleTrainer)
	if err := o.service.Deactivate(background, gone.ID, "left"); err != nil {
		t.Fatal(err)
	}
	roster, err := o.roster()
	if err != nil {
		t.Fatal(err)
	}
	f := keyfile.StoreKey{Workstation: roster.Workstation(), Store: Library, Epoch: 1, Counter: 5, Granter: gone.ID, GranterKey: gone.PublicKey}
	if err := roster.CheckKeyFile(f, KeyFileState{Epoch: 1, Counter: 5}); err != nil {
		t.Errorf("the one in use: %v", err)
	}
	if err := roster.CheckKeyFile(f, KeyFileState{Epoch: 1, Counter: 4}); !errors.Is(err, ErrStatements) {
		t.Errorf("a newer one: %v", err)
	}
}
