package casework

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wardbook/data/audit"
	"wardbook/data/content"
)

// Evidence is one occasion on which something was seen or heard: fact, apart from what anybody makes of it (LED 2016/680
// Art 7).
type Evidence struct {
	OccurredOn   string `json:"occurred_on,omitempty"`    // a day, 2026-11-23
	OccurredTime string `json:"occurred_time,omitempty"`  // 22:15, or "" if it is not known
	Place        string `json:"place,omitempty"`          //
	Witnessed    bool   `json:"witnessed,omitempty"`      // by the author in person
	ReportedBy   string `json:"reported_by,omitempty"`    // who told the author; needed if not Witnessed
	Fact         string `json:"fact,omitempty"`           // what was seen or heard
	HowKnown     string `json:"how_known,omitempty"`      // seen, heard, told, read
	SourceHeldAt string `json:"source_held_at,omitempty"` // where the underlying note, report or recording is kept; needed if not Witnessed
}

// ItemAnswer is what a draft or record says to one item.
type ItemAnswer struct {
	Answer         string     `json:"answer,omitempty"`         // one of the checklist's answers; "" is not answered
	Evidence       []Evidence `json:"evidence,omitempty"`       // for a positive answer to an observation item, at least one
	Interpretation string     `json:"interpretation,omitempty"` // the author's own, never mixed with fact
	Remark         string     `json:"remark,omitempty"`         // in environment and process checklists: the reason, with facts
}

// Draft is a checklist being filled. Every state of it can be saved.
type Draft struct {
	ID             string
	Checklist      content.Document      // the version it was begun with, whole
	ChecklistState content.State         // superseded: may be finished; withdrawn: cannot be submitted
	Subject        SubjectInput          // empty in an environment checklist
	Answers        map[string]ItemAnswer // by item id
	Closing        map[string]string     // by the id of the closing question
	Replaces       string                // the record that was taken back, "" if none
	CreatedAt      time.Time
	SavedAt        time.Time
}

// DraftSummary is one line of the account's own drafts.
type DraftSummary struct {
	ID               string
	Reference        string // of the subject, "" if not typed yet
	ChecklistID      string
	ChecklistTitle   content.Text
	ChecklistVersion int
	ChecklistKind    content.ChecklistKind
	ChecklistState   content.State
	CreatedAt        time.Time
	SavedAt          time.Time
}

// body is what of a draft is stored as typed.
type body struct {
	Subject SubjectInput          `json:"subject"`
	Answers map[string]ItemAnswer `json:"answers"`
	Closing map[string]string     `json:"closing"`
}

// maxDraft bounds a draft as it is stored, in bytes.
const maxDraft = 1 << 20

// encodeBody returns the stored form. A checklist about the prison itself never keeps a subject.
func (d Draft) encodeBody() (string, error) {
	b := body{Subject: d.Subject, Answers: d.Answers, Closing: d.Closing}
	if d.Checklist.Checklist != nil && d.Checklist.Checklist.Kind == content.ChecklistEnvironment {
		b.Subject = SubjectInput{}
	}
	text, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("encode the draft: %w", err)
	}
	if len(text) > maxDraft {
		return "", ErrTooLong
	}
	return string(text), nil
}

// NewDraft begins to fill the current version of a checklist. Version 0 names it, whichever it is. ErrNoCertificate,
// ErrWithdrawn, ErrNotCurrent, ErrUnsound; account.ErrNotAllowed.
func (s *Service) NewDraft(ctx context.Context, ref content.Ref, subject SubjectInput) (Draft, error) {
	checklist, state, err := s.checklists.Get(ctx, ref)
	switch {
	case errors.Is(err, content.ErrWithdrawn) || err == nil && state == content.StateWithdrawn:
		return Draft{}, fmt.Errorf("%w: %s", ErrWithdrawn, ref.ID)
	case err != nil:
		return Draft{}, fmt.Errorf("begin a draft: %w", err)
	case checklist.Checklist == nil:
		return Draft{}, fmt.Errorf("begin a draft: %w: %s is not a checklist", content.ErrNotFound, ref.ID)
	case state != content.StateCurrent:
		return Draft{}, fmt.Errorf("%w: %s", ErrNotCurrent, ref.ID)
	}
	if err := s.mayFill(ctx, checklist); err != nil {
		return Draft{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Draft{}, fmt.Errorf("begin a draft: %w", err)
	}
	draft := Draft{
		ID: id.String(), Checklist: checklist, ChecklistState: state, Subject: subject,
		Answers: map[string]ItemAnswer{}, Closing: map[string]string{},
	}
	if checklist.Checklist.Kind == content.ChecklistEnvironment {
		draft.Subject = SubjectInput{}
	}
	err = s.store.Write(ctx, func(tx *sql.Tx) error {
		if err := putChecklist(ctx, tx, checklist); err != nil {
			return err
		}
		return s.insertDraft(ctx, tx, &draft)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("begin a draft: %w", err)
	}
	return draft, nil
}

func (s *Service) insertDraft(ctx context.Context, tx *sql.Tx, d *Draft) error {
	text, err := d.encodeBody()
	if err != nil {
		return err
	}
	d.CreatedAt = s.now().UTC().Truncate(time.Millisecond)
	d.SavedAt = d.CreatedAt
	_, err = tx.ExecContext(ctx, `INSERT INTO casework_draft
		(id, author_id, checklist_id, checklist_version, body, replaces, created_at, saved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, s.actor.AccountID(), d.Checklist.ID, d.Checklist.Version, text, d.Replaces, d.CreatedAt.UnixMilli(), d.SavedAt.UnixMilli())
	return err
}

// Drafts returns the account's own drafts, the last saved first.
func (s *Service) Drafts(ctx context.Context) ([]DraftSummary, error) {
	var drafts []DraftSummary
	err := s.store.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT d.id, d.body, d.created_at, d.saved_at, c.document
			FROM casework_draft d JOIN casework_checklist c ON c.id = d.checklist_id AND c.version = d.checklist_version
			WHERE d.author_id = ? ORDER BY d.saved_at DESC, d.id DESC`, s.actor.AccountID())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			d, err := scanDraft(rows)
			if err != nil {
				return err
			}
			drafts = append(drafts, d)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list the drafts: %w", err)
	}
	states := s.newStates()
	for i, d := range drafts {
		if drafts[i].ChecklistState, err = states.of(ctx, content.Ref{ID: d.ChecklistID, Version: d.ChecklistVersion}); err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

func scanDraft(rows *sql.Rows) (DraftSummary, error) {
	var d DraftSummary
	var text string
	var document []byte
	var created, saved int64
	if err := rows.Scan(&d.ID, &text, &created, &saved, &document); err != nil {
		return d, err
	}
	var typed body
	if err := json.Unmarshal([]byte(text), &typed); err != nil {
		return d, err
	}
	checklist, err := content.Decode(document)
	if err != nil {
		return d, err
	}
	d.Reference, d.CreatedAt, d.SavedAt = typed.Subject.Reference, time.UnixMilli(created).UTC(), time.UnixMilli(saved).UTC()
	d.ChecklistID, d.ChecklistVersion, d.ChecklistTitle, d.ChecklistKind = checklist.ID, checklist.Version, checklist.Title, checklist.Checklist.Kind
	return d, nil
}

// Draft returns one of the account's own drafts.
func (s *Service) Draft(ctx context.Context, id string) (Draft, error) {
	var draft Draft
	err := s.store.Read(ctx, func(tx *sql.Tx) (err error) {
		draft, err = s.readDraft(ctx, tx, id)
		return err
	})
	if err != nil {
		return Draft{}, err
	}
	draft.ChecklistState, err = s.newStates().of(ctx, draft.Checklist.Ref())
	return draft, err
}

// readDraft reads an own draft, all but the state of its checklist.
func (s *Service) readDraft(ctx context.Context, tx *sql.Tx, id string) (Draft, error) {
	d := Draft{ID: id}
	var text string
	var document []byte
	var created, saved int64
	err := tx.QueryRowContext(ctx, `SELECT d.body, d.replaces, d.created_at, d.saved_at, c.document
		FROM casework_draft d JOIN casework_checklist c ON c.id = d.checklist_id AND c.version = d.checklist_version
		WHERE d.id = ? AND d.author_id = ?`, id, s.actor.AccountID()).Scan(&text, &d.Replaces, &created, &saved, &document)
	if errors.Is(err, sql.ErrNoRows) {
		return Draft{}, ErrNotFound
	}
	if err != nil {
		return Draft{}, fmt.Errorf("read a draft: %w", err)
	}
	var typed body
	if err := json.Unmarshal([]byte(text), &typed); err != nil {
		return Draft{}, fmt.Errorf("read a draft: %w", err)
	}
	if d.Checklist, err = content.Decode(document); err != nil {
		return Draft{}, fmt.Errorf("read a draft: %w", err)
	}
	d.Subject, d.Answers, d.Closing = typed.Subject, typed.Answers, typed.Closing
	if d.Answers == nil {
		d.Answers = map[string]ItemAnswer{}
	}
	if d.Closing == nil {
		d.Closing = map[string]string{}
	}
	d.CreatedAt, d.SavedAt = time.UnixMilli(created).UTC(), time.UnixMilli(saved).UTC()
	return d, nil
}

// SaveDraft keeps Subject, Answers and Closing as they were typed, complete or not. ErrTooLong beyond 1 MiB.
func (s *Service) SaveDraft(ctx context.Context, draft Draft) error {
	err := s.store.Write(ctx, func(tx *sql.Tx) error {
		stored, err := s.readDraft(ctx, tx, draft.ID)
		if err != nil {
			return err
		}
		stored.Subject, stored.Answers, stored.Closing = draft.Subject, draft.Answers, draft.Closing
		text, err := stored.encodeBody()
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE casework_draft SET body = ?, saved_at = ? WHERE id = ?`, text, s.now().UnixMilli(), draft.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("save the draft: %w", err)
	}
	return nil
}

// RemoveDraft removes one of the account's own drafts. Earlier states of the store
// and backups may still hold it: the window says "removed", never "deleted".
func (s *Service) RemoveDraft(ctx context.Context, id string) error {
	err := s.store.WriteReserved(ctx, func(tx *sql.Tx) error {
		if _, err := s.readDraft(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM casework_draft WHERE id = ?`, id); err != nil {
			return err
		}
		return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActDraftRemove, Object: id})
	})
	if err != nil {
		return fmt.Errorf("remove the draft: %w", err)
	}
	return nil
}
