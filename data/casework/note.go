package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"wardbook/data/account"
	"wardbook/data/audit"
)

// UrgentNoteInput is an urgent note as it is typed: facts only.
type UrgentNoteInput struct {
	Subject  SubjectInput // only the reference is needed
	What     string       // seen or heard
	When     time.Time
	Where    string
	HowKnown string
}

// UrgentNote is a note that reached the second reader. It never changes.
type UrgentNote struct {
	ID          string
	AuthorID    string
	AuthorName  string
	Subject     Subject
	What        string
	When        time.Time
	Where       string
	HowKnown    string
	State       State
	SubmittedAt time.Time
	ReviewDue   string // a day
	DeleteDue   string // a day
	Reading     *Reading
}

// NoteSummary is one line of the account's own urgent notes.
type NoteSummary struct {
	ID          string
	Reference   string
	State       State
	SubmittedAt time.Time
	ReviewDue   string // a day
	DeleteDue   string // a day
}

// UrgentNoteWarning is to be shown before an urgent note is written.
const UrgentNoteWarning = "If somebody may come to harm, tell the duty supervisor now. Then write this note."

// Fields of an urgent note, beside those of a draft.
const (
	FieldWhat  Field = "what"
	FieldWhen  Field = "when"
	FieldWhere Field = "where"
)

func (n UrgentNoteInput) trimmed() UrgentNoteInput {
	n.Subject = n.Subject.trimmed()
	n.What, n.Where, n.HowKnown = strings.TrimSpace(n.What), strings.TrimSpace(n.Where), strings.TrimSpace(n.HowKnown)
	return n
}

// CheckNote returns what an urgent note still needs. SectionID and ItemID are empty.
func (s *Service) CheckNote(input UrgentNoteInput) []Gap {
	now := s.now()
	g := &gaps{now: now}
	input = input.trimmed()
	head := func(field Field, sentence string) { g.add("", "", -1, field, "%s", sentence) }
	g.reference(input.Subject.Reference)
	if input.Subject.Category != "" && !slices.Contains(Categories(), input.Subject.Category) {
		head(FieldCategory, "Choose one of the legal categories, or none.")
	}
	if input.Subject.LegalStatus != "" && !slices.Contains(LegalStatuses(), input.Subject.LegalStatus) {
		head(FieldLegalStatus, "Choose one of the legal statuses, or none.")
	}
	if input.What == "" {
		head(FieldWhat, "Describe what was seen or heard.")
	}
	switch {
	case input.When.IsZero():
		head(FieldWhen, "Say when it happened.")
	case input.When.After(now):
		head(FieldWhen, input.When.In(now.Location()).Format("15:04 on 2 Jan 2006")+" is in the future.")
	case input.When.Before(now.AddDate(-oldest, 0, 0)):
		head(FieldWhen, input.When.In(now.Location()).Format(shownDay)+" is more than ten years ago; check the year.")
	}
	if input.Where == "" {
		head(FieldWhere, "Say where it happened.")
	}
	if input.HowKnown == "" {
		head(FieldHowKnown, "Say how this is known, such as seen, heard, told or read.")
	}
	return g.list
}

// maxNote bounds the text of an urgent note, in characters.
const maxNote = 20_000

// UrgentNote hands facts to the second reader, without a checklist and without a certificate. ErrIncomplete (an
// *IncompleteError), ErrTooLong; account.ErrNotAllowed. The account's unfinished note is gone with it.
func (s *Service) UrgentNote(ctx context.Context, input UrgentNoteInput) (UrgentNote, error) {
	err := s.actor.Require("write an urgent note", account.RoleOfficer, account.RoleSecondReader, account.RoleManager)
	if err != nil {
		return UrgentNote{}, err
	}
	if gaps := s.CheckNote(input); len(gaps) > 0 {
		return UrgentNote{}, &IncompleteError{Gaps: gaps}
	}
	input = input.trimmed()
	if utf8.RuneCountInString(input.What+input.Where+input.HowKnown+input.Subject.Unit) > maxNote {
		return UrgentNote{}, ErrTooLong
	}
	now := s.now()
	review, deletion, err := s.dueDates(ctx, now)
	if err != nil {
		return UrgentNote{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return UrgentNote{}, fmt.Errorf("write the urgent note: %w", err)
	}
	note := UrgentNote{
		ID: id.String(), AuthorID: s.actor.AccountID(), AuthorName: s.actor.AccountName(),
		Subject: Subject{Reference: input.Subject.Reference, Category: input.Subject.Category, LegalStatus: input.Subject.LegalStatus, Unit: input.Subject.Unit},
		What:    input.What, When: input.When.UTC().Truncate(time.Millisecond), Where: input.Where, HowKnown: input.HowKnown,
		State: StateSubmitted, SubmittedAt: now.UTC().Truncate(time.Millisecond), ReviewDue: review, DeleteDue: deletion,
	}
	err = s.store.Write(ctx, func(tx *sql.Tx) error {
		if err := s.putSubject(ctx, tx, &note.Subject); err != nil {
			return err
		}
		if err := insertNote(ctx, tx, note); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM casework_note_draft WHERE author_id = ?`, note.AuthorID); err != nil {
			return err
		}
		return audit.Append(ctx, tx, s.actor, now, audit.Event{Act: audit.ActUrgentNote, Object: note.ID})
	})
	if err != nil {
		return UrgentNote{}, fmt.Errorf("write the urgent note: %w", err)
	}
	return note, nil
}

func insertNote(ctx context.Context, tx *sql.Tx, n UrgentNote) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO casework_urgent_note
		(id, author_id, author_name, subject_id, category, legal_status, unit, occurred_at, place, fact, how_known, submitted_at, review_due, delete_due)
		VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?)`,
		n.ID, n.AuthorID, n.AuthorName, n.Subject.ID, string(n.Subject.Category), string(n.Subject.LegalStatus), n.Subject.Unit,
		n.When.UnixMilli(), n.Where, n.What, n.HowKnown, n.SubmittedAt.UnixMilli(), n.ReviewDue, n.DeleteDue)
	return err
}

// Notes returns the account's own urgent notes, the last first.
func (s *Service) Notes(ctx context.Context) ([]NoteSummary, error) {
	var notes []NoteSummary
	err := s.store.Read(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, `SELECT n.id, p.reference, n.submitted_at, n.review_due, n.delete_due,
			EXISTS (SELECT 1 FROM casework_reading g WHERE g.note_id = n.id)
			FROM casework_urgent_note n JOIN casework_subject p ON p.id = n.subject_id
			WHERE n.author_id = ? ORDER BY n.submitted_at DESC, n.id DESC`, s.actor.AccountID(), func(rows *sql.Rows) error {
			var n NoteSummary
			var submitted int64
			var read bool
			err := rows.Scan(&n.ID, &n.Reference, &submitted, &n.ReviewDue, &n.DeleteDue, &read)
			n.State, n.SubmittedAt = stateOf(read), time.UnixMilli(submitted).UTC()
			notes = append(notes, n)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the urgent notes: %w", err)
	}
	return notes, nil
}

// Note opens an urgent note, under the same rules as Record.
func (s *Service) Note(ctx context.Context, id, reason string) (UrgentNote, error) {
	var note UrgentNote
	err := s.store.WriteReserved(ctx, func(tx *sql.Tx) (err error) {
		if note, err = readNote(ctx, tx, id); err != nil {
			return err
		}
		return s.opened(ctx, tx, id, note.AuthorID, note.Reading, reason)
	})
	if err != nil {
		return UrgentNote{}, fmt.Errorf("open the urgent note: %w", err)
	}
	s.blindNote(&note)
	return note, nil
}

func readNote(ctx context.Context, tx *sql.Tx, id string) (UrgentNote, error) {
	n := UrgentNote{ID: id}
	var occurred, submitted int64
	err := tx.QueryRowContext(ctx, `SELECT n.author_id, n.author_name, p.id, p.reference, coalesce(n.category, ''), coalesce(n.legal_status, ''), n.unit,
		n.fact, n.occurred_at, n.place, n.how_known, n.submitted_at, n.review_due, n.delete_due
		FROM casework_urgent_note n JOIN casework_subject p ON p.id = n.subject_id WHERE n.id = ?`, id).
		Scan(&n.AuthorID, &n.AuthorName, &n.Subject.ID, &n.Subject.Reference, &n.Subject.Category, &n.Subject.LegalStatus, &n.Subject.Unit,
			&n.What, &occurred, &n.Where, &n.HowKnown, &submitted, &n.ReviewDue, &n.DeleteDue)
	if errors.Is(err, sql.ErrNoRows) {
		return UrgentNote{}, ErrNotFound
	}
	if err != nil {
		return UrgentNote{}, fmt.Errorf("read an urgent note: %w", err)
	}
	n.When, n.SubmittedAt = time.UnixMilli(occurred).UTC(), time.UnixMilli(submitted).UTC()
	n.Reading, err = readReading(ctx, tx, `note_id = ?`, id)
	n.State = stateOf(n.Reading != nil)
	return n, err
}
