package learning_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
	"wardbook/data/audit"
	"wardbook/data/content"
	"wardbook/data/learning"
	"wardbook/data/vault"
)

// world is a library on disk with an account that learns and a clock that the test turns.
type world struct {
	t       testing.TB
	dir     string
	key     vault.Key
	library *vault.Store
	actor   *account.Actor
	station *account.Actor // signs certificates
	now     time.Time
	service *learning.Service
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), key: vault.Key{7}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.actor, w.station = accounttest.Actor(t, "Officer 4711", account.RoleOfficer), accounttest.Actor(t, "workstation")
	key := w.key
	store, err := vault.Create(context.Background(), w.dir, &key, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.library = store
	if err := store.Migrate(context.Background(), audit.Migrations(), content.Migrations(), learning.Migrations()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.library.Close() })
	w.service = w.as(w.actor)
	return w
}

// as returns the learning of another account.
func (w *world) as(actor *account.Actor) *learning.Service {
	clock := func() time.Time { return w.now }
	return learning.New(w.library, actor, content.New(w.library, actor, clock),
		learning.Signer{PublicKey: w.station.PublicKey(), Sign: w.station.SignMessage}, clock)
}

// reopen closes the store and opens it again, as a program does that starts anew.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.library.Close(); err != nil {
		w.t.Fatal(err)
	}
	key := w.key
	store, err := vault.Open(context.Background(), w.dir, &key, vault.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.library, w.service = store, nil
	w.service = w.as(w.actor)
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

func course(id string, version, passMark, months int, modules ...string) content.Document {
	return content.Document{
		Kind: content.KindCourse, ID: id, Version: version, Owner: "RWowner", Title: content.Text{"en": "Course " + id}, Languages: []string{"en"},
		Course: &content.Course{Modules: modules, PassMark: passMark, CertificateMonths: months},
	}
}

// module has so many lessons and questions; the right answer to each question has the id "right".
func module(id string, version, lessons, questions, drawn int) content.Document {
	d := content.Document{
		Kind: content.KindModule, ID: id, Version: version, Owner: "RWowner", Title: content.Text{"en": "Module " + id}, Languages: []string{"en"},
		Module: &content.Module{Minutes: 30, QuizDraw: drawn},
	}
	for i := range lessons {
		d.Module.Lessons = append(d.Module.Lessons, content.Lesson{
			ID: fmt.Sprintf("lesson-%d", i+1), Title: content.Text{"en": "A lesson"}, Kind: content.LessonPlain, Body: content.Text{"en": "Text."},
		})
	}
	for i := range questions {
		d.Module.Questions = append(d.Module.Questions, content.Question{
			ID: fmt.Sprintf("Question %d", i+1), Kind: content.QuestionSingle, Stem: content.Text{"en": fmt.Sprintf("Version %d asks?", version)},
			Answers: []content.Answer{
				{ID: "right", Text: content.Text{"en": "Yes"}, Weight: 100, Feedback: content.Text{"en": "Well seen."}},
				{ID: "half", Text: content.Text{"en": "Partly"}, Weight: 50, Feedback: content.Text{"en": "Not all of it."}},
				{ID: "wrong", Text: content.Text{"en": "No"}, Feedback: content.Text{"en": "Look again."}},
			},
		})
	}
	return d
}

// take answers so many questions of a module rightly, the others wrongly, and submits.
func (w *world) take(moduleID string, right int) learning.Result {
	w.t.Helper()
	ctx := context.Background()
	attempt, err := w.service.StartAttempt(ctx, moduleID)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, q := range attempt.Questions {
		answer := "right"
		if i >= right {
			answer = "wrong"
		}
		if err := w.service.SaveAnswer(ctx, attempt.ID, q.ID, learning.Given{AnswerIDs: []string{answer}}); err != nil {
			w.t.Fatal(err)
		}
	}
	result, err := w.service.Submit(ctx, attempt.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

const dayLong = 24 * time.Hour
