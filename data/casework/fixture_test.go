package casework_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// world is a library and a casework store on disk, with a clock that the test turns.
type world struct {
	t        testing.TB
	library  *vault.Store
	casework *vault.Store
	dir      string
	now      time.Time
	periods  casework.Periods
	holders  map[string]time.Time // until when an account has a certificate of every course
}

// The key that opens the world's casework store.
var caseworkKey = vault.Key{2}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{
		t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 22, 15, 0, 0, time.UTC),
		periods: casework.Periods{ReviewMonths: 6, RetentionMonths: 24}, holders: map[string]time.Time{},
	}
	var err error
	key := vault.Key{1}
	if w.library, err = vault.Create(ctx, t.TempDir(), &key, vault.Options{}); err != nil {
		t.Fatal(err)
	}
	key = caseworkKey
	if w.casework, err = vault.Create(ctx, w.dir, &key, vault.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = w.library.Close(), w.casework.Close() })
	if err := w.library.Migrate(ctx, content.Migrations()); err != nil {
		t.Fatal(err)
	}
	if err := w.casework.Migrate(ctx, audit.Migrations(), casework.Migrations()); err != nil {
		t.Fatal(err)
	}
	w.put(observation(1), environment(1), process(1), courseDocument())
	return w
}

// reopen closes the casework store and opens it again, as a program does that starts anew.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.casework.Close(); err != nil {
		w.t.Fatal(err)
	}
	key := caseworkKey
	var err error
	if w.casework, err = vault.Open(context.Background(), w.dir, &key, vault.Options{}); err != nil {
		w.t.Fatal(err)
	}
}

type certificates struct {
	world   *world
	account string
}

func (c certificates) HasCertificate(_ context.Context, _ string) (bool, time.Time, error) {
	until := c.world.holders[c.account]
	return c.world.now.Before(until), until, nil
}

// person is an account with its casework.
type person struct {
	*casework.Service
	actor *account.Actor
}

// person makes an account with a certificate that lasts a year.
func (w *world) person(name string, roles ...account.Role) person {
	w.t.Helper()
	actor := accounttest.Actor(w.t, name, roles...)
	w.holders[actor.AccountID()] = w.now.AddDate(1, 0, 0)
	return w.session(actor)
}

func (w *world) session(actor *account.Actor) person {
	clock := func() time.Time { return w.now }
	policy := func(context.Context) (casework.Periods, error) { return w.periods, nil }
	return person{casework.New(w.casework, actor, content.New(w.library, actor, clock), certificates{w, actor.AccountID()}, policy, clock), actor}
}

func (w *world) put(documents ...content.Document) {
	w.t.Helper()
	err := w.library.Write(context.Background(), func(tx *sql.Tx) error {
		for _, d := range documents {
			if _, err := content.PutTx(context.Background(), tx, d, content.Arrival{At: w.now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) withdraw(id string, version int) {
	w.t.Helper()
	err := w.library.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := content.WithdrawTx(context.Background(), tx, content.Ref{ID: id, Version: version})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func english(text string) content.Text { return content.Text{"en": text} }

func courseDocument() content.Document {
	return content.Document{
		Kind: content.KindCourse, ID: "foundation", Version: 1, Owner: "RWowner", Title: english("Foundations"), Languages: []string{"en"},
		Course: &content.Course{Modules: []string{"module"}},
	}
}

func item(id string, kind content.ItemKind, text string) content.Item {
	return content.Item{ID: id, Kind: kind, Text: english(text), EvidenceRequired: true}
}

func checklist(id string, version int, c content.Checklist) content.Document {
	return content.Document{
		Kind: content.KindChecklist, ID: id, Version: version, Owner: "RWowner", Title: english("Checklist " + id), Languages: []string{"en"},
		ChangeNote: "A note", Checklist: &c,
	}
}

// observation puts its protective section last, where a publisher should not have put it.
func observation(version int) content.Document {
	return checklist("observe", version, content.Checklist{
		Kind: content.ChecklistObservation, Roles: []string{"officer"}, Course: "foundation", Answers: content.AnswerSets(content.ChecklistObservation)[0],
		Sections: []content.Section{
			{ID: "concern", Title: english("Concern"), Items: []content.Item{item("pressures", content.ItemConcern, "Pressures another person"), item("isolates", content.ItemConcern, "Isolates a newcomer")}},
			{ID: "protective", Title: english("Protective"), Items: []content.Item{item("family", content.ItemProtective, "Keeps family contact"), item("help", content.ItemProtective, "Asks staff for help")}},
		},
		Closing: []content.Closing{{ID: "support-offered", Text: english("What help was offered?")}},
	})
}

func environment(version int) content.Document {
	out := item("hours", content.ItemEnvironment, "Hours out of the cell")
	out.EvidenceRequired = true
	return checklist("prison", version, content.Checklist{
		Kind: content.ChecklistEnvironment, Roles: []string{"manager"}, Answers: content.AnswerSets(content.ChecklistEnvironment)[0],
		Sections: []content.Section{{ID: "space", Title: english("Space"), Items: []content.Item{out}}},
	})
}

func process(version int) content.Document {
	return checklist("sharing", version, content.Checklist{
		Kind: content.ChecklistProcess, Roles: []string{"officer", "second-reader", "manager"}, Answers: content.AnswerSets(content.ChecklistProcess)[0],
		Sections: []content.Section{{ID: "law", Title: english("Law"), Items: []content.Item{item("basis", content.ItemSafeguard, "The lawful basis is named")}}},
	})
}

func subject() casework.SubjectInput {
	return casework.SubjectInput{Reference: "B-1042", Category: casework.CategoryConvicted, LegalStatus: casework.StatusSentenced, Unit: "Wing 3"}
}

func evidence() casework.Evidence {
	return casework.Evidence{
		OccurredOn: "2026-11-22", OccurredTime: "21:40", Place: "Landing 2", Witnessed: true, HowKnown: "seen and heard",
		Fact: "Told the new man on the landing that he pays or eats alone.",
	}
}

// fill answers an observation so that it can be submitted.
func fill(d *casework.Draft) {
	d.Subject = subject()
	d.Answers = map[string]casework.ItemAnswer{
		"family":    {Answer: content.AnswerNotEnoughInfo},
		"help":      {Answer: content.AnswerNotObserved},
		"pressures": {Answer: content.AnswerOnce, Evidence: []casework.Evidence{evidence()}, Interpretation: "It may be about a debt."},
	}
	d.Closing = map[string]string{"alternative-explanation": "I cannot think of one", "support-offered": "The newcomer was moved."}
}

// filled begins an observation, fills and saves it.
func (w *world) filled(p person) casework.Draft {
	w.t.Helper()
	draft, err := p.NewDraft(context.Background(), content.Ref{ID: "observe"}, casework.SubjectInput{})
	if err != nil {
		w.t.Fatal(err)
	}
	fill(&draft)
	if err := p.SaveDraft(context.Background(), draft); err != nil {
		w.t.Fatal(err)
	}
	return draft
}

func (w *world) submitted(p person) casework.Record {
	w.t.Helper()
	record, err := p.Submit(context.Background(), w.filled(p).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return record
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s gave %v, want %v", what, got, want)
	}
}

// logged returns the acts of the casework chain, oldest first.
func (w *world) logged() []audit.Entry {
	w.t.Helper()
	var entries []audit.Entry
	err := w.casework.Read(context.Background(), func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT account_id, act, object, reason, details FROM audit_entry ORDER BY sequence`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e audit.Entry
			var details string
			if err := rows.Scan(&e.AccountID, &e.Act, &e.Object, &e.Reason, &details); err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return rows.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return entries
}

func (w *world) exec(statement string) error {
	return w.casework.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statement)
		return err
	})
}
