package casework_test

import (
	"context"
	"strings"
	"testing"

	"wardbook/data/account"
	"wardbook/data/casework"
)

// Given an urgent note that is being written, when the program locks, then what was typed is there afterwards, for its
// author alone, until it is sent.
func TestAnUnfinishedUrgentNoteIsKeptUntilItIsSent(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, other := w.person("Officer 4711", account.RoleOfficer), w.person("Officer 4712", account.RoleOfficer)
	if _, err := officer.NoteDraft(ctx); err == nil {
		t.Fatal("there is a note before anything was typed")
	}
	typed := casework.NoteDraft{Subject: casework.SubjectInput{Reference: "B-7"}, What: "Said that", Day: "yesterday", Time: "9"}
	for range 2 {
		typed.What += " he"
		if err := officer.SaveNoteDraft(ctx, typed); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := officer.NoteDraft(ctx)
	if err != nil || kept.What != "Said that he he" || kept.Day != "yesterday" || kept.SavedAt.IsZero() {
		t.Errorf("kept was %+v (%v)", kept, err)
	}
	_, err = other.NoteDraft(ctx)
	wantError(t, "another's note", err, casework.ErrNotFound)
	if _, err := officer.UrgentNote(ctx, note(w)); err != nil {
		t.Fatal(err)
	}
	_, err = officer.NoteDraft(ctx)
	wantError(t, "after sending", err, casework.ErrNotFound)
}

func TestAnUnfinishedUrgentNoteCanBeRemoved(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	wantError(t, "removing nothing", officer.RemoveNoteDraft(ctx), casework.ErrNotFound)
	wantError(t, "too long", officer.SaveNoteDraft(ctx, casework.NoteDraft{What: strings.Repeat("x", 2<<20)}), casework.ErrTooLong)
	if err := officer.SaveNoteDraft(ctx, casework.NoteDraft{What: "A"}); err != nil {
		t.Fatal(err)
	}
	if err := officer.RemoveNoteDraft(ctx); err != nil {
		t.Fatal(err)
	}
	_, err := officer.NoteDraft(ctx)
	wantError(t, "after removing", err, casework.ErrNotFound)
}
