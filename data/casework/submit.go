package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"wardbook/data/audit"
	"wardbook/data/content"
)

// CheckDraft returns what a draft still needs, in the order of the form. None: it can be submitted.
func (s *Service) CheckDraft(ctx context.Context, id string) ([]Gap, error) {
	var draft Draft
	err := s.store.Read(ctx, func(tx *sql.Tx) (err error) {
		draft, err = s.readDraft(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gapsOf(draft, s.now()), nil
}

// Submit turns a draft into a record, with the review and deletion dates of the periods in force (LED 2016/680 Art 5).
// ErrIncomplete (an *IncompleteError), ErrNoCertificate, ErrWithdrawn, ErrNoPeriods; account.ErrNotAllowed.
func (s *Service) Submit(ctx context.Context, id string) (Record, error) {
	draft, err := s.Draft(ctx, id)
	if err != nil {
		return Record{}, err
	}
	if draft.ChecklistState == content.StateWithdrawn {
		return Record{}, fmt.Errorf("%w: %s", ErrWithdrawn, draft.Checklist.Ref())
	}
	if err := s.mayFill(ctx, draft.Checklist); err != nil {
		return Record{}, err
	}
	now := s.now()
	review, deletion, err := s.dueDates(ctx, now)
	if err != nil {
		return Record{}, err
	}
	recordID, err := uuid.NewV7()
	if err != nil {
		return Record{}, fmt.Errorf("submit the record: %w", err)
	}
	record := Record{
		ID: recordID.String(), AuthorID: s.actor.AccountID(), AuthorName: s.actor.AccountName(), ChecklistState: draft.ChecklistState,
		State: StateSubmitted, SubmittedAt: now.UTC().Truncate(time.Millisecond), ReviewDue: review, DeleteDue: deletion,
	}
	err = s.store.Write(ctx, func(tx *sql.Tx) error {
		draft, err := s.readDraft(ctx, tx, id) // as it is now: it may have been saved since
		if err != nil {
			return err
		}
		if gaps := gapsOf(draft, now); len(gaps) > 0 {
			return &IncompleteError{Gaps: gaps}
		}
		record.take(draft)
		if err := s.insertRecord(ctx, tx, &record); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM casework_draft WHERE id = ?`, id); err != nil {
			return err
		}
		details := map[string]string{"checklist": record.Checklist.Ref().String()}
		if record.Replaces != "" {
			details["replaces"] = record.Replaces
		}
		return audit.Append(ctx, tx, s.actor, now, audit.Event{Act: audit.ActRecordSubmit, Object: record.ID, Details: details})
	})
	if err != nil {
		return Record{}, fmt.Errorf("submit the record: %w", err)
	}
	return record, nil
}

// dueDates returns the days on which a record of today is to be looked at again and to be deleted.
func (s *Service) dueDates(ctx context.Context, now time.Time) (review, deletion string, err error) {
	periods, err := s.policy(ctx)
	if err != nil {
		return "", "", fmt.Errorf("read the review and deletion periods: %w", err)
	}
	if periods.ReviewMonths < 1 || periods.RetentionMonths < periods.ReviewMonths {
		return "", "", ErrNoPeriods
	}
	return addMonths(now, periods.ReviewMonths).Format(time.DateOnly), addMonths(now, periods.RetentionMonths).Format(time.DateOnly), nil
}

// take puts a complete draft's content into the record: what was typed without the spaces around it, and items that
// were answered.
func (r *Record) take(d Draft) {
	r.Checklist, r.Replaces = d.Checklist, d.Replaces
	r.Answers, r.Closing = map[string]ItemAnswer{}, map[string]string{}
	if subject := d.Subject.trimmed(); subject != (SubjectInput{}) && d.Checklist.Checklist.Kind != content.ChecklistEnvironment {
		r.Subject = &Subject{Reference: subject.Reference, Category: subject.Category, LegalStatus: subject.LegalStatus, Unit: subject.Unit}
	}
	for _, section := range d.Checklist.Checklist.Sections {
		for _, item := range section.Items {
			if given := d.Answers[item.ID].trimmed(); given.Answer != "" {
				given.Evidence = given.occasions()
				r.Answers[item.ID] = given
			}
		}
	}
	for _, closing := range ClosingOf(*d.Checklist.Checklist) {
		if answer := strings.TrimSpace(d.Closing[closing.ID]); answer != "" {
			r.Closing[closing.ID] = answer
		}
	}
}

// draftFrom is the way back.
func draftFrom(r Record) (Draft, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Draft{}, err
	}
	d := Draft{ID: id.String(), Checklist: r.Checklist, ChecklistState: r.ChecklistState, Answers: r.Answers, Closing: r.Closing, Replaces: r.ID}
	if r.Subject != nil {
		d.Subject = SubjectInput{Reference: r.Subject.Reference, Category: r.Subject.Category, LegalStatus: r.Subject.LegalStatus, Unit: r.Subject.Unit}
	}
	return d, nil
}

func (s *Service) insertRecord(ctx context.Context, tx *sql.Tx, r *Record) error {
	var subject struct{ id, category, status any }
	unit := ""
	if r.Subject != nil {
		if err := s.putSubject(ctx, tx, r.Subject); err != nil {
			return err
		}
		subject.id, subject.category, subject.status, unit = r.Subject.ID, string(r.Subject.Category), string(r.Subject.LegalStatus), r.Subject.Unit
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO casework_record
		(id, author_id, author_name, kind, checklist_id, checklist_version, subject_id, category, legal_status, unit,
		submitted_at, review_due, delete_due, replaces) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.AuthorID, r.AuthorName, string(r.Checklist.Checklist.Kind), r.Checklist.ID, r.Checklist.Version,
		subject.id, subject.category, subject.status, unit, r.SubmittedAt.UnixMilli(), r.ReviewDue, r.DeleteDue, r.Replaces)
	if err != nil {
		return err
	}
	for item, a := range r.Answers {
		_, err := tx.ExecContext(ctx, `INSERT INTO casework_record_item (record_id, item_id, answer, interpretation, remark) VALUES (?, ?, ?, ?, ?)`,
			r.ID, item, a.Answer, a.Interpretation, a.Remark)
		if err != nil {
			return err
		}
		for i, e := range a.Evidence {
			_, err := tx.ExecContext(ctx, `INSERT INTO casework_record_evidence
				(record_id, item_id, place_in_item, occurred_on, occurred_time, place, witnessed, reported_by, fact, how_known, source_held_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				r.ID, item, i, e.OccurredOn, e.OccurredTime, e.Place, e.Witnessed, e.ReportedBy, e.Fact, e.HowKnown, e.SourceHeldAt)
			if err != nil {
				return err
			}
		}
	}
	for id, answer := range r.Closing {
		_, err := tx.ExecContext(ctx, `INSERT INTO casework_record_closing (record_id, closing_id, answer) VALUES (?, ?, ?)`, r.ID, id, answer)
		if err != nil {
			return err
		}
	}
	return nil
}

// putSubject finds the person by the prison's reference, whatever its case and spaces, or notes a new one. The oldest
// counts if two workstations noted the same person.
func (s *Service) putSubject(ctx context.Context, tx *sql.Tx, subject *Subject) error {
	folded := strings.ToLower(strings.Join(strings.FieldsFunc(subject.Reference, unicode.IsSpace), ""))
	err := tx.QueryRowContext(ctx, `SELECT id, reference FROM casework_subject WHERE folded = ? ORDER BY created_at, id LIMIT 1`, folded).
		Scan(&subject.ID, &subject.Reference)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	subject.ID = id.String()
	_, err = tx.ExecContext(ctx, `INSERT INTO casework_subject (id, reference, folded, created_at) VALUES (?, ?, ?, ?)`,
		subject.ID, subject.Reference, folded, s.now().UnixMilli())
	return err
}
