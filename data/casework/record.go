package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/content"
)

// State says how far a record has come.
type State string

// The states of a record or urgent note.
const (
	StateSubmitted State = "submitted" // waits for a second reader
	StateBeingRead State = "being-read"
)

// Record is a submitted checklist. It never changes.
type Record struct {
	// Blind says that the account reads it as second reader: only the facts are there.
	Blind          bool
	ID             string
	AuthorID       string
	AuthorName     string           // as it was then
	Checklist      content.Document // the version it was written with, whole
	ChecklistState content.State    // now: a withdrawn version marks the record
	Subject        *Subject         // nil in an environment checklist, and where a process concerns nobody
	Answers        map[string]ItemAnswer
	Closing        map[string]string
	State          State
	SubmittedAt    time.Time
	ReviewDue      string // a day, 2027-05-23
	DeleteDue      string // a day
	Replaces       string // the record that was taken back before, "" if none
	Reading        *Reading
}

// Reading is that a second reader has begun to read.
type Reading struct {
	ReaderID   string
	ReaderName string
	BegunAt    time.Time
}

// RecordSummary is one line of the account's own records.
type RecordSummary struct {
	ID               string
	Reference        string // "" where no person is concerned
	ChecklistID      string
	ChecklistTitle   content.Text
	ChecklistVersion int
	ChecklistKind    content.ChecklistKind
	ChecklistState   content.State // now: withdrawn marks the record
	State            State
	SubmittedAt      time.Time
	ReviewDue        string // a day
	DeleteDue        string // a day
}

// Records returns the account's own records, the last submitted first.
func (s *Service) Records(ctx context.Context) ([]RecordSummary, error) {
	var records []RecordSummary
	err := s.store.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT r.id, coalesce(p.reference, ''), r.kind, c.document, r.submitted_at, r.review_due, r.delete_due,
			EXISTS (SELECT 1 FROM casework_reading g WHERE g.record_id = r.id)
			FROM casework_record r
			JOIN casework_checklist c ON c.id = r.checklist_id AND c.version = r.checklist_version
			LEFT JOIN casework_subject p ON p.id = r.subject_id
			WHERE r.author_id = ? ORDER BY r.submitted_at DESC, r.id DESC`, s.actor.AccountID())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r RecordSummary
			var document []byte
			var submitted int64
			var read bool
			if err := rows.Scan(&r.ID, &r.Reference, &r.ChecklistKind, &document, &submitted, &r.ReviewDue, &r.DeleteDue, &read); err != nil {
				return err
			}
			checklist, err := content.Decode(document)
			if err != nil {
				return err
			}
			r.ChecklistID, r.ChecklistTitle, r.ChecklistVersion = checklist.ID, checklist.Title, checklist.Version
			r.State, r.SubmittedAt = stateOf(read), time.UnixMilli(submitted).UTC()
			records = append(records, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list the records: %w", err)
	}
	states := s.newStates()
	for i, r := range records {
		if records[i].ChecklistState, err = states.of(ctx, content.Ref{ID: r.ChecklistID, Version: r.ChecklistVersion}); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func stateOf(read bool) State {
	if read {
		return StateBeingRead
	}
	return StateSubmitted
}

// Record opens a record: an own one, one that the account reads as second reader, or any for a manager. Somebody else's
// needs a reason (ErrReasonNeeded). The log keeps that it was opened. ErrNotFound for any other.
func (s *Service) Record(ctx context.Context, id, reason string) (Record, error) {
	var record Record
	err := s.store.WriteReserved(ctx, func(tx *sql.Tx) (err error) {
		if record, err = readRecord(ctx, tx, id); err != nil {
			return err
		}
		return s.opened(ctx, tx, id, record.AuthorID, record.Reading, reason)
	})
	if err != nil {
		return Record{}, fmt.Errorf("open the record: %w", err)
	}
	s.blindRecord(&record)
	record.ChecklistState, err = s.newStates().of(ctx, record.Checklist.Ref())
	return record, err
}

// opened decides whether the account may open what the author wrote, and logs that it does (LED 2016/680 Art 25).
func (s *Service) opened(ctx context.Context, tx *sql.Tx, id, authorID string, reading *Reading, reason string) error {
	own := authorID == s.actor.AccountID()
	reads := reading != nil && reading.ReaderID == s.actor.AccountID() && s.actor.Has(account.RoleSecondReader)
	if !own && !reads && !s.actor.Has(account.RoleManager) {
		return ErrNotFound
	}
	reason = strings.TrimSpace(reason)
	if !own && reason == "" {
		return ErrReasonNeeded
	}
	details := map[string]string(nil)
	if own {
		details = map[string]string{"own": "yes"}
	}
	return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActRecordOpen, Object: id, Reason: reason, Details: details})
}

// readRecord reads a record, all but the state of its checklist.
func readRecord(ctx context.Context, tx *sql.Tx, id string) (Record, error) {
	r := Record{ID: id, Answers: map[string]ItemAnswer{}, Closing: map[string]string{}}
	var subject struct{ id, reference, category, status sql.NullString }
	var unit string
	var document []byte
	var submitted int64
	err := tx.QueryRowContext(ctx, `SELECT r.author_id, r.author_name, c.document, p.id, p.reference, r.category, r.legal_status, r.unit,
		r.submitted_at, r.review_due, r.delete_due, r.replaces
		FROM casework_record r
		JOIN casework_checklist c ON c.id = r.checklist_id AND c.version = r.checklist_version
		LEFT JOIN casework_subject p ON p.id = r.subject_id
		WHERE r.id = ?`, id).
		Scan(&r.AuthorID, &r.AuthorName, &document, &subject.id, &subject.reference, &subject.category, &subject.status, &unit,
			&submitted, &r.ReviewDue, &r.DeleteDue, &r.Replaces)
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("read a record: %w", err)
	}
	if r.Checklist, err = content.Decode(document); err != nil {
		return Record{}, fmt.Errorf("read a record: %w", err)
	}
	r.SubmittedAt = time.UnixMilli(submitted).UTC()
	if subject.id.Valid {
		r.Subject = &Subject{
			ID: subject.id.String, Reference: subject.reference.String, Unit: unit,
			Category: Category(subject.category.String), LegalStatus: LegalStatus(subject.status.String),
		}
	}
	if err := readAnswers(ctx, tx, r); err != nil {
		return Record{}, err
	}
	r.Reading, err = readReading(ctx, tx, `record_id = ?`, id)
	r.State = stateOf(r.Reading != nil)
	return r, err
}

// readAnswers fills the record's answers and closing.
func readAnswers(ctx context.Context, tx *sql.Tx, r Record) error {
	err := each(ctx, tx, `SELECT item_id, answer, interpretation, remark FROM casework_record_item WHERE record_id = ?`, r.ID, func(rows *sql.Rows) error {
		var item string
		var a ItemAnswer
		err := rows.Scan(&item, &a.Answer, &a.Interpretation, &a.Remark)
		r.Answers[item] = a
		return err
	})
	if err != nil {
		return fmt.Errorf("read the answers of a record: %w", err)
	}
	err = each(ctx, tx, `SELECT item_id, occurred_on, occurred_time, place, witnessed, reported_by, fact, how_known, source_held_at
		FROM casework_record_evidence WHERE record_id = ? ORDER BY place_in_item`, r.ID, func(rows *sql.Rows) error {
		var item string
		var e Evidence
		err := rows.Scan(&item, &e.OccurredOn, &e.OccurredTime, &e.Place, &e.Witnessed, &e.ReportedBy, &e.Fact, &e.HowKnown, &e.SourceHeldAt)
		a := r.Answers[item]
		a.Evidence = append(a.Evidence, e)
		r.Answers[item] = a
		return err
	})
	if err != nil {
		return fmt.Errorf("read the evidence of a record: %w", err)
	}
	err = each(ctx, tx, `SELECT closing_id, answer FROM casework_record_closing WHERE record_id = ?`, r.ID, func(rows *sql.Rows) error {
		var id, answer string
		err := rows.Scan(&id, &answer)
		r.Closing[id] = answer
		return err
	})
	if err != nil {
		return fmt.Errorf("read the closing of a record: %w", err)
	}
	return nil
}

// each runs do on every row that a query with one argument gives.
func each(ctx context.Context, tx *sql.Tx, query string, arg any, do func(rows *sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, query, arg)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// TakeBack turns an own record back into a draft, until a reading begins (ErrReadingBegun). The record is removed; that
// it was there stays known. A record that is submitted again is a new one that names this one.
func (s *Service) TakeBack(ctx context.Context, id string) (Draft, error) {
	var draft Draft
	err := s.store.Write(ctx, func(tx *sql.Tx) error {
		record, err := readRecord(ctx, tx, id)
		if err != nil {
			return err
		}
		if record.AuthorID != s.actor.AccountID() {
			return ErrNotFound
		}
		if record.Reading != nil {
			return ErrReadingBegun
		}
		if draft, err = draftFrom(record); err != nil {
			return err
		}
		if err := s.insertDraft(ctx, tx, &draft); err != nil {
			return err
		}
		if err := removeRecord(ctx, tx, record); err != nil {
			return err
		}
		now := s.now()
		_, err = tx.ExecContext(ctx, `INSERT INTO casework_taken_back (record_id, author_id, taken_back_at) VALUES (?, ?, ?)`,
			id, s.actor.AccountID(), now.UnixMilli())
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, s.actor, now, audit.Event{Act: audit.ActRecordTakeBack, Object: id, Details: map[string]string{"draft": draft.ID}})
	})
	if err != nil {
		return Draft{}, fmt.Errorf("take the record back: %w", err)
	}
	draft.ChecklistState, err = s.newStates().of(ctx, draft.Checklist.Ref())
	return draft, err
}

// removeRecord removes a record, and its subject if nothing else concerns that person.
func removeRecord(ctx context.Context, tx *sql.Tx, r Record) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM casework_record WHERE id = ?`, r.ID); err != nil {
		return err
	}
	if r.Subject == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM casework_subject WHERE id = ?1
		AND NOT EXISTS (SELECT 1 FROM casework_record WHERE subject_id = ?1)
		AND NOT EXISTS (SELECT 1 FROM casework_urgent_note WHERE subject_id = ?1)`, r.Subject.ID)
	return err
}
