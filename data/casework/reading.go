package casework

import (
	"context"
	"time"

	"wardbook/data/content"
)

// Waiting is a record or urgent note of somebody else for the second reader. Its author is not shown: a reading begins
// with what was observed.
type Waiting struct {
	ID               string
	Urgent           bool // an urgent note; ChecklistTitle is nil
	Reference        string
	Unit             string
	ChecklistTitle   content.Text
	ChecklistVersion int
	ChecklistState   content.State // withdrawn marks the record
	Mine             bool          // this account has begun to read it
	SubmittedAt      time.Time
	ReviewDue        string // a day
}

// Waiting returns what waits for a second reader and what this account is reading, the longest waiting first. Own
// records and what somebody else reads are not among it.
func (s *Service) Waiting(ctx context.Context) ([]Waiting, error) { panic("") }

// BeginReading makes the account the second reader of a record and opens it. From now on it cannot be taken back.
func (s *Service) BeginReading(ctx context.Context, id, reason string) (Record, error) { panic("") }

// BeginNoteReading does the same for an urgent note.
func (s *Service) BeginNoteReading(ctx context.Context, id, reason string) (UrgentNote, error) {
	panic("")
}
