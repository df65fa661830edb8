package learning_test

import (
	"context"
	"math"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
)

func TestReadingGoesOnWhereItWasLeft(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 3, 0, 0), module("second", 1, 3, 0, 0))
	if place, err := w.service.Continue(ctx); place != nil || err != nil {
		t.Fatalf("before anything was read: %v (%v)", place, err)
	}
	if place, err := w.service.Place(ctx, "first"); err != nil || place.ModuleID != "first" || place.LessonID != "" {
		t.Fatalf("an unread module: %+v (%v)", place, err)
	}
	if err := w.service.SavePlace(ctx, "second", 1, "lesson-3", 0.25); err != nil {
		t.Fatal(err)
	}
	w.later(time.Minute)
	if err := w.service.SavePlace(ctx, "first", 1, "lesson-2", 0.5); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	place, err := w.service.Continue(ctx)
	if err != nil || place == nil || place.ModuleID != "first" || place.LessonID != "lesson-2" || place.Position != 0.5 || place.Title["en"] != "Module first" {
		t.Errorf("it continues at %+v (%v)", place, err)
	}
	other := w.as(accounttest.Actor(t, "Officer 12", account.RoleOfficer))
	if place, err := other.Continue(ctx); place != nil || err != nil {
		t.Errorf("another account continues at %+v (%v)", place, err)
	}
	// What was withdrawn is not continued; a lesson that is gone leads to the module's beginning.
	w.withdraw("first", 1)
	if place, err := w.service.Continue(ctx); err != nil || place == nil || place.ModuleID != "second" {
		t.Errorf("it continues at %+v (%v)", place, err)
	}
	w.put(module("second", 2, 2, 0, 0))
	if place, err := w.service.Place(ctx, "second"); err != nil || place.Version != 2 || place.LessonID != "" || place.Position != 0 {
		t.Errorf("the lesson is gone, the place is %+v (%v)", place, err)
	}
}

func TestAPositionOutsideTheLessonIsItsNearerEnd(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 0, 0))
	for position, want := range map[float32]float32{-1: 0, 2: 1, float32(math.Inf(1)): 1, float32(math.NaN()): 0, 0.75: 0.75} {
		if err := w.service.SavePlace(ctx, "first", 1, "lesson-1", position); err != nil {
			t.Fatal(err)
		}
		if place, err := w.service.Place(ctx, "first"); err != nil || place.Position != want {
			t.Errorf("%v became %v (%v)", position, place.Position, err)
		}
	}
}

func TestALessonIsReadOnce(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 2, 0, 0), course("foundation", 1, 80, 24, "first"))
	for range 2 {
		if err := w.service.MarkRead(ctx, "first", 1, "lesson-1"); err != nil {
			t.Fatal(err)
		}
	}
	read, err := w.service.LessonsRead(ctx, "first")
	if err != nil || len(read) != 1 || !read["lesson-1"] {
		t.Errorf("read are %v (%v)", read, err)
	}
	overview, err := w.service.Overview(ctx)
	if err != nil || overview[0].Modules[0].LessonsRead != 1 {
		t.Errorf("the overview says %+v (%v)", overview, err)
	}
}
