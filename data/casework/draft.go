package casework

import (
	"context"
	"time"

	"wardbook/data/content"
)

// Evidence is one occasion on which something was seen or heard: fact, apart from what anybody makes of it (LED 2016/680
// Art 7).
type Evidence struct {
	OccurredOn   string `json:"occurred_on,omitempty"`    // a day, 2026-11-23
	OccurredTime string `json:"occurred_time,omitempty"`  // 22:15, or "" if it is not known
	Place        string `json:"place,omitempty"`          //
	Witnessed    bool   `json:"witnessed,omitempty"`      // by the author in person
	ReportedBy   string `json:"reported_by,omitempty"`    // who told the author; needed if not Witnessed
	Fact         string `json:"fact,omitempty"`           // what was seen or heard
	HowKnown     string `json:"how_known,omitempty"`      // seen, heard, told, read
	SourceHeldAt string `json:"source_held_at,omitempty"` // where the underlying note, report or recording is kept
}

// ItemAnswer is what a draft or record says to one item.
type ItemAnswer struct {
	Answer         string     `json:"answer,omitempty"`         // one of the checklist's answers; "" is not answered
	Evidence       []Evidence `json:"evidence,omitempty"`       // for a positive answer to an observation item, at least one
	Interpretation string     `json:"interpretation,omitempty"` // the author's own, never mixed with fact
	Remark         string     `json:"remark,omitempty"`         // in environment and process checklists: the reason, with facts
}

// Draft is a checklist being filled. Every state of it can be saved.
type Draft struct {
	ID             string
	Checklist      content.Document      // the version it was begun with, whole
	ChecklistState content.State         // superseded: may be finished; withdrawn: cannot be submitted
	Subject        SubjectInput          // empty in an environment checklist
	Answers        map[string]ItemAnswer // by item id
	Closing        map[string]string     // by the id of the closing question
	Replaces       string                // the record that was taken back, "" if none
	CreatedAt      time.Time
	SavedAt        time.Time
}

// DraftSummary is one line of the account's own drafts.
type DraftSummary struct {
	ID               string
	Reference        string // of the subject, "" if not typed yet
	ChecklistID      string
	ChecklistTitle   content.Text
	ChecklistVersion int
	ChecklistKind    content.ChecklistKind
	ChecklistState   content.State
	CreatedAt        time.Time
	SavedAt          time.Time
}

// Fillable is a checklist and whether the account may fill it.
type Fillable struct {
	content.Summary
	ChecklistKind content.ChecklistKind
	Allowed       bool
	WhyNot        string // one sentence if not Allowed
}

// Gap is something a draft needs before it can be submitted. SectionID is "" for what belongs to the head and
// SectionClosing for the closing questions, whose ids are then in ItemID.
type Gap struct {
	SectionID string
	ItemID    string
	Occasion  int   // which Evidence of the item, from 0; -1 if it concerns none
	Field     Field // which field of it
	Sentence  string
}

// SectionClosing is the SectionID of closing questions.
const SectionClosing = "closing"

// Field names a field of the form.
type Field string

// The fields that a Gap may name.
const (
	FieldReference    Field = "reference"
	FieldCategory     Field = "category"
	FieldLegalStatus  Field = "legal-status"
	FieldUnit         Field = "unit"
	FieldAnswer       Field = "answer"
	FieldOccurredOn   Field = "occurred-on"
	FieldOccurredTime Field = "occurred-time"
	FieldPlace        Field = "place"
	FieldReportedBy   Field = "reported-by"
	FieldFact         Field = "fact"
	FieldHowKnown     Field = "how-known"
	FieldSourceHeldAt Field = "source-held-at"
	FieldRemark       Field = "remark"
	FieldClosing      Field = "closing"
)

// Positive reports whether an answer says that something was observed, and so needs evidence.
func Positive(answer string) bool { panic("") }

// SectionsOf returns the sections of a checklist in the order in which they are filled: protective ones first.
func SectionsOf(checklist content.Checklist) []content.Section { panic("") }

// ClosingOf returns the closing questions of a checklist. An observation checklist always asks for an alternative
// explanation, whether or not its publisher thought of it.
func ClosingOf(checklist content.Checklist) []content.Closing { panic("") }

// ChecklistsToFill returns the newest version of every checklist and whether the account may fill it.
func (s *Service) ChecklistsToFill(ctx context.Context) ([]Fillable, error) { panic("") }

// NewDraft begins to fill a checklist. Version 0 takes the current one.
func (s *Service) NewDraft(ctx context.Context, checklist content.Ref, subject SubjectInput) (Draft, error) {
	panic("")
}

// Drafts returns the account's own drafts, the last saved first.
func (s *Service) Drafts(ctx context.Context) ([]DraftSummary, error) { panic("") }

// Draft returns one of the account's own drafts.
func (s *Service) Draft(ctx context.Context, id string) (Draft, error) { panic("") }

// SaveDraft keeps Subject, Answers and Closing as they were typed, complete or not.
func (s *Service) SaveDraft(ctx context.Context, draft Draft) error { panic("") }

// RemoveDraft removes one of the account's own drafts.
func (s *Service) RemoveDraft(ctx context.Context, id string) error { panic("") }

// CheckDraft returns what a draft still needs, in the order of the form. None: it can be submitted.
func (s *Service) CheckDraft(ctx context.Context, id string) ([]Gap, error) { panic("") }

// Submit turns a draft into a record. ErrIncomplete (as IncompleteError), ErrNoCertificate, ErrWithdrawn.
func (s *Service) Submit(ctx context.Context, id string) (Record, error) { panic("") }
