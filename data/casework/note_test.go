package casework_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
)

func note(w *world) casework.UrgentNoteInput {
	return casework.UrgentNoteInput{
		Subject: casework.SubjectInput{Reference: "B-77"}, What: "Said that he will hurt the man in cell 12 tonight.",
		When: w.now.Add(-10 * time.Minute), Where: "Workshop", HowKnown: "heard it myself",
	}
}

func TestAnUrgentNoteNeedsNoCertificate(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, reader := w.person("Officer 4711", account.RoleOfficer), w.person("Reader 1", account.RoleSecondReader)
	delete(w.holders, officer.actor.AccountID())
	written, err := officer.UrgentNote(ctx, note(w))
	if err != nil {
		t.Fatal(err)
	}
	if written.ReviewDue != "2027-05-23" || written.DeleteDue != "2028-11-23" {
		t.Errorf("the dates are %s and %s", written.ReviewDue, written.DeleteDue)
	}
	opened, err := officer.Note(ctx, written.ID, "")
	if err != nil || !reflect.DeepEqual(opened, written) {
		t.Errorf("wrote %+v\nopened %+v (%v)", written, opened, err)
	}
	waiting, err := reader.Waiting(ctx)
	if err != nil || len(waiting) != 1 || waiting[0].ID != written.ID || !waiting[0].Urgent || waiting[0].Reference != "B-77" {
		t.Fatalf("there waits %+v (%v)", waiting, err)
	}
	read, err := reader.BeginNoteReading(ctx, written.ID, "Urgent")
	if err != nil || read.What != note(w).What || read.State != casework.StateBeingRead {
		t.Errorf("the reader got %+v (%v)", read, err)
	}
	if list, err := officer.Notes(ctx); err != nil || len(list) != 1 || list[0].State != casework.StateBeingRead || list[0].Reference != "B-77" {
		t.Errorf("the list is %+v (%v)", list, err)
	}
	entries := w.logged()
	acts := []audit.Act{audit.ActUrgentNote, audit.ActRecordOpen, audit.ActReadingBegin}
	for i, act := range acts {
		if len(entries) != len(acts) || entries[i].Act != act || entries[i].Object != written.ID {
			t.Fatalf("the log says %+v", entries)
		}
	}
}

func TestAnUrgentNoteIsFacts(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	for name, try := range map[string]struct {
		change func(*casework.UrgentNoteInput)
		field  casework.Field
		says   string
	}{
		"no reference":   {func(n *casework.UrgentNoteInput) { n.Subject.Reference = "" }, casework.FieldReference, "own reference"},
		"no fact":        {func(n *casework.UrgentNoteInput) { n.What = " " }, casework.FieldWhat, "seen or heard"},
		"no time":        {func(n *casework.UrgentNoteInput) { n.When = time.Time{} }, casework.FieldWhen, "when it happened"},
		"in the future":  {func(n *casework.UrgentNoteInput) { n.When = w.now.Add(time.Minute) }, casework.FieldWhen, "22:16 on 23 Nov 2026 is in the future"},
		"a slip":         {func(n *casework.UrgentNoteInput) { n.When = n.When.AddDate(-100, 0, 0) }, casework.FieldWhen, "check the year"},
		"no place":       {func(n *casework.UrgentNoteInput) { n.Where = "" }, casework.FieldWhere, "where"},
		"not how known":  {func(n *casework.UrgentNoteInput) { n.HowKnown = "" }, casework.FieldHowKnown, "how this is known"},
		"wrong category": {func(n *casework.UrgentNoteInput) { n.Subject.Category = "suspicious" }, casework.FieldCategory, "or none"},
	} {
		input := note(w)
		try.change(&input)
		_, err := officer.UrgentNote(ctx, input)
		var incomplete *casework.IncompleteError
		if !errors.As(err, &incomplete) || len(incomplete.Gaps) != 1 || incomplete.Gaps[0].Field != try.field || !strings.Contains(incomplete.Gaps[0].Sentence, try.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := note(w)
	long.What = strings.Repeat("x", 20_001)
	_, err := officer.UrgentNote(ctx, long)
	wantError(t, "a long note", err, casework.ErrTooLong)
	if list, err := officer.Notes(ctx); err != nil || len(list) != 0 {
		t.Errorf("there are notes: %+v (%v)", list, err)
	}
}

func TestNobodyOutsideCaseworkWritesAnUrgentNote(t *testing.T) {
	w := newWorld(t)
	_, err := w.person("Trainer 12", account.RoleTrainer, account.RoleAdministrator).UrgentNote(context.Background(), note(w))
	wantError(t, "a trainer's note", err, account.ErrNotAllowed)
}
