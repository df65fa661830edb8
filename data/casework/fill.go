package casework

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardbook/data/account"
	"wardbook/data/content"
)

// Fillable is a checklist and whether the account may fill it.
type Fillable struct {
	content.Summary
	ChecklistKind content.ChecklistKind
	Allowed       bool
	WhyNot        string // one sentence if not Allowed
}

// Positive reports whether an answer says that something was observed, and so needs evidence.
func Positive(answer string) bool {
	return answer == content.AnswerOnce || answer == content.AnswerRepeatedly
}

// SectionsOf returns the sections of a checklist in the order in which they are filled: those with protective items
// first, otherwise as published.
func SectionsOf(checklist content.Checklist) []content.Section {
	sections := slices.Clone(checklist.Sections)
	slices.SortStableFunc(sections, func(a, b content.Section) int {
		switch first, second := protective(a), protective(b); {
		case first == second:
			return 0
		case first:
			return -1
		default:
			return 1
		}
	})
	return sections
}

func protective(section content.Section) bool {
	return slices.ContainsFunc(section.Items, func(i content.Item) bool { return i.Kind == content.ItemProtective })
}

// AnswersOf returns the answers that the items of a checklist offer.
func AnswersOf(checklist content.Checklist) []string {
	if len(checklist.Answers) > 0 {
		return checklist.Answers
	}
	if sets := content.AnswerSets(checklist.Kind); len(sets) > 0 {
		return sets[0]
	}
	return nil
}

// alternativeExplanation is the closing question that no observation goes without.
const alternativeExplanation = "alternative-explanation"

// ClosingOf returns the closing questions of a checklist. An observation checklist always asks for an alternative
// explanation, whether or not its publisher thought of it.
func ClosingOf(checklist content.Checklist) []content.Closing {
	asks := slices.ContainsFunc(checklist.Closing, func(c content.Closing) bool { return c.ID == alternativeExplanation })
	if checklist.Kind != content.ChecklistObservation || asks {
		return checklist.Closing
	}
	return append([]content.Closing{{
		ID:         alternativeExplanation,
		Text:       content.Text{content.DefaultLanguage: "What else could explain this?"},
		NoneAnswer: content.Text{content.DefaultLanguage: "I cannot think of one"},
	}}, checklist.Closing...)
}

// sound returns ErrUnsound for a checklist that would lead to a one-sided record, whoever published it.
func sound(checklist content.Checklist) error {
	if !slices.ContainsFunc(content.AnswerSets(checklist.Kind), func(set []string) bool { return slices.Equal(set, AnswersOf(checklist)) }) {
		return fmt.Errorf("%w: its answers are not those of its kind", ErrUnsound)
	}
	if checklist.Kind == content.ChecklistObservation && !slices.ContainsFunc(checklist.Sections, protective) {
		return fmt.Errorf("%w: it asks for nothing that speaks for the person", ErrUnsound)
	}
	return nil
}

// ChecklistsToFill returns the newest version of every checklist and whether the account may fill it.
func (s *Service) ChecklistsToFill(ctx context.Context) ([]Fillable, error) {
	list, err := s.checklists.List(ctx, content.KindChecklist)
	if err != nil {
		return nil, fmt.Errorf("list the checklists: %w", err)
	}
	var fillable []Fillable
	for _, summary := range list {
		one := Fillable{Summary: summary}
		checklist, state, err := s.checklists.Get(ctx, summary.Ref)
		if err != nil && !errors.Is(err, content.ErrWithdrawn) {
			return nil, fmt.Errorf("read the checklist %s: %w", summary.ID, err)
		}
		if checklist.Checklist != nil {
			one.ChecklistKind = checklist.Checklist.Kind
		}
		switch {
		case state == content.StateWithdrawn || checklist.Checklist == nil:
			one.WhyNot = sentence(ErrWithdrawn)
		default:
			err := s.mayFill(ctx, checklist)
			switch {
			case err == nil:
				one.Allowed = true
			case errors.Is(err, account.ErrNotAllowed), errors.Is(err, ErrNoCertificate), errors.Is(err, ErrUnsound):
				one.WhyNot = sentence(err)
			default:
				return nil, err
			}
		}
		fillable = append(fillable, one)
	}
	return fillable, nil
}

// mayFill returns nil if the account may fill a checklist: the checklist is sound, names one of the account's roles (or,
// if it names none, the account is an officer's), and the account has a current certificate of its course.
func (s *Service) mayFill(ctx context.Context, document content.Document) error {
	checklist := *document.Checklist
	if err := sound(checklist); err != nil {
		return err
	}
	roles := []account.Role{account.RoleOfficer}
	if len(checklist.Roles) > 0 {
		roles = roles[:0]
		for _, role := range checklist.Roles {
			roles = append(roles, account.Role(role))
		}
	}
	if err := s.actor.Require("fill this checklist", roles...); err != nil {
		return err
	}
	return s.hasCertificate(ctx, checklist.Course)
}

// hasCertificate returns ErrNoCertificate, with the course's title, unless the account has a current one.
func (s *Service) hasCertificate(ctx context.Context, courseID string) error {
	if courseID == "" {
		return nil
	}
	current, until, err := s.certificates.HasCertificate(ctx, courseID)
	if err != nil {
		return fmt.Errorf("look for the certificate: %w", err)
	}
	if current {
		return nil
	}
	title := courseID
	course, _, err := s.checklists.Get(ctx, content.Ref{ID: courseID})
	if err == nil || errors.Is(err, content.ErrWithdrawn) {
		title, _ = course.Title.In(content.DefaultLanguage)
	} else if !errors.Is(err, content.ErrNotFound) {
		return fmt.Errorf("read the course %s: %w", courseID, err)
	}
	if until.IsZero() {
		return fmt.Errorf("%w of the course “%s”", ErrNoCertificate, title)
	}
	return fmt.Errorf("%w of the course “%s”; yours ended on %s", ErrNoCertificate, title, until.In(s.now().Location()).Format(shownDay))
}

// states looks up what has become of checklist versions, each document once.
type states struct {
	service *Service
	known   map[string][]content.Summary
}

func (s *Service) newStates() *states {
	return &states{service: s, known: map[string][]content.Summary{}}
}

// of returns the state of a version. One that the library does not hold any more counts as superseded.
func (s *states) of(ctx context.Context, ref content.Ref) (content.State, error) {
	versions, ok := s.known[ref.ID]
	if !ok {
		var err error
		if versions, err = s.service.checklists.Versions(ctx, ref.ID); err != nil && !errors.Is(err, content.ErrNotFound) {
			return "", fmt.Errorf("read the versions of %s: %w", ref.ID, err)
		}
		s.known[ref.ID] = versions
	}
	for _, version := range versions {
		if version.Ref == ref {
			return version.State, nil
		}
	}
	return content.StateSuperseded, nil
}

// putChecklist keeps the version of a checklist in this store, so that drafts and records carry it.
func putChecklist(ctx context.Context, tx *sql.Tx, checklist content.Document) error {
	encoded, err := checklist.Encode()
	if err != nil {
		return err
	}
	hash, err := checklist.Hash()
	if err != nil {
		return err
	}
	var known []byte
	err = tx.QueryRowContext(ctx, `SELECT hash FROM casework_checklist WHERE id = ? AND version = ?`, checklist.ID, checklist.Version).Scan(&known)
	if err == nil && !bytes.Equal(known, hash[:]) {
		return fmt.Errorf("%w: %s", content.ErrVersionConflict, checklist.Ref())
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO casework_checklist (id, version, kind, document, hash) VALUES (?, ?, ?, ?, ?)`,
		checklist.ID, checklist.Version, string(checklist.Checklist.Kind), encoded, hash[:])
	return err
}

// shownDay is how a day is written for people.
const shownDay = "2 Jan 2006"

// addMonths counts calendar months and stays within the month: a month after 31 January is 28 February.
func addMonths(t time.Time, months int) time.Time {
	moved := t.AddDate(0, months, 0)
	if moved.Day() != t.Day() {
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved
}
