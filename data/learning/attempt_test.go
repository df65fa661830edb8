package learning_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
	"wardbook/data/content"
	"wardbook/data/learning"
)

func TestAnAttemptSurvivesAnEndOfTheProgram(t *testing.T) {
	// Given an attempt with one answer saved,
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 2, 12, 8))
	began, err := w.service.StartAttempt(ctx, "observe")
	if err != nil {
		t.Fatal(err)
	}
	given := learning.Given{AnswerIDs: []string{"half"}}
	if err := w.service.SaveAnswer(ctx, began.ID, began.Questions[3].ID, given); err != nil {
		t.Fatal(err)
	}
	// when the program ends and starts again,
	w.reopen()
	again, err := w.service.StartAttempt(ctx, "observe")
	if err != nil {
		t.Fatal(err)
	}
	// then it is the same attempt with the same questions in the same order, and the answer is there.
	if len(began.Questions) != 8 {
		t.Errorf("%d questions were drawn, want 8", len(began.Questions))
	}
	if again.ID != began.ID || !reflect.DeepEqual(again.Questions, began.Questions) {
		t.Error("the attempt is another one")
	}
	if !reflect.DeepEqual(again.Given, map[string]learning.Given{began.Questions[3].ID: given}) {
		t.Errorf("the answers are %v", again.Given)
	}
}

func TestAnAttemptPinsItsVersion(t *testing.T) {
	// Given an open attempt at version 1,
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 5, 0))
	began, err := w.service.StartAttempt(ctx, "observe")
	if err != nil {
		t.Fatal(err)
	}
	// when version 2 supersedes it,
	w.put(module("observe", 2, 1, 7, 0))
	// then the attempt goes on with the questions of version 1 and can be submitted,
	result := w.take("observe", 5)
	if result.AttemptID != began.ID || result.Version != 1 || !result.Passed {
		t.Errorf("the result is of version %d, passed %v", result.Version, result.Passed)
	}
	if stem := result.Questions[0].Question.Stem["en"]; stem != "Version 1 asks?" {
		t.Errorf("the question became %q", stem)
	}
	// and the next attempt is at version 2.
	next, err := w.service.StartAttempt(ctx, "observe")
	if err != nil || next.Version != 2 || len(next.Questions) != 7 {
		t.Errorf("the next attempt is at version %d with %d questions (%v)", next.Version, len(next.Questions), err)
	}
}

func TestAWithdrawnModuleCannotBeAttempted(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 5, 0))
	open, err := w.service.StartAttempt(ctx, "observe")
	if err != nil {
		t.Fatal(err)
	}
	w.withdraw("observe", 1)
	if _, err := w.service.Submit(ctx, open.ID); !errors.Is(err, learning.ErrWithdrawn) {
		t.Errorf("submitting gave %v", err)
	}
	if _, err := w.service.StartAttempt(ctx, "observe"); !errors.Is(err, learning.ErrWithdrawn) {
		t.Errorf("beginning gave %v", err)
	}
	// A newer version that is not withdrawn is attempted instead.
	w.put(module("observe", 2, 1, 5, 0))
	next, err := w.service.StartAttempt(ctx, "observe")
	if err != nil || next.Version != 2 || next.ID == open.ID {
		t.Errorf("the next attempt is %v at version %d (%v)", next.ID, next.Version, err)
	}
	if _, err := w.service.Submit(ctx, open.ID); !errors.Is(err, learning.ErrWithdrawn) {
		t.Errorf("submitting the closed attempt gave %v", err)
	}
}

func TestTheStrictestPassMarkCounts(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("alone", 1, 1, 10, 0), module("shared", 1, 1, 10, 0), course("easy", 1, 60, 12, "shared"), course("strict", 1, 90, 12, "shared"))
	for id, want := range map[string]int{"alone": 80, "shared": 90} {
		attempt, err := w.service.StartAttempt(ctx, id)
		if err != nil || attempt.PassMark != want {
			t.Errorf("the pass mark of %s is %d (%v), want %d", id, attempt.PassMark, err, want)
		}
	}
	if result := w.take("shared", 8); result.Percent != 80 || result.Passed {
		t.Errorf("80 %% against a mark of 90 %%: %d %%, passed %v", result.Percent, result.Passed)
	}
	if result := w.take("shared", 9); result.Percent != 90 || !result.Passed {
		t.Errorf("90 %% against a mark of 90 %%: %d %%, passed %v", result.Percent, result.Passed)
	}
}

func TestRoundingNeverLiftsAnybodyOverTheMark(t *testing.T) {
	w := newWorld(t)
	w.put(module("observe", 1, 1, 9, 0), course("course", 1, 78, 12, "observe")) // 7 of 9 is 77.8 %
	if result := w.take("observe", 7); result.Percent != 77 || result.Passed {
		t.Errorf("7 of 9 are %d %%, passed %v", result.Percent, result.Passed)
	}
}

func TestAResultTeaches(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 1, 0))
	attempt, err := w.service.StartAttempt(ctx, "observe")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.service.SaveAnswer(ctx, attempt.ID, "Question 1", learning.Given{AnswerIDs: []string{"half"}}); err != nil {
		t.Fatal(err)
	}
	submitted, err := w.service.Submit(ctx, attempt.ID)
	if err != nil {
		t.Fatal(err)
	}
	q := submitted.Questions[0]
	if q.Right || len(q.Feedback) != 1 || q.Feedback[0]["en"] != "Not all of it." || len(q.Correct) != 1 || q.Correct[0].ID != "right" {
		t.Errorf("the result says %+v", q)
	}
	// It can be read again, the same.
	again, err := w.service.Result(ctx, attempt.ID)
	if err != nil || !reflect.DeepEqual(again, submitted) {
		t.Errorf("read again it is %+v (%v)", again, err)
	}
}

func TestWhatWasSubmittedNeverChanges(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 3, 0))
	result := w.take("observe", 1)
	err := w.service.SaveAnswer(ctx, result.AttemptID, "Question 1", learning.Given{AnswerIDs: []string{"right"}})
	if !errors.Is(err, learning.ErrSubmitted) {
		t.Errorf("saving an answer gave %v", err)
	}
	if _, err := w.service.Submit(ctx, result.AttemptID); !errors.Is(err, learning.ErrSubmitted) {
		t.Errorf("submitting again gave %v", err)
	}
	for _, statement := range []string{
		`UPDATE learning_attempt SET percent = 100, passed = 1`,
		`UPDATE learning_attempt_question SET given = '{}', given_at = 1`,
	} {
		err := w.library.Write(ctx, func(tx *sql.Tx) error { _, err := tx.Exec(statement); return err })
		if err == nil || !strings.Contains(err.Error(), "never change") {
			t.Errorf("%s gave %v", statement, err)
		}
	}
}

func TestOnlyAnswersOfTheAttemptAreKept(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 3, 0))
	attempt, err := w.service.StartAttempt(ctx, "observe")
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		question string
		given    learning.Given
	}{
		"unknown question":     {"Question 9", learning.Given{AnswerIDs: []string{"right"}}},
		"unknown answer":       {"Question 1", learning.Given{AnswerIDs: []string{"other"}}},
		"two where one counts": {"Question 1", learning.Given{AnswerIDs: []string{"right", "wrong"}}},
		"text to a choice":     {"Question 1", learning.Given{Text: "Yes"}},
	} {
		if err := w.service.SaveAnswer(ctx, attempt.ID, try.question, try.given); !errors.Is(err, learning.ErrBadAnswer) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestNobodySeesTheAttemptsOfSomebodyElse(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 3, 0))
	result := w.take("observe", 3)
	other := w.as(accounttest.Actor(t, "Trainer 12", account.RoleTrainer, account.RoleAdministrator))
	if _, err := other.Attempt(ctx, result.AttemptID); !errors.Is(err, learning.ErrNotFound) {
		t.Errorf("the attempt gave %v", err)
	}
	if _, err := other.Result(ctx, result.AttemptID); !errors.Is(err, learning.ErrNotFound) {
		t.Errorf("the result gave %v", err)
	}
	if list, err := other.Attempts(ctx, "observe"); err != nil || len(list) != 0 {
		t.Errorf("the list holds %d attempts (%v)", len(list), err)
	}
}

func TestAttemptsAreListedNewestFirst(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("observe", 1, 1, 4, 0))
	w.take("observe", 1)
	w.later(time.Hour)
	w.take("observe", 4)
	w.later(time.Hour)
	if _, err := w.service.StartAttempt(ctx, "observe"); err != nil {
		t.Fatal(err)
	}
	list, err := w.service.Attempts(ctx, "observe")
	if err != nil || len(list) != 3 {
		t.Fatalf("there are %d attempts (%v)", len(list), err)
	}
	if !list[0].SubmittedAt.IsZero() || !list[1].Passed || list[1].Percent != 100 || list[2].Passed || list[2].Percent != 25 {
		t.Errorf("the list is %+v", list)
	}
}

func TestAModuleWithoutQuestionsHasNoQuiz(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("read-only", 1, 1, 0, 0))
	if _, err := w.service.StartAttempt(ctx, "read-only"); !errors.Is(err, learning.ErrNoQuiz) {
		t.Errorf("beginning gave %v", err)
	}
	if _, err := w.service.StartAttempt(ctx, "not-here"); !errors.Is(err, content.ErrNotFound) {
		t.Errorf("an unknown module gave %v", err)
	}
}
