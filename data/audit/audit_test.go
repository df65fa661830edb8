package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"wardbook/data/vault"
)

var background = context.Background()

type author struct {
	id, name string
	key      minisign.PrivateKey
}

func newAuthor(t testing.TB, id string) author {
	t.Helper()
	_, key, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return author{id: id, name: "account " + id, key: key}
}

func (a author) AccountID() string   { return a.id }
func (a author) AccountName() string { return a.name }
func (a author) SignMessage(msg []byte) ([]byte, error) {
	return minisign.Sign(a.key, msg), nil
}

func newStore(t testing.TB, name string) *vault.Store {
	t.Helper()
	store, err := vault.Create(background, filepath.Join(t.TempDir(), name), &vault.Key{1}, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(background, Migrations()); err != nil {
		t.Fatal(err)
	}
	return store
}

func trust(authors ...author) Trust {
	t := Trust{Keys: map[string]string{}}
	for _, a := range authors {
		t.Keys[a.id] = a.key.Public().(minisign.PublicKey).String()
	}
	return t
}

func newService(library, casework *vault.Store, t Trust) *Service {
	allowed := func() error { return nil }
	s := New(Access{
		Library: library, Casework: casework, Locked: allowed, MayLibrary: allowed, MayCasework: allowed,
		Trust: func(context.Context) (Trust, error) { return t, nil },
	})
	if casework == nil {
		s.access.MayCasework = func() error { return errors.New("no key") }
	}
	return s
}

func appendEvent(t testing.TB, store *vault.Store, by Author, at time.Time, e Event) {
	t.Helper()
	if err := store.Write(background, func(tx *sql.Tx) error { return Append(background, tx, by, at, e) }); err != nil {
		t.Fatal(err)
	}
}

func fill(t testing.TB, store *vault.Store, n int, authors ...author) {
	t.Helper()
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range n {
		appendEvent(t, store, authors[i%len(authors)], start.Add(time.Duration(i)*time.Minute), Event{
			Act: []Act{ActSignIn, ActPublish, ActLock}[i%3], Object: fmt.Sprint("object ", i), Details: map[string]string{"n": fmt.Sprint(i)},
		})
	}
}

func TestListFiltersAndPages(t *testing.T) {
	store, a, b := newStore(t, "s"), newAuthor(t, "a"), newAuthor(t, "b")
	fill(t, store, 30, a, b)
	s := newService(store, nil, trust(a, b))
	count := func(f Filter) int {
		entries, err := s.List(background, f)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for want, f := range map[int]Filter{
		30: {}, 10: {Act: ActPublish}, 15: {AccountID: "a"}, 5: {AccountID: "b", Act: ActSignIn}, 7: {Limit: 7},
		4: {Before: 5}, 6: {From: start.Add(2 * time.Minute), To: start.Add(8 * time.Minute)}, 0: {Act: "nothing"},
	} {
		if got := count(f); got != want {
			t.Errorf("%+v: %d entries, want %d", f, got, want)
		}
	}
	entries, err := s.List(background, Filter{Limit: 1})
	if err != nil || entries[0].Sequence != 30 || entries[0].Details["n"] != "29" || !entries[0].At.Equal(start.Add(29*time.Minute)) {
		t.Fatalf("%+v, %v", entries, err)
	}
	if _, err := s.List(background, Filter{Store: "other"}); err == nil {
		t.Error("an unknown store has a log")
	}
}

// An act that does not happen leaves no entry.
func TestActAndEntryTogether(t *testing.T) {
	store, a := newStore(t, "s"), newAuthor(t, "a")
	undone := errors.New("undone")
	err := store.Write(background, func(tx *sql.Tx) error {
		if err := Append(background, tx, a, time.Now(), Event{Act: ActPublish}); err != nil {
			t.Fatal(err)
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	fill(t, store, 1, a)
	entries, err := newService(store, nil, trust(a)).List(background, Filter{})
	if err != nil || len(entries) != 1 || entries[0].Sequence != 1 {
		t.Fatalf("%+v, %v", entries, err)
	}
	for _, bad := range []struct {
		by Author
		e  Event
	}{{nil, Event{Act: ActLock}}, {author{}, Event{Act: ActLock}}, {a, Event{}}} {
		err := store.Write(background, func(tx *sql.Tx) error { return Append(background, tx, bad.by, time.Now(), bad.e) })
		if !errors.Is(err, ErrIncomplete) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// Given whole chains, then any change that somebody with the store's key makes to a table is found, and where.
func TestVerifyFindsEveryChange(t *testing.T) {
	a, b, stranger := newAuthor(t, "a"), newAuthor(t, "b"), newAuthor(t, "c")
	const drop = `DROP TRIGGER audit_entry_no_update; DROP TRIGGER audit_entry_no_delete; `
	for name, c := range map[string]struct{ sql, problem string }{
		"nothing":                {`SELECT 1`, ""},
		"the time":               {`UPDATE audit_entry SET at = at + 1 WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the account":            {`UPDATE audit_entry SET account_id = 'b' WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the name":               {`UPDATE audit_entry SET account_name = 'x' WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the act":                {`UPDATE audit_entry SET act = 'lock' WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the object":             {`UPDATE audit_entry SET object = 'x' WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"a reason moved":         {`UPDATE audit_entry SET object = substr(object, 1, 3), reason = substr(object, 4) WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the details":            {`UPDATE audit_entry SET details = '{"n":"99"}' WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the hash":               {`UPDATE audit_entry SET hash = zeroblob(32) WHERE sequence = 5`, "Entry 5 of the log: it was changed"},
		"the signature":          {`UPDATE audit_entry SET signature = (SELECT signature FROM audit_entry WHERE sequence = 3) WHERE sequence = 5`, "Entry 5 of the log: the signature of account a is not good"},
		"one removed":            {`DELETE FROM audit_entry WHERE sequence = 5`, "Entry 5 of the log: it is missing"},
		"one removed and closed": {`DELETE FROM audit_entry WHERE sequence = 5; UPDATE audit_entry SET sequence = sequence - 1 WHERE sequence > 5`, "Entry 5 of the log: it does not follow"},
		"two swapped":            {`UPDATE audit_entry SET sequence = 99 WHERE sequence = 5; UPDATE audit_entry SET sequence = 5 WHERE sequence = 7; UPDATE audit_entry SET sequence = 7 WHERE sequence = 99`, "Entry 5 of the log: it does not follow"},
		"all removed":            {`DELETE FROM audit_entry`, "The log is empty"},
		"another chain":          {`UPDATE audit_chain SET id = randomblob(16)`, "Entry 1 of the log: it was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t, "s")
			fill(t, store, 12, a, b)
			err := store.Write(background, func(tx *sql.Tx) error {
				_, err := tx.Exec(c.sql)
				return err
			})
			if changes := c.problem != "" && name != "another chain"; changes == (err == nil) {
				t.Fatalf("without dropping the triggers: %v", err)
			}
			err = store.Write(background, func(tx *sql.Tx) error {
				_, err := tx.Exec(drop + c.sql)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			report, err := newService(store, nil, trust(a, b)).Verify(background)
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Chains[0].Problem; !strings.HasPrefix(got, c.problem) || (got == "") != (c.problem == "") || report.OK() != (got == "") {
				t.Errorf("%q, want %q", got, c.problem)
			}
		})
	}
	t.Run("signed by an account that nobody knows", func(t *testing.T) {
		store := newStore(t, "s")
		fill(t, store, 3, a, b, stranger)
		report, err := newService(store, nil, trust(a, b)).Verify(background)
		if err != nil || report.OK() || report.Chains[0].Entries != 2 {
			t.Fatalf("%+v, %v", report, err)
		}
	})
	t.Run("signed with another key than the account's", func(t *testing.T) {
		store := newStore(t, "s")
		impostor := newAuthor(t, "a")
		fill(t, store, 2, a, impostor)
		report, err := newService(store, nil, trust(a)).Verify(background)
		if err != nil || report.OK() || report.Chains[0].Entries != 1 {
			t.Fatalf("%+v, %v", report, err)
		}
	})
	t.Run("an entry of the other store", func(t *testing.T) {
		library, casework := newStore(t, "l"), newStore(t, "c")
		fill(t, casework, 1, a)
		var row [8]any
		err := casework.Read(background, func(tx *sql.Tx) error {
			return tx.QueryRow(`SELECT sequence, at, account_id, account_name, act, object, hash, signature FROM audit_entry`).
				Scan(&row[0], &row[1], &row[2], &row[3], &row[4], &row[5], &row[6], &row[7])
		})
		if err != nil {
			t.Fatal(err)
		}
		err = library.Write(background, func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO audit_entry (sequence, at, account_id, account_name, act, object, hash, signature, reason, details, previous)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '{"n":"0"}', zeroblob(32))`, row[:]...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		report, err := newService(library, casework, trust(a)).Verify(background)
		if err != nil || report.Chains[0].OK || !report.Chains[1].OK {
			t.Fatalf("%+v, %v", report, err)
		}
	})
}

// A long chain is verified page by page.
func TestVerifyLongChain(t *testing.T) {
	store, a := newStore(t, "s"), newAuthor(t, "a")
	const n = verifyPage*2 + 1
	err := store.Write(background, func(tx *sql.Tx) error {
		for range n {
			if err := Append(background, tx, a, time.Now(), Event{Act: ActLock}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	report, err := newService(store, nil, trust(a)).Verify(background)
	if err != nil || !report.OK() || report.Chains[0].Entries != n || len(report.NotChecked) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	t.Logf("%d entries verified in %v", n, time.Since(begin).Round(time.Millisecond))
}

// No two different entries give the same bytes to the hash.
func FuzzHashSeparatesFields(f *testing.F) {
	f.Add("account", "name", "act", "object", "reason", uint8(3))
	f.Fuzz(func(t *testing.T, id, name, act, object, reason string, cut uint8) {
		e := Entry{Sequence: 1, AccountID: id, AccountName: name, Act: Act(act), Object: object, Reason: reason}
		moved := e
		n := min(int(cut), len(object))
		moved.Object, moved.Reason = object[:n], object[n:]+reason
		same := moved.Object == e.Object
		if (hashEntry(nil, [32]byte{}, e, "{}") == hashEntry(nil, [32]byte{}, moved, "{}")) != same {
			t.Fatalf("%+v and %+v", e, moved)
		}
	})
}
