package learning

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardbook/data/content"
)

// CourseProgress is how far an account has come in a course.
type CourseProgress struct {
	Ref         content.Ref
	Title       content.Text
	Summary     content.Text
	ForMe       bool // the course is meant for one of the account's roles
	PassMark    int  // per cent; a module's attempt shows the strictest mark of the courses that name it
	Modules     []ModuleProgress
	Passed      bool         // every module's quiz, in the time that counts
	Certificate *Certificate // the newest, which may have expired; nil if there is none
	Current     bool         // Certificate is valid now
	Renewable   bool         // there is a certificate, and quizzes passed from now on count towards the next
}

// ModuleProgress is how far an account has come in a module of a course.
type ModuleProgress struct {
	Ref         content.Ref
	Title       content.Text
	State       content.State // StateWithdrawn: it cannot be attempted; "": it is not in this library
	Minutes     int
	Lessons     int
	LessonsRead int
	Questions   int       // asked in an attempt; 0 is no quiz
	QuizPassed  bool      // in the time that counts: see IssueDue
	PassedAt    time.Time // the last time, zero if never
	Attempted   bool      // at least one attempt was submitted
	BestPercent int       // of the submitted attempts
	OpenAttempt string    // id, "" if none is open
}

// history is everything that the account has done.
type history struct {
	read         map[string]map[string]bool // lessons, by module
	attempts     map[string][]AttemptSummary
	passes       map[string]time.Time
	certificates []Certificate
}

func (s *Service) history(ctx context.Context) (history, error) {
	var h history
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		if h.read, err = readLessons(ctx, tx, s.actor.AccountID()); err != nil {
			return err
		}
		attempts, err := readAttempts(ctx, tx, `account_id = ?`, s.actor.AccountID())
		if err != nil {
			return err
		}
		h.attempts = map[string][]AttemptSummary{}
		for _, a := range attempts {
			h.attempts[a.ModuleID] = append(h.attempts[a.ModuleID], a)
		}
		if h.passes, err = s.passes(ctx, tx); err != nil {
			return err
		}
		h.certificates, err = readCertificates(ctx, tx, `account_id = ?`, s.actor.AccountID())
		return err
	})
	return h, err
}

// Overview returns the courses of the library, those meant for the account's roles first, and how far it has come. A
// withdrawn course is not among them.
func (s *Service) Overview(ctx context.Context) ([]CourseProgress, error) {
	h, err := s.history(ctx)
	if err != nil {
		return nil, err
	}
	courses, err := s.currentCourses(ctx)
	if err != nil {
		return nil, err
	}
	var list []CourseProgress
	for _, course := range courses {
		progress, err := s.progress(ctx, course, h)
		if err != nil {
			return nil, err
		}
		list = append(list, progress)
	}
	slices.SortStableFunc(list, func(a, b CourseProgress) int {
		switch {
		case a.ForMe == b.ForMe:
			return 0
		case a.ForMe:
			return -1
		default:
			return 1
		}
	})
	return list, nil
}

func (s *Service) progress(ctx context.Context, course content.Document, h history) (CourseProgress, error) {
	p := CourseProgress{
		Ref: course.Ref(), Title: course.Title, Summary: course.Summary, PassMark: passMark(course), Passed: len(course.Course.Modules) > 0,
	}
	p.ForMe = len(course.Course.Roles) == 0
	for _, role := range s.actor.Roles() {
		p.ForMe = p.ForMe || slices.Contains(course.Course.Roles, string(role))
	}
	for _, c := range h.certificates {
		if c.CourseID == course.ID && (p.Certificate == nil || c.ExpiresAt.After(p.Certificate.ExpiresAt)) {
			p.Certificate = &c
		}
	}
	now := s.now()
	p.Current = p.Certificate != nil && p.Certificate.Current(now)
	from, renewable := countsFrom(course, p.Certificate, now)
	p.Renewable = p.Certificate != nil && renewable
	if p.Current {
		from = time.Time{} // what led to a certificate that is valid counts as long as it is
	}
	for _, id := range course.Course.Modules {
		module, err := s.moduleProgress(ctx, id, h)
		if err != nil {
			return CourseProgress{}, err
		}
		module.QuizPassed = !module.PassedAt.IsZero() && !module.PassedAt.Before(from)
		p.Passed = p.Passed && module.QuizPassed
		p.Modules = append(p.Modules, module)
	}
	return p, nil
}

func (s *Service) moduleProgress(ctx context.Context, id string, h history) (ModuleProgress, error) {
	p := ModuleProgress{Ref: content.Ref{ID: id}, PassedAt: h.passes[id]}
	for _, a := range h.attempts[id] {
		if a.SubmittedAt.IsZero() {
			p.OpenAttempt = a.ID
			continue
		}
		p.Attempted, p.BestPercent = true, max(p.BestPercent, a.Percent)
	}
	module, state, err := s.courses.Get(ctx, content.Ref{ID: id})
	switch {
	case errors.Is(err, content.ErrNotFound):
		return p, nil
	case errors.Is(err, content.ErrWithdrawn):
		state = content.StateWithdrawn
	case err != nil:
		return p, fmt.Errorf("read the module %s: %w", id, err)
	}
	p.Ref, p.Title, p.State = module.Ref(), module.Title, state
	if module.Module == nil {
		return p, nil
	}
	p.Minutes, p.Lessons, p.Questions = module.Module.Minutes, len(module.Module.Lessons), len(module.Module.Questions)
	if draw := module.Module.QuizDraw; draw > 0 {
		p.Questions = min(p.Questions, draw)
	}
	for _, lesson := range module.Module.Lessons {
		if h.read[id][lesson.ID] {
			p.LessonsRead++
		}
	}
	return p, nil
}
