package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/content"
)

// Waiting is a record or urgent note of somebody else for the second reader. Its author is not shown: a reading begins
// with what was observed.
type Waiting struct {
	ID               string
	Urgent           bool // an urgent note; ChecklistTitle is nil
	Reference        string
	Unit             string
	ChecklistID      string
	ChecklistTitle   content.Text
	ChecklistVersion int
	ChecklistState   content.State // withdrawn marks the record
	Mine             bool          // this account has begun to read it
	SubmittedAt      time.Time
	ReviewDue        string // a day
}

// Waiting returns what waits for a second reader and what this account is reading, the longest waiting first. Own
// records and what somebody else reads are not among it. Checklists about the prison or a procedure have no second
// reader.
func (s *Service) Waiting(ctx context.Context) ([]Waiting, error) {
	if err := s.actor.Require("see what waits for a second reader", account.RoleSecondReader); err != nil {
		return nil, err
	}
	var waiting []Waiting
	err := s.store.Read(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, `SELECT r.id, 0, p.reference, r.unit, c.document, g.reader_id IS NOT NULL, r.submitted_at, r.review_due
			FROM casework_record r
			JOIN casework_checklist c ON c.id = r.checklist_id AND c.version = r.checklist_version
			JOIN casework_subject p ON p.id = r.subject_id
			LEFT JOIN casework_reading g ON g.record_id = r.id
			WHERE r.kind = 'observation' AND r.author_id <> ?1 AND (g.reader_id IS NULL OR g.reader_id = ?1)
			UNION ALL
			SELECT n.id, 1, p.reference, n.unit, NULL, g.reader_id IS NOT NULL, n.submitted_at, n.review_due
			FROM casework_urgent_note n
			JOIN casework_subject p ON p.id = n.subject_id
			LEFT JOIN casework_reading g ON g.note_id = n.id
			WHERE n.author_id <> ?1 AND (g.reader_id IS NULL OR g.reader_id = ?1)
			ORDER BY 7, 1`, s.actor.AccountID(), func(rows *sql.Rows) error {
			var w Waiting
			var document []byte
			var submitted int64
			if err := rows.Scan(&w.ID, &w.Urgent, &w.Reference, &w.Unit, &document, &w.Mine, &submitted, &w.ReviewDue); err != nil {
				return err
			}
			w.SubmittedAt = time.UnixMilli(submitted).UTC()
			if document != nil {
				checklist, err := content.Decode(document)
				if err != nil {
					return err
				}
				w.ChecklistID, w.ChecklistTitle, w.ChecklistVersion = checklist.ID, checklist.Title, checklist.Version
			}
			waiting = append(waiting, w)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list what waits for a second reader: %w", err)
	}
	states := s.newStates()
	for i, w := range waiting {
		if w.Urgent {
			continue
		}
		if waiting[i].ChecklistState, err = states.of(ctx, content.Ref{ID: w.ChecklistID, Version: w.ChecklistVersion}); err != nil {
			return nil, err
		}
	}
	return waiting, nil
}

// BeginReading makes the account the second reader of a record and opens it. From now on it cannot be taken back. Doing
// it again opens the record again. ErrOwnRecord, ErrBeingRead, ErrNotBlind, ErrReasonNeeded, ErrNotFound;
// account.ErrNotAllowed. What is given back are the facts: a second reader is blind until the own reading is given.
func (s *Service) BeginReading(ctx context.Context, id, reason string) (Record, error) {
	var record Record
	err := s.begin(ctx, func(tx *sql.Tx) (err error) {
		if record, err = readRecord(ctx, tx, id); err != nil {
			return err
		}
		if record.Checklist.Checklist.Kind != content.ChecklistObservation {
			return ErrNotFound
		}
		record.Reading, err = s.beginReading(ctx, tx, "record_id", id, record.AuthorID, record.Reading, reason)
		record.State = StateBeingRead
		return err
	})
	if err != nil {
		return Record{}, err
	}
	s.blindRecord(&record)
	record.ChecklistState, err = s.newStates().of(ctx, record.Checklist.Ref())
	return record, err
}

// blindRecord leaves the facts alone to a second reader who has not given the own reading: neither who wrote them, nor what the
// author answered, makes of them or thinks could explain them.
func (s *Service) blindRecord(r *Record) {
	if r.Reading == nil || r.Reading.ReaderID != s.actor.AccountID() {
		return
	}
	r.Blind = true
	r.AuthorID, r.AuthorName, r.Closing = "", "", nil
	answers := map[string]ItemAnswer{}
	for id, answer := range r.Answers {
		if len(answer.Evidence) > 0 {
			answers[id] = ItemAnswer{Evidence: answer.Evidence}
		}
	}
	r.Answers = answers
}

func (s *Service) blindNote(n *UrgentNote) {
	if n.Reading != nil && n.Reading.ReaderID == s.actor.AccountID() {
		n.AuthorID, n.AuthorName = "", ""
	}
}

// BeginNoteReading does the same for an urgent note.
func (s *Service) BeginNoteReading(ctx context.Context, id, reason string) (UrgentNote, error) {
	var note UrgentNote
	err := s.begin(ctx, func(tx *sql.Tx) (err error) {
		if note, err = readNote(ctx, tx, id); err != nil {
			return err
		}
		note.Reading, err = s.beginReading(ctx, tx, "note_id", id, note.AuthorID, note.Reading, reason)
		note.State = StateBeingRead
		return err
	})
	if err != nil {
		return UrgentNote{}, err
	}
	s.blindNote(&note)
	return note, nil
}

func (s *Service) begin(ctx context.Context, do func(tx *sql.Tx) error) error {
	if err := s.actor.Require("be a second reader", account.RoleSecondReader); err != nil {
		return err
	}
	if err := s.store.WriteReserved(ctx, do); err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	return nil
}

// beginReading notes the reading, unless it is noted already. column is where the id belongs.
func (s *Service) beginReading(ctx context.Context, tx *sql.Tx, column, id, authorID string, begun *Reading, reason string) (*Reading, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case authorID == s.actor.AccountID():
		return nil, ErrOwnRecord
	case begun != nil && begun.ReaderID != s.actor.AccountID():
		return nil, ErrBeingRead
	case reason == "":
		return nil, ErrReasonNeeded
	case begun != nil:
		return begun, s.opened(ctx, tx, id, authorID, begun, reason)
	}
	var opened bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM audit_entry WHERE act = ? AND object = ? AND account_id = ?)`,
		string(audit.ActRecordOpen), id, s.actor.AccountID()).Scan(&opened)
	if err != nil {
		return nil, err
	}
	if opened {
		return nil, ErrNotBlind
	}
	readingID, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	now := s.now()
	reading := &Reading{ReaderID: s.actor.AccountID(), ReaderName: s.actor.AccountName(), BegunAt: now.UTC().Truncate(time.Millisecond)}
	_, err = tx.ExecContext(ctx, `INSERT INTO casework_reading (id, `+column+`, reader_id, reader_name, begun_at) VALUES (?, ?, ?, ?, ?)`,
		readingID.String(), id, reading.ReaderID, reading.ReaderName, reading.BegunAt.UnixMilli())
	if err != nil {
		return nil, err
	}
	return reading, audit.Append(ctx, tx, s.actor, now, audit.Event{Act: audit.ActReadingBegin, Object: id, Reason: reason})
}

// readReading returns the reading of a record or note, nil if there is none.
func readReading(ctx context.Context, tx *sql.Tx, where, id string) (*Reading, error) {
	var r Reading
	var begun int64
	err := tx.QueryRowContext(ctx, `SELECT reader_id, reader_name, begun_at FROM casework_reading WHERE `+where, id).Scan(&r.ReaderID, &r.ReaderName, &begun)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read who reads: %w", err)
	}
	r.BegunAt = time.UnixMilli(begun).UTC()
	return &r, nil
}
