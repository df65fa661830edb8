package casework_test

import (
	"context"
	"testing"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
)

// Given each act on a record, a note or a draft, then it is in the log once, about that and by that account; what fails is not.
func TestEachActIsLogged(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, reader := w.person("Officer 4711", account.RoleOfficer), w.person("Reader 1", account.RoleSecondReader)
	acts := func() (acts []string) {
		for _, e := range w.logged() {
			acts = append(acts, string(e.Act)+" "+e.Object+" "+e.AccountID)
		}
		return acts
	}
	var want []string
	step := func(by person, act audit.Act, object string) {
		t.Helper()
		want = append(want, string(act)+" "+object+" "+by.actor.AccountID())
		got := acts()
		if len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
			t.Fatalf("the log says %q, want %q last of %d", got, want[len(want)-1], len(want))
		}
	}
	record := w.submitted(officer)
	step(officer, audit.ActRecordSubmit, record.ID)
	draft, err := officer.TakeBack(ctx, record.ID)
	if err != nil {
		t.Fatal(err)
	}
	step(officer, audit.ActRecordTakeBack, record.ID)
	if _, err := officer.TakeBack(ctx, record.ID); err == nil {
		t.Fatal("it is taken back twice")
	}
	if _, err := officer.Submit(ctx, "no-such"); err == nil {
		t.Fatal("what is not there is submitted")
	}
	if err := officer.RemoveDraft(ctx, draft.ID); err != nil {
		t.Fatal(err)
	}
	step(officer, audit.ActDraftRemove, draft.ID)
	if _, err := officer.UrgentNote(ctx, casework.UrgentNoteInput{}); err == nil {
		t.Fatal("an empty note is sent")
	}
	urgent, err := officer.UrgentNote(ctx, note(w))
	if err != nil {
		t.Fatal(err)
	}
	step(officer, audit.ActUrgentNote, urgent.ID)
	if _, err := reader.BeginNoteReading(ctx, urgent.ID, "On duty"); err != nil {
		t.Fatal(err)
	}
	step(reader, audit.ActReadingBegin, urgent.ID)
	if _, err := reader.Note(ctx, urgent.ID, "Going on"); err != nil {
		t.Fatal(err)
	}
	step(reader, audit.ActRecordOpen, urgent.ID)
}
