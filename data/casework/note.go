package casework

import (
	"context"
	"time"
)

// UrgentNoteInput is an urgent note as it is typed: facts only.
type UrgentNoteInput struct {
	Subject  SubjectInput // the reference is needed
	What     string       // seen or heard
	When     time.Time
	Where    string
	HowKnown string
}

// UrgentNote is a note that reached the second reader. It never changes.
type UrgentNote struct {
	ID          string
	AuthorID    string
	AuthorName  string
	Subject     Subject
	What        string
	When        time.Time
	Where       string
	HowKnown    string
	State       State
	SubmittedAt time.Time
	ReviewDue   string // a day
	DeleteDue   string // a day
	Reading     *Reading
}

// NoteSummary is one line of the account's own urgent notes.
type NoteSummary struct {
	ID          string
	Reference   string
	State       State
	SubmittedAt time.Time
	ReviewDue   string // a day
	DeleteDue   string // a day
}

// UrgentNoteWarning is to be shown before an urgent note is written.
const UrgentNoteWarning = "If somebody may come to harm, tell the duty supervisor now. Then write this note."

// UrgentNote hands facts to the second reader, without a checklist and without a certificate.
func (s *Service) UrgentNote(ctx context.Context, input UrgentNoteInput) (UrgentNote, error) {
	panic("")
}

// CheckNote returns what an urgent note still needs. ItemID and SectionID are empty.
func (s *Service) CheckNote(input UrgentNoteInput) []Gap { panic("") }

// Notes returns the account's own urgent notes, the last first.
func (s *Service) Notes(ctx context.Context) ([]NoteSummary, error) { panic("") }

// Note opens an urgent note, under the same rules as Record.
func (s *Service) Note(ctx context.Context, id, reason string) (UrgentNote, error) { panic("") }
