package casework

import (
	"context"
	"time"

	"wardbook/data/content"
)

// State says how far a record has come.
type State string

// The states of a record or urgent note.
const (
	StateSubmitted State = "submitted" // waits for a second reader
	StateBeingRead State = "being-read"
)

// Record is a submitted checklist. It never changes.
type Record struct {
	ID             string
	AuthorID       string
	AuthorName     string           // as it was then
	Checklist      content.Document // the version it was written with, whole
	ChecklistState content.State    // now: a withdrawn version marks the record
	Subject        *Subject         // nil in an environment checklist, and where a process concerns nobody
	Answers        map[string]ItemAnswer
	Closing        map[string]string
	State          State
	SubmittedAt    time.Time
	ReviewDue      string // a day, 2027-05-23
	DeleteDue      string // a day
	Replaces       string // the record that was taken back before, "" if none
	Reading        *Reading
}

// Reading is that a second reader has begun to read.
type Reading struct {
	ReaderID   string
	ReaderName string
	BegunAt    time.Time
}

// RecordSummary is one line of the account's own records.
type RecordSummary struct {
	ID               string
	Reference        string // "" where no person is concerned
	ChecklistID      string
	ChecklistTitle   content.Text
	ChecklistVersion int
	ChecklistKind    content.ChecklistKind
	ChecklistState   content.State // now: withdrawn marks the record
	State            State
	SubmittedAt      time.Time
	ReviewDue        string // a day
	DeleteDue        string // a day
}

// Records returns the account's own records, the last submitted first.
func (s *Service) Records(ctx context.Context) ([]RecordSummary, error) { panic("") }

// Record opens a record: an own one, one that the account reads as second reader, or any for a manager. Somebody else's
// needs a reason. The log keeps that it was opened.
func (s *Service) Record(ctx context.Context, id, reason string) (Record, error) { panic("") }

// TakeBack turns an own record back into a draft, until a reading begins (ErrReadingBegun).
func (s *Service) TakeBack(ctx context.Context, id string) (Draft, error) { panic("") }
