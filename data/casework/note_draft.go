package casework

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wardbook/data/account"
	"wardbook/data/audit"
)

// NoteDraft is the urgent note that the account is writing, as it was typed: each account has at most one.
type NoteDraft struct {
	Subject  SubjectInput `json:"subject"`
	What     string       `json:"what,omitempty"`
	Day      string       `json:"day,omitempty"`  // 2026-11-23, or what was typed in place of a day
	Time     string       `json:"time,omitempty"` // 22:15, or what was typed in place of a time
	Where    string       `json:"where,omitempty"`
	HowKnown string       `json:"how_known,omitempty"`
	SavedAt  time.Time    `json:"-"`
}

// NoteDraft returns the account's unfinished urgent note; ErrNotFound if there is none.
func (s *Service) NoteDraft(ctx context.Context) (NoteDraft, error) {
	var d NoteDraft
	var text string
	var saved int64
	err := s.store.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT body, saved_at FROM casework_note_draft WHERE author_id = ?`, s.actor.AccountID()).Scan(&text, &saved)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return NoteDraft{}, ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &d)
	}
	if err != nil {
		return NoteDraft{}, fmt.Errorf("read the unfinished urgent note: %w", err)
	}
	d.SavedAt = time.UnixMilli(saved).UTC()
	return d, nil
}

// SaveNoteDraft keeps what was typed of an urgent note, complete or not, until it is sent. ErrTooLong;
// account.ErrNotAllowed.
func (s *Service) SaveNoteDraft(ctx context.Context, d NoteDraft) error {
	if err := s.actor.Require("write an urgent note", account.RoleOfficer, account.RoleSecondReader, account.RoleManager); err != nil {
		return err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("save the urgent note: %w", err)
	}
	if len(text) > maxDraft {
		return ErrTooLong
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("save the urgent note: %w", err)
	}
	err = s.store.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO casework_note_draft (author_id, id, body, saved_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (author_id) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at`,
			s.actor.AccountID(), id.String(), string(text), s.now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("save the urgent note: %w", err)
	}
	return nil
}

// RemoveNoteDraft removes the account's unfinished urgent note; ErrNotFound if there is none. Earlier states of the store
// and backups may still hold it.
func (s *Service) RemoveNoteDraft(ctx context.Context) error {
	err := s.store.WriteReserved(ctx, func(tx *sql.Tx) error {
		var id string
		err := tx.QueryRowContext(ctx, `DELETE FROM casework_note_draft WHERE author_id = ? RETURNING id`, s.actor.AccountID()).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{Act: audit.ActDraftRemove, Object: id})
	})
	if err != nil {
		return fmt.Errorf("remove the unfinished urgent note: %w", err)
	}
	return nil
}
