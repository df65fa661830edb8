package learning

import (
	"context"
	"time"

	"wardbook/data/content"
)

func randomSeed() (int64, error) { panic("") }

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

// StartAttempt begins an attempt at the newest usable version of a module, or returns the one that is open: also one
// of a superseded version, which may be finished. An open attempt at a withdrawn version is closed and a new one begun
// if there is a newer version; otherwise the error is ErrWithdrawn.
func (s *Service) StartAttempt(ctx context.Context, moduleID string) (Attempt, error) { panic("") }

// SaveAnswer keeps an answer as it is given. An empty Given takes it back.
func (s *Service) SaveAnswer(ctx context.Context, attemptID, questionID string, given Given) error {
	panic("")
}

// Submit ends an attempt and says how it went. When this passes the last module of a course that the account has no
// current certificate of, the certificate is issued. Unanswered questions count as not right.
func (s *Service) Submit(ctx context.Context, attemptID string) (Result, error) { panic("") }

// Attempt returns an attempt of the account, open or submitted.
func (s *Service) Attempt(ctx context.Context, attemptID string) (Attempt, error) { panic("") }

// Result returns the result of an attempt that was submitted earlier.
func (s *Service) Result(ctx context.Context, attemptID string) (Result, error) { panic("") }

// Attempts returns the account's attempts at a module, newest first.
func (s *Service) Attempts(ctx context.Context, moduleID string) ([]AttemptSummary, error) { panic("") }
