package learning

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"wardbook/data/audit"
	"wardbook/data/content"
)

// AttemptSummary is one line of an account's own attempts at a module.
type AttemptSummary struct {
	ID          string
	ModuleID    string
	Version     int
	StartedAt   time.Time
	SubmittedAt time.Time // zero while it is open
	Percent     int       // of the questions, right; 0 while it is open
	PassMark    int       // per cent
	Passed      bool
}

// Result is how a submitted attempt ended, and whatever there is to learn from it.
type Result struct {
	AttemptID    string
	ModuleID     string
	Version      int
	Title        content.Text // of the module
	Percent      int          // of the questions, right; rounded down
	PassMark     int          // per cent
	Passed       bool
	SubmittedAt  time.Time
	Questions    []QuestionResult
	Certificates []Certificate // issued by this submission
}

// QuestionResult is how one question was answered.
type QuestionResult struct {
	Question content.Question // answers in the order in which they were shown
	Given    Given
	Right    bool
	Feedback []content.Text   // for what was chosen, then the general one
	Correct  []content.Answer // what would have been right
}

// Submit ends an attempt and says how it went. When this passes the last module of a course that the account has no
// current certificate of, the certificate is issued. Unanswered questions count as not right. ErrWithdrawn if the
// module's version has been withdrawn meanwhile; ErrSubmitted the second time.
func (s *Service) Submit(ctx context.Context, attemptID string) (Result, error) {
	attempt, err := s.Attempt(ctx, attemptID)
	if err != nil {
		return Result{}, err
	}
	if attempt.State == content.StateWithdrawn {
		return Result{}, fmt.Errorf("%w: %s", ErrWithdrawn, attempt.ModuleID)
	}
	courses, err := s.coursesNaming(ctx, attempt.ModuleID)
	if err != nil {
		return Result{}, err
	}
	var result Result
	err = s.library.Write(ctx, func(tx *sql.Tx) error {
		row, err := s.readAttempt(ctx, tx, attemptID)
		switch {
		case err != nil:
			return err
		case !row.SubmittedAt.IsZero():
			return ErrSubmitted
		case row.closed:
			return fmt.Errorf("%w: %s", ErrWithdrawn, row.ModuleID)
		}
		now := s.now()
		row.SubmittedAt = now.UTC().Truncate(time.Millisecond)
		result = grade(row.Attempt)
		_, err = tx.ExecContext(ctx, `UPDATE learning_attempt SET state = 'submitted', submitted_at = ?, percent = ?, passed = ? WHERE id = ?`,
			now.UnixMilli(), result.Percent, result.Passed, attemptID)
		if err != nil {
			return err
		}
		err = audit.Append(ctx, tx, s.actor, now, audit.Event{
			Act: audit.ActQuizSubmit, Object: row.ModuleID,
			Details: map[string]string{"attempt": row.ID, "version": strconv.Itoa(row.Version)},
		})
		if err != nil || !result.Passed {
			return err
		}
		result.Certificates, err = s.issue(ctx, tx, courses)
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("submit the quiz: %w", err)
	}
	return result, nil
}

// grade says how an attempt went.
func grade(a Attempt) Result {
	result := Result{
		AttemptID: a.ID, ModuleID: a.ModuleID, Version: a.Version, Title: a.Title, PassMark: a.PassMark, SubmittedAt: a.SubmittedAt,
	}
	right := 0
	for _, question := range a.Questions {
		given := a.Given[question.ID]
		one := QuestionResult{
			Question: question, Given: given, Right: isRight(question, given),
			Feedback: feedback(question, given), Correct: correct(question),
		}
		if one.Right {
			right++
		}
		result.Questions = append(result.Questions, one)
	}
	// Rounded down, so that rounding never lifts anybody over the mark.
	result.Percent = right * 100 / max(len(a.Questions), 1)
	result.Passed = result.Percent >= a.PassMark
	return result
}

// Result returns the result of an attempt that was submitted earlier. ErrNotFound if it is still open.
func (s *Service) Result(ctx context.Context, attemptID string) (Result, error) {
	var row attemptRow
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		row, err = s.readAttempt(ctx, tx, attemptID)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if row.SubmittedAt.IsZero() {
		return Result{}, fmt.Errorf("%w: it has not been submitted", ErrNotFound)
	}
	result := grade(row.Attempt)
	result.Percent, result.Passed = row.percent, row.passed // as it was decided then
	return result, nil
}

// Attempts returns the account's attempts at a module, newest first. One that was closed because its version was
// withdrawn is not among them.
func (s *Service) Attempts(ctx context.Context, moduleID string) ([]AttemptSummary, error) {
	var attempts []AttemptSummary
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		attempts, err = readAttempts(ctx, tx, `account_id = ? AND module_id = ?`, s.actor.AccountID(), moduleID)
		return err
	})
	return attempts, err
}

func readAttempts(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]AttemptSummary, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, module_id, module_version, started_at, submitted_at, percent, pass_mark, passed
		FROM learning_attempt WHERE state <> 'closed' AND `+where+` ORDER BY started_at DESC, id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("list the attempts: %w", err)
	}
	defer rows.Close()
	var attempts []AttemptSummary
	for rows.Next() {
		var a AttemptSummary
		var started int64
		var submitted, percent, passed sql.NullInt64
		if err := rows.Scan(&a.ID, &a.ModuleID, &a.Version, &started, &submitted, &percent, &a.PassMark, &passed); err != nil {
			return nil, fmt.Errorf("list the attempts: %w", err)
		}
		a.StartedAt, a.Percent, a.Passed = time.UnixMilli(started).UTC(), int(percent.Int64), passed.Int64 == 1
		if submitted.Valid {
			a.SubmittedAt = time.UnixMilli(submitted.Int64).UTC()
		}
		attempts = append(attempts, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the attempts: %w", err)
	}
	return attempts, nil
}
