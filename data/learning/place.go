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

// Place is where an account left off reading a module. LessonID is "" where it has not begun, or where the lesson does
// not exist any more in the newest version.
type Place struct {
	ModuleID string
	Version  int          // of the module that can be read now
	Title    content.Text // of the module
	LessonID string
	Position float32 // in the lesson, 0 (top) to 1 (end)
	At       time.Time
}

// Place returns where the account left off in a module. It is the zero Place with its ModuleID if it has not begun.
func (s *Service) Place(ctx context.Context, moduleID string) (Place, error) {
	var places []Place
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		places, err = readPlaces(ctx, tx, `account_id = ? AND module_id = ?`, s.actor.AccountID(), moduleID)
		return err
	})
	if err != nil || len(places) == 0 {
		return Place{ModuleID: moduleID}, err
	}
	place, _, err := s.stillThere(ctx, places[0])
	return place, err
}

// Continue returns the place where the account was reading last, nil if it has not begun to read anything that can
// still be read.
func (s *Service) Continue(ctx context.Context) (*Place, error) {
	var places []Place
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		places, err = readPlaces(ctx, tx, `account_id = ?`, s.actor.AccountID())
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		place, readable, err := s.stillThere(ctx, place)
		if err != nil {
			return nil, err
		}
		if readable {
			return &place, nil
		}
	}
	return nil, nil
}

// stillThere fits a saved place to the version of the module that can be read now: with a lesson that is gone, reading
// starts at the module's beginning.
func (s *Service) stillThere(ctx context.Context, place Place) (Place, bool, error) {
	module, _, err := s.courses.Get(ctx, content.Ref{ID: place.ModuleID})
	if errors.Is(err, content.ErrWithdrawn) || errors.Is(err, content.ErrNotFound) {
		return place, false, nil
	}
	if err != nil {
		return Place{}, false, fmt.Errorf("read the module %s: %w", place.ModuleID, err)
	}
	if module.Module == nil {
		return place, false, nil
	}
	place.Title, place.Version = module.Title, module.Version
	if !slices.ContainsFunc(module.Module.Lessons, func(l content.Lesson) bool { return l.ID == place.LessonID }) {
		place.LessonID, place.Position = "", 0
	}
	return place, true, nil
}

func readPlaces(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Place, error) {
	rows, err := tx.QueryContext(ctx, `SELECT module_id, module_version, lesson_id, position, at FROM learning_place
		WHERE `+where+` ORDER BY at DESC, module_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the reading positions: %w", err)
	}
	defer rows.Close()
	var places []Place
	for rows.Next() {
		var place Place
		var at int64
		if err := rows.Scan(&place.ModuleID, &place.Version, &place.LessonID, &place.Position, &at); err != nil {
			return nil, fmt.Errorf("read a reading position: %w", err)
		}
		place.At = time.UnixMilli(at).UTC()
		places = append(places, place)
	}
	return places, rows.Err()
}

// SavePlace notes where the account is reading. A position outside 0 to 1 is taken as the nearer end.
func (s *Service) SavePlace(ctx context.Context, moduleID string, version int, lessonID string, position float32) error {
	if !(position > 0) { // also not a number
		position = 0
	}
	err := s.library.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO learning_place (account_id, module_id, module_version, lesson_id, position, at)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account_id, module_id) DO UPDATE SET
			module_version = excluded.module_version, lesson_id = excluded.lesson_id, position = excluded.position, at = excluded.at`,
			s.actor.AccountID(), moduleID, version, lessonID, float64(min(position, 1)), s.now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("save the reading position: %w", err)
	}
	return nil
}

// MarkRead notes that the account has read a lesson to its end. Doing it twice is harmless.
func (s *Service) MarkRead(ctx context.Context, moduleID string, version int, lessonID string) error {
	err := s.library.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO learning_lesson_read (account_id, module_id, lesson_id, module_version, at)
			VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			s.actor.AccountID(), moduleID, lessonID, version, s.now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note the lesson as read: %w", err)
	}
	return nil
}

// LessonsRead returns the ids of the lessons of a module that the account has read, in whichever version.
func (s *Service) LessonsRead(ctx context.Context, moduleID string) (map[string]bool, error) {
	var read map[string]map[string]bool
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		read, err = readLessons(ctx, tx, s.actor.AccountID())
		return err
	})
	if err != nil {
		return nil, err
	}
	if read[moduleID] == nil {
		return map[string]bool{}, nil
	}
	return read[moduleID], nil
}

// readLessons returns the lessons an account has read, by module.
func readLessons(ctx context.Context, tx *sql.Tx, accountID string) (map[string]map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT module_id, lesson_id FROM learning_lesson_read WHERE account_id = ?`, accountID)
	if err != nil {
		return nil, fmt.Errorf("read which lessons were read: %w", err)
	}
	defer rows.Close()
	read := map[string]map[string]bool{}
	for rows.Next() {
		var module, lesson string
		if err := rows.Scan(&module, &lesson); err != nil {
			return nil, fmt.Errorf("read which lessons were read: %w", err)
		}
		if read[module] == nil {
			read[module] = map[string]bool{}
		}
		read[module][lesson] = true
	}
	return read, rows.Err()
}
