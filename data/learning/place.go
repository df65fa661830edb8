package learning

import (
	"context"
	"time"

	"wardbook/data/content"
)

// Place is where an account left off reading a module. LessonID is "" where it has not begun, or where the lesson does
// not exist any more in the newest version.
type Place struct {
	ModuleID string
	Version  int          // that was read
	Title    content.Text // of the module
	LessonID string
	Position float32 // in the lesson, 0 (top) to 1 (end)
	At       time.Time
}

// Place returns where the account left off in a module. It is the zero Place with its ModuleID if it has not begun.
func (s *Service) Place(ctx context.Context, moduleID string) (Place, error) { panic("") }

// SavePlace notes where the account is reading. A position outside 0 to 1 is taken as the nearer end.
func (s *Service) SavePlace(ctx context.Context, moduleID string, version int, lessonID string, position float32) error {
	panic("")
}

// MarkRead notes that the account has read a lesson to its end. Doing it twice is harmless.
func (s *Service) MarkRead(ctx context.Context, moduleID string, version int, lessonID string) error {
	panic("")
}

// LessonsRead returns the ids of the lessons of a module that the account has read, in whichever version.
func (s *Service) LessonsRead(ctx context.Context, moduleID string) (map[string]bool, error) {
	panic("")
}

// Continue returns the place where the account was reading last, nil if it has not begun to read anything that can
// still be read.
func (s *Service) Continue(ctx context.Context) (*Place, error) { panic("") }
