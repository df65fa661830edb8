package learning

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"wardbook/data/content"
)

func randomSeed() (int64, error) {
	var seed [8]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return 0, fmt.Errorf("draw questions: %w", err)
	}
	return int64(binary.LittleEndian.Uint64(seed[:])), nil
}

// Given is what was answered to one question: the chosen answers, or the typed text of a short answer.
type Given struct {
	AnswerIDs []string `json:"answer_ids,omitempty"`
	Text      string   `json:"text,omitempty"`
}

// Attempt is one go at a module's quiz, with exactly the questions that were drawn, in their order, and the answers of
// each in the order in which they are shown. The answers hold weights and feedback: whoever shows an open attempt shows
// neither, and of a short answer nothing at all.
type Attempt struct {
	ID          string
	ModuleID    string
	Version     int
	Title       content.Text // of the module
	PassMark    int          // per cent, as it was when the attempt began
	Questions   []content.Question
	Given       map[string]Given // by question id, as saved
	State       content.State    // of the module's version now; a superseded one may be finished
	StartedAt   time.Time
	SubmittedAt time.Time // zero while it is open
}

// StartAttempt begins an attempt at the newest usable version of a module, or returns the one that is open: also one
// of a superseded version, which may be finished. An open attempt at a withdrawn version is closed and a new one begun
// if there is a newer version; otherwise the error is ErrWithdrawn. ErrNoQuiz if the module has no questions.
func (s *Service) StartAttempt(ctx context.Context, moduleID string) (Attempt, error) {
	open, err := s.openAttempt(ctx, moduleID)
	if err != nil {
		return Attempt{}, err
	}
	if open != nil && open.State != content.StateWithdrawn {
		return *open, nil
	}
	if open != nil {
		if err := s.closeAttempt(ctx, open.ID); err != nil {
			return Attempt{}, err
		}
	}
	attempt, seed, err := s.drawAttempt(ctx, moduleID)
	if err != nil {
		return Attempt{}, err
	}
	var other bool
	err = s.library.Write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM learning_attempt WHERE account_id = ? AND module_id = ? AND state = 'open')`,
			s.actor.AccountID(), moduleID).Scan(&other)
		if err != nil || other {
			return err
		}
		return s.insertAttempt(ctx, tx, attempt, seed)
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("begin the quiz: %w", err)
	}
	if other { // begun a moment ago by another window of the session
		return s.StartAttempt(ctx, moduleID)
	}
	return attempt, nil
}

// openAttempt returns the account's open attempt at a module, nil if there is none.
func (s *Service) openAttempt(ctx context.Context, moduleID string) (*Attempt, error) {
	var id string
	err := s.library.Read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT id FROM learning_attempt WHERE account_id = ? AND module_id = ? AND state = 'open'`,
			s.actor.AccountID(), moduleID).Scan(&id)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an open attempt: %w", err)
	}
	attempt, err := s.Attempt(ctx, id)
	return &attempt, err
}

func (s *Service) closeAttempt(ctx context.Context, id string) error {
	err := s.library.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE learning_attempt SET state = 'closed' WHERE id = ? AND state = 'open'`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("close the attempt at a withdrawn version: %w", err)
	}
	return nil
}

// drawAttempt makes a new attempt without storing it.
func (s *Service) drawAttempt(ctx context.Context, moduleID string) (Attempt, int64, error) {
	module, _, err := s.courses.Get(ctx, content.Ref{ID: moduleID})
	if errors.Is(err, content.ErrWithdrawn) {
		return Attempt{}, 0, fmt.Errorf("%w: %s", ErrWithdrawn, moduleID)
	}
	if err != nil {
		return Attempt{}, 0, fmt.Errorf("read the module %s: %w", moduleID, err)
	}
	if module.Module == nil || len(module.Module.Questions) == 0 {
		return Attempt{}, 0, fmt.Errorf("%w: %s", ErrNoQuiz, moduleID)
	}
	courses, err := s.coursesNaming(ctx, moduleID)
	if err != nil {
		return Attempt{}, 0, err
	}
	seed, err := s.seed()
	if err != nil {
		return Attempt{}, 0, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Attempt{}, 0, fmt.Errorf("begin the quiz: %w", err)
	}
	return Attempt{
		ID: id.String(), ModuleID: module.ID, Version: module.Version, Title: module.Title, PassMark: strictest(courses),
		Questions: draw(module.Module.Questions, module.Module.QuizDraw, seed), Given: map[string]Given{},
		State: content.StateCurrent, StartedAt: s.now().UTC().Truncate(time.Millisecond),
	}, seed, nil
}

// coursesNaming returns the current courses that a module belongs to.
func (s *Service) coursesNaming(ctx context.Context, moduleID string) ([]content.Document, error) {
	courses, err := s.currentCourses(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(courses, func(d content.Document) bool { return !slices.Contains(d.Course.Modules, moduleID) }), nil
}

// currentCourses returns every course that is not withdrawn.
func (s *Service) currentCourses(ctx context.Context) ([]content.Document, error) {
	list, err := s.courses.List(ctx, content.KindCourse)
	if err != nil {
		return nil, fmt.Errorf("list the courses: %w", err)
	}
	var courses []content.Document
	for _, summary := range list {
		course, _, err := s.courses.Get(ctx, content.Ref{ID: summary.ID})
		if errors.Is(err, content.ErrWithdrawn) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the course %s: %w", summary.ID, err)
		}
		if course.Course != nil {
			courses = append(courses, course)
		}
	}
	return courses, nil
}

// strictest returns the pass mark of a module that several courses name: the highest of theirs.
func strictest(courses []content.Document) int {
	mark := 0
	for _, course := range courses {
		mark = max(mark, passMark(course))
	}
	if mark == 0 {
		return content.DefaultPassMark
	}
	return mark
}

func passMark(course content.Document) int {
	if mark := course.Course.PassMark; mark >= 1 && mark <= 100 {
		return mark
	}
	return content.DefaultPassMark
}

func (s *Service) insertAttempt(ctx context.Context, tx *sql.Tx, a Attempt, seed int64) error {
	title, err := json.Marshal(a.Title)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO learning_attempt
		(id, account_id, module_id, module_version, module_title, seed, pass_mark, state, started_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?)`,
		a.ID, s.actor.AccountID(), a.ModuleID, a.Version, string(title), seed, a.PassMark, a.StartedAt.UnixMilli())
	if err != nil {
		return err
	}
	for place, question := range a.Questions {
		text, err := json.Marshal(question)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO learning_attempt_question (attempt_id, place, question_id, question) VALUES (?, ?, ?, ?)`,
			a.ID, place, question.ID, string(text))
		if err != nil {
			return err
		}
	}
	return nil
}

// maxTyped bounds a short answer, in characters.
const maxTyped = 1000

// SaveAnswer keeps an answer as it is given. An empty Given takes it back. ErrSubmitted after Submit; ErrBadAnswer for a
// question or answer that the attempt does not have.
func (s *Service) SaveAnswer(ctx context.Context, attemptID, questionID string, given Given) error {
	err := s.library.Write(ctx, func(tx *sql.Tx) error {
		row, err := s.readAttempt(ctx, tx, attemptID)
		if err != nil {
			return err
		}
		if !row.SubmittedAt.IsZero() {
			return ErrSubmitted
		}
		if row.closed {
			return fmt.Errorf("%w: %s", ErrWithdrawn, row.ModuleID)
		}
		place := slices.IndexFunc(row.Questions, func(q content.Question) bool { return q.ID == questionID })
		if place < 0 {
			return ErrBadAnswer
		}
		if err := checkGiven(row.Questions[place], given); err != nil {
			return err
		}
		text, err := json.Marshal(given)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE learning_attempt_question SET given = ?, given_at = ? WHERE attempt_id = ? AND place = ?`,
			string(text), s.now().UnixMilli(), attemptID, place)
		return err
	})
	if err != nil {
		return fmt.Errorf("save the answer: %w", err)
	}
	return nil
}

func checkGiven(q content.Question, given Given) error {
	if q.Kind == content.QuestionShort {
		if len(given.AnswerIDs) > 0 || !utf8.ValidString(given.Text) || utf8.RuneCountInString(given.Text) > maxTyped {
			return ErrBadAnswer
		}
		return nil
	}
	if given.Text != "" || len(given.AnswerIDs) > 1 && q.Kind != content.QuestionSeveral {
		return ErrBadAnswer
	}
	for i, id := range given.AnswerIDs {
		known := slices.ContainsFunc(q.Answers, func(a content.Answer) bool { return a.ID == id })
		if !known || slices.Contains(given.AnswerIDs[:i], id) {
			return ErrBadAnswer
		}
	}
	return nil
}

// Attempt returns an attempt of the account, open or submitted.
func (s *Service) Attempt(ctx context.Context, attemptID string) (Attempt, error) {
	var row attemptRow
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		row, err = s.readAttempt(ctx, tx, attemptID)
		return err
	})
	if err != nil {
		return Attempt{}, err
	}
	row.State, err = s.stateOf(ctx, content.Ref{ID: row.ModuleID, Version: row.Version})
	return row.Attempt, err
}

// stateOf returns the state of a module's version. One that is not in the library any more counts as superseded: the
// attempt holds all that it needs.
func (s *Service) stateOf(ctx context.Context, ref content.Ref) (content.State, error) {
	_, state, err := s.courses.Get(ctx, ref)
	switch {
	case errors.Is(err, content.ErrNotFound):
		return content.StateSuperseded, nil
	case errors.Is(err, content.ErrWithdrawn):
		return content.StateWithdrawn, nil
	case err != nil:
		return "", fmt.Errorf("read the state of %s: %w", ref, err)
	}
	return state, nil
}

// attemptRow is an attempt as it is stored.
type attemptRow struct {
	Attempt
	closed  bool
	percent int
	passed  bool
}

// readAttempt reads an attempt of this account.
func (s *Service) readAttempt(ctx context.Context, tx *sql.Tx, id string) (attemptRow, error) {
	var row attemptRow
	var title, state string
	var started int64
	var submitted, percent, passed sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT id, module_id, module_version, module_title, pass_mark, state, started_at, submitted_at, percent, passed
		FROM learning_attempt WHERE id = ? AND account_id = ?`, id, s.actor.AccountID()).
		Scan(&row.ID, &row.ModuleID, &row.Version, &title, &row.PassMark, &state, &started, &submitted, &percent, &passed)
	if errors.Is(err, sql.ErrNoRows) {
		return row, ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("read an attempt: %w", err)
	}
	if err := json.Unmarshal([]byte(title), &row.Title); err != nil {
		return row, fmt.Errorf("read an attempt: %w", err)
	}
	row.StartedAt, row.closed = time.UnixMilli(started).UTC(), state == "closed"
	if submitted.Valid {
		row.SubmittedAt, row.percent, row.passed = time.UnixMilli(submitted.Int64).UTC(), int(percent.Int64), passed.Int64 == 1
	}
	return row, readQuestions(ctx, tx, &row.Attempt)
}

func readQuestions(ctx context.Context, tx *sql.Tx, a *Attempt) error {
	rows, err := tx.QueryContext(ctx, `SELECT question, given FROM learning_attempt_question WHERE attempt_id = ? ORDER BY place`, a.ID)
	if err != nil {
		return fmt.Errorf("read the questions of an attempt: %w", err)
	}
	defer rows.Close()
	a.Given = map[string]Given{}
	for rows.Next() {
		var text string
		var given sql.NullString
		if err := rows.Scan(&text, &given); err != nil {
			return fmt.Errorf("read a question of an attempt: %w", err)
		}
		var question content.Question
		if err := json.Unmarshal([]byte(text), &question); err != nil {
			return fmt.Errorf("read a question of an attempt: %w", err)
		}
		a.Questions = append(a.Questions, question)
		if given.Valid {
			var answer Given
			if err := json.Unmarshal([]byte(given.String), &answer); err != nil {
				return fmt.Errorf("read an answer of an attempt: %w", err)
			}
			a.Given[question.ID] = answer
		}
	}
	return rows.Err()
}
