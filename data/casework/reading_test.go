package casework_test

import (
	"context"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/content"
)

func TestTheLongestWaitingIsFirst(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, both, reader := w.person("Officer 4711", account.RoleOfficer), w.person("Officer 12", account.RoleOfficer, account.RoleSecondReader), w.person("Reader 1", account.RoleSecondReader)
	first := w.submitted(officer)
	w.later(time.Hour)
	urgent, err := both.UrgentNote(ctx, note(w))
	if err != nil {
		t.Fatal(err)
	}
	w.later(time.Hour)
	last := w.submitted(both)
	want := func(who person, ids ...string) {
		t.Helper()
		waiting, err := who.Waiting(ctx)
		if err != nil || len(waiting) != len(ids) {
			t.Fatalf("%s: there waits %+v (%v)", who.actor.AccountName(), waiting, err)
		}
		for i, id := range ids {
			if waiting[i].ID != id {
				t.Errorf("%s: number %d is %+v", who.actor.AccountName(), i, waiting[i])
			}
		}
	}
	want(reader, first.ID, urgent.ID, last.ID)
	want(both, first.ID) // never what one wrote oneself
	_, err = officer.Waiting(ctx)
	wantError(t, "an officer's list", err, account.ErrNotAllowed)
	// What one reader begins is no other reader's.
	if _, err := reader.BeginReading(ctx, first.ID, "Assigned to me"); err != nil {
		t.Fatal(err)
	}
	want(both)
	want(reader, first.ID, urgent.ID, last.ID)
	waiting, err := reader.Waiting(ctx)
	if err != nil || !waiting[0].Mine || waiting[1].Mine || waiting[0].ChecklistTitle["en"] != "Checklist observe" || waiting[0].Unit != "Wing 3" {
		t.Errorf("the list is %+v (%v)", waiting, err)
	}
}

func TestNobodyReadsAnOwnRecord(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	both := w.person("Officer 12", account.RoleOfficer, account.RoleSecondReader, account.RoleManager)
	record := w.submitted(both)
	urgent, err := both.UrgentNote(ctx, note(w))
	if err != nil {
		t.Fatal(err)
	}
	_, err = both.BeginReading(ctx, record.ID, "I know it well")
	wantError(t, "a record", err, casework.ErrOwnRecord)
	_, err = both.BeginNoteReading(ctx, urgent.ID, "I know it well")
	wantError(t, "a note", err, casework.ErrOwnRecord)
	// The store refuses it too, whoever asks.
	for column, id := range map[string]string{"record_id": record.ID, "note_id": urgent.ID} {
		if err := w.exec(`INSERT INTO casework_reading (id, ` + column + `, reader_id, reader_name, begun_at)
			VALUES ('01234567-0123-0123-0123-012345678901', '` + id + `', '` + both.actor.AccountID() + `', 'x', 1)`); err == nil {
			t.Errorf("the store made the author the reader (%s)", column)
		}
	}
}

func TestAReadingHasAReasonAndOneReader(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, reader, other := w.person("Officer 4711", account.RoleOfficer), w.person("Reader 1", account.RoleSecondReader), w.person("Reader 2", account.RoleSecondReader)
	record := w.submitted(officer)
	_, err := reader.BeginReading(ctx, record.ID, " ")
	wantError(t, "without a reason", err, casework.ErrReasonNeeded)
	_, err = officer.BeginReading(ctx, record.ID, "Let me see")
	wantError(t, "an officer", err, account.ErrNotAllowed)
	_, err = reader.BeginReading(ctx, "no-such", "Assigned to me")
	wantError(t, "what is not there", err, casework.ErrNotFound)
	before := len(w.logged())
	read, err := reader.BeginReading(ctx, record.ID, "Assigned to me")
	if err != nil || read.Reading == nil || read.Reading.ReaderName != "Reader 1" || read.State != casework.StateBeingRead || !read.Blind || read.ChecklistState != content.StateCurrent {
		t.Fatalf("the reader got %+v (%v)", read, err)
	}
	_, err = other.BeginReading(ctx, record.ID, "Assigned to me too")
	wantError(t, "another reader", err, casework.ErrBeingRead)
	if again, err := reader.Record(ctx, record.ID, "Going on reading"); err != nil || !again.Blind || len(again.Closing) > 0 || again.AuthorName != "" {
		t.Errorf("opened again, the reader got %+v (%v)", again, err)
	}
	for id, answer := range read.Answers {
		if len(answer.Evidence) == 0 || answer.Answer != "" || answer.Interpretation != "" || answer.Remark != "" {
			t.Errorf("of %s the reader got %+v", id, answer)
		}
	}
	// Going on later is opening it, with a reason again.
	_, err = reader.Record(ctx, record.ID, "")
	wantError(t, "opening without a reason", err, casework.ErrReasonNeeded)
	if _, err := reader.Record(ctx, record.ID, "Going on reading"); err != nil {
		t.Error(err)
	}
	if again, err := reader.BeginReading(ctx, record.ID, "Going on reading"); err != nil || !again.Reading.BegunAt.Equal(read.Reading.BegunAt) {
		t.Errorf("beginning again gave %+v (%v)", again.Reading, err)
	}
	entries := w.logged()[before:]
	if len(entries) != 4 || entries[0].Act != audit.ActReadingBegin || entries[0].Reason != "Assigned to me" || entries[1].Act != audit.ActRecordOpen || entries[2].Act != audit.ActRecordOpen {
		t.Errorf("the log says %+v", entries)
	}
}

// Given a manager who is a second reader too, when the manager has opened a record, then somebody else must read it.
func TestWhoeverHasSeenARecordCannotReadItIndependently(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, both := w.person("Officer 4711", account.RoleOfficer), w.person("Manager 1", account.RoleManager, account.RoleSecondReader)
	record := w.submitted(officer)
	if opened, err := both.Record(ctx, record.ID, "Daily look"); err != nil || opened.Blind || opened.AuthorName == "" {
		t.Fatalf("the manager got %+v (%v)", opened, err)
	}
	_, err := both.BeginReading(ctx, record.ID, "Assigned to me")
	wantError(t, "reading after opening", err, casework.ErrNotBlind)
	urgent, err := officer.UrgentNote(ctx, note(w))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := both.BeginNoteReading(ctx, urgent.ID, "On duty"); err != nil || read.AuthorName != "" || read.AuthorID != "" || read.What == "" {
		t.Errorf("the reader of the note got %+v (%v)", read, err)
	}
}

func TestAProcedureHasNoSecondReader(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, reader := w.person("Officer 4711", account.RoleOfficer), w.person("Reader 1", account.RoleSecondReader)
	draft, err := officer.NewDraft(ctx, content.Ref{ID: "sharing"}, subject())
	if err != nil {
		t.Fatal(err)
	}
	draft.Answers["basis"] = casework.ItemAnswer{Answer: "yes", Remark: "Prison Act, section 9."}
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	record, err := officer.Submit(ctx, draft.ID)
	if err != nil {
		t.Fatal(err)
	}
	if waiting, err := reader.Waiting(ctx); err != nil || len(waiting) != 0 {
		t.Errorf("there waits %+v (%v)", waiting, err)
	}
	_, err = reader.BeginReading(ctx, record.ID, "Assigned to me")
	wantError(t, "reading it", err, casework.ErrNotFound)
}
