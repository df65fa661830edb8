package casework_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/content"
)

func TestASubmittedRecordHoldsWhatWasWritten(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	record, err := officer.Submit(ctx, draft.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.reopen()
	officer = w.session(officer.actor)
	opened, err := officer.Record(ctx, record.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(opened, record) {
		t.Errorf("submitted %+v\nopened    %+v", record, opened)
	}
	if !reflect.DeepEqual(opened.Answers, draft.Answers) || !reflect.DeepEqual(opened.Closing, draft.Closing) || !reflect.DeepEqual(opened.Checklist, draft.Checklist) {
		t.Errorf("the record is %+v", opened)
	}
	if opened.Subject.Reference != "B-1042" || opened.Subject.Category != casework.CategoryConvicted || opened.AuthorName != "Officer 4711" || opened.State != casework.StateSubmitted {
		t.Errorf("the record is %+v", opened)
	}
	_, err = officer.Draft(ctx, draft.ID)
	wantError(t, "the draft", err, casework.ErrNotFound)
	_, err = officer.Submit(ctx, draft.ID)
	wantError(t, "submitting twice", err, casework.ErrNotFound)
}

func TestEveryRecordHasItsDates(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	w.now = time.Date(2026, 8, 31, 23, 0, 0, 0, time.UTC)
	draft := w.filled(officer)
	d := draft.Answers["pressures"]
	d.Evidence[0].OccurredOn = "2026-08-30"
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []casework.Periods{{}, {ReviewMonths: 6}, {RetentionMonths: 6}, {ReviewMonths: 12, RetentionMonths: 6}} {
		w.periods = missing
		_, err := officer.Submit(ctx, draft.ID)
		wantError(t, "submitting without periods", err, casework.ErrNoPeriods)
	}
	w.periods = casework.Periods{ReviewMonths: 5, RetentionMonths: 18}
	record, err := officer.Submit(ctx, draft.ID)
	if err != nil || record.ReviewDue != "2027-01-31" || record.DeleteDue != "2028-02-29" {
		t.Errorf("the dates are %s and %s (%v)", record.ReviewDue, record.DeleteDue, err)
	}
	if err := w.exec(`INSERT INTO casework_record SELECT '01234567-0123-0123-0123-012345678901', author_id, author_name, kind, checklist_id, checklist_version,
		subject_id, category, legal_status, unit, submitted_at, '2027-02-30', delete_due, replaces FROM casework_record`); err == nil {
		t.Error("the store keeps a record with a date that does not exist")
	}
}

func TestASubmittedRecordNeverChanges(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	record := w.submitted(w.person("Officer 4711", account.RoleOfficer))
	if _, err := w.person("Officer 12", account.RoleOfficer).UrgentNote(ctx, note(w)); err != nil {
		t.Fatal(err)
	}
	reader := w.person("Reader 1", account.RoleSecondReader)
	if _, err := reader.BeginReading(ctx, record.ID, "Assigned to me"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE casework_record SET review_due = '2040-01-01', delete_due = '2040-01-01'`,
		`UPDATE casework_record_item SET answer = 'repeatedly'`,
		`UPDATE casework_record_evidence SET fact = 'Something else'`,
		`UPDATE casework_record_closing SET answer = 'Nothing'`,
		`UPDATE casework_checklist SET document = 'x'`,
		`UPDATE casework_urgent_note SET fact = 'Something else'`,
		`UPDATE casework_reading SET reader_id = 'x'`,
		`DELETE FROM casework_record`,
	} {
		if err := w.exec(statement); err == nil {
			t.Errorf("the store allowed %s", statement)
		}
	}
}

func TestOneRecordAboutOnePersonMeetsTheOther(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	first := w.submitted(w.person("Officer 4711", account.RoleOfficer))
	officer := w.person("Officer 12", account.RoleOfficer)
	draft := w.filled(officer)
	draft.Subject.Reference, draft.Subject.Unit = " b-10 42 ", "Wing 4"
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	second, err := officer.Submit(ctx, draft.ID)
	if err != nil || second.Subject.ID != first.Subject.ID {
		t.Errorf("the same person has two entries: %+v, %+v (%v)", first.Subject, second.Subject, err)
	}
	if second.Subject.Unit != "Wing 4" || first.Subject.Unit != "Wing 3" {
		t.Error("a record does not keep the unit of its own time")
	}
}

func TestARecordIsTakenBackUntilAReadingBegins(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, reader := w.person("Officer 4711", account.RoleOfficer), w.person("Reader 1", account.RoleSecondReader)
	record := w.submitted(officer)
	_, err := reader.TakeBack(ctx, record.ID)
	wantError(t, "taking back what somebody else wrote", err, casework.ErrNotFound)
	draft, err := officer.TakeBack(ctx, record.ID)
	if err != nil {
		t.Fatal(err)
	}
	if draft.Subject != subject() || !reflect.DeepEqual(draft.Answers, record.Answers) || !reflect.DeepEqual(draft.Closing, record.Closing) || draft.Replaces != record.ID {
		t.Errorf("the draft is %+v", draft)
	}
	_, err = officer.Record(ctx, record.ID, "")
	wantError(t, "opening what was taken back", err, casework.ErrNotFound)
	if waiting, err := reader.Waiting(ctx); err != nil || len(waiting) != 0 {
		t.Errorf("there waits %+v (%v)", waiting, err)
	}
	err = w.casework.Read(ctx, func(tx *sql.Tx) error {
		var left bool
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM casework_record_item) OR EXISTS (SELECT 1 FROM casework_record_evidence)
			OR EXISTS (SELECT 1 FROM casework_record_closing) OR EXISTS (SELECT 1 FROM casework_subject)`).Scan(&left)
		if left {
			t.Error("something of the record was left")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Submitted again it is a new record that names the one before.
	again, err := officer.Submit(ctx, draft.ID)
	if err != nil || again.ID == record.ID || again.Replaces != record.ID {
		t.Fatalf("again it is %+v (%v)", again, err)
	}
	if _, err := reader.BeginReading(ctx, again.ID, "Assigned to me"); err != nil {
		t.Fatal(err)
	}
	_, err = officer.TakeBack(ctx, again.ID)
	wantError(t, "taking back what is being read", err, casework.ErrReadingBegun)
	if opened, err := officer.Record(ctx, again.ID, ""); err != nil || opened.State != casework.StateBeingRead || opened.Reading.ReaderName != "Reader 1" {
		t.Errorf("the record is %+v (%v)", opened, err)
	}
}

func TestWhoOpensWhatAndWhy(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer, other := w.person("Officer 4711", account.RoleOfficer), w.person("Officer 12", account.RoleOfficer)
	reader, manager := w.person("Reader 1", account.RoleSecondReader), w.person("Manager 1", account.RoleManager)
	record := w.submitted(officer)
	before := len(w.logged())
	_, err := other.Record(ctx, record.ID, "I am curious")
	wantError(t, "another officer", err, casework.ErrNotFound)
	_, err = reader.Record(ctx, record.ID, "I have not begun to read")
	wantError(t, "a second reader before reading", err, casework.ErrNotFound)
	_, err = manager.Record(ctx, record.ID, "  ")
	wantError(t, "a manager without a reason", err, casework.ErrReasonNeeded)
	if entries := w.logged(); len(entries) != before {
		t.Errorf("refusals are logged as openings: %+v", entries[before:])
	}
	if _, err := officer.Record(ctx, record.ID, ""); err != nil {
		t.Errorf("the author: %v", err)
	}
	if _, err := manager.Record(ctx, record.ID, "Complaint 17"); err != nil {
		t.Errorf("a manager: %v", err)
	}
	entries := w.logged()[before:]
	if len(entries) != 2 || entries[0].Act != audit.ActRecordOpen || entries[0].AccountID != officer.actor.AccountID() ||
		entries[1].Object != record.ID || entries[1].Reason != "Complaint 17" || entries[1].AccountID != manager.actor.AccountID() {
		t.Errorf("the log says %+v", entries)
	}
	if list, err := other.Records(ctx); err != nil || len(list) != 0 {
		t.Errorf("another officer sees %+v (%v)", list, err)
	}
}

func TestOwnRecordsAreListedByTheirDateAlone(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	first := w.submitted(officer)
	w.later(time.Hour)
	second := w.submitted(officer)
	list, err := officer.Records(ctx)
	if err != nil || len(list) != 2 || list[0].ID != second.ID || list[1].ID != first.ID {
		t.Fatalf("the list is %+v (%v)", list, err)
	}
	if got := list[1]; got.Reference != "B-1042" || got.ReviewDue != "2027-05-23" || got.DeleteDue != "2028-11-23" || got.ChecklistTitle["en"] != "Checklist observe" ||
		got.ChecklistVersion != 1 || got.State != casework.StateSubmitted || got.ChecklistState != content.StateCurrent || got.ChecklistKind != content.ChecklistObservation {
		t.Errorf("a line is %+v", got)
	}
}

func TestAnIncompleteDraftIsRefusedWithSentences(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft, err := officer.NewDraft(ctx, content.Ref{ID: "observe"}, casework.SubjectInput{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = officer.Submit(ctx, draft.ID)
	var incomplete *casework.IncompleteError
	if !errors.As(err, &incomplete) || len(incomplete.Gaps) != 8 {
		t.Fatalf("submitting an empty draft gave %v", err)
	}
	for _, gap := range incomplete.Gaps {
		if !strings.HasSuffix(gap.Sentence, ".") || gap.Field == "" {
			t.Errorf("a gap is %+v", gap)
		}
	}
	if list, err := officer.Records(ctx); err != nil || len(list) != 0 {
		t.Errorf("there is a record: %+v (%v)", list, err)
	}
}
