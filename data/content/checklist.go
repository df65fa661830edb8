package content

// ChecklistKind tells what a checklist is about: what a person was seen to do, the prison itself, or a procedure.
// None is called an assessment: screening and assessment are different aims.
type ChecklistKind string

// The kinds of checklists.
const (
	ChecklistObservation ChecklistKind = "observation"
	ChecklistEnvironment ChecklistKind = "environment"
	ChecklistProcess     ChecklistKind = "process"
)

// ItemKind tells what an item looks for. Protective items stand first.
type ItemKind string

// The kinds of items.
const (
	ItemProtective  ItemKind = "protective"
	ItemConcern     ItemKind = "concern"
	ItemSafeguard   ItemKind = "safeguard"
	ItemEnvironment ItemKind = "environment"
)

// The answers to an observation item. Not knowing is always one of them.
const (
	AnswerNotObserved   = "not-observed"
	AnswerOnce          = "once"
	AnswerRepeatedly    = "repeatedly"
	AnswerNotEnoughInfo = "not-enough-information"
)

// AnswerSets are the answers a checklist of each kind may offer. A process checklist takes one of two sets.
func AnswerSets(kind ChecklistKind) [][]string {
	switch kind {
	case ChecklistObservation:
		return [][]string{{AnswerNotObserved, AnswerOnce, AnswerRepeatedly, AnswerNotEnoughInfo}}
	case ChecklistEnvironment:
		return [][]string{{"in-place", "partly", "absent", "urgent"}}
	case ChecklistProcess:
		return [][]string{{"yes", "no", "ask"}, {"satisfied", "not-satisfied", "unclear"}}
	}
	return nil
}

// Checklist is a form that is filled about behaviour, a prison or a procedure.
type Checklist struct {
	Kind         ChecklistKind `json:"kind"`
	Purpose      Text          `json:"purpose"`
	Introduction Text          `json:"introduction,omitempty"`
	Roles        []string      `json:"roles"`            // who fills it; everyone may read it
	Course       string        `json:"course,omitempty"` // whose current certificate filling it takes
	Answers      []string      `json:"answers"`
	Sections     []Section     `json:"sections"`
	Closing      []Closing     `json:"closing,omitempty"`
	Sources      []string      `json:"sources,omitempty"`
}

// Section is a part of a checklist, shown as one screen.
type Section struct {
	ID       string `json:"id"`
	Title    Text   `json:"title"`
	Guidance Text   `json:"guidance,omitempty"`
	Items    []Item `json:"items"`
}

// Item is one thing to look for. Its id is stable across versions.
type Item struct {
	ID                  string   `json:"id"`
	Kind                ItemKind `json:"kind"`
	Text                Text     `json:"text"`
	Guidance            Text     `json:"guidance"`
	NotToBeConfusedWith Text     `json:"not_to_be_confused_with"`
	EvidenceRequired    bool     `json:"evidence_required"`
	TaughtIn            string   `json:"taught_in,omitempty"` // module/lesson
	Source              string   `json:"source,omitempty"`
}

// Closing is a question asked before submitting, answered in words. NoneAnswer, where set, is a valid answer by one tap.
type Closing struct {
	ID         string `json:"id"`
	Text       Text   `json:"text"`
	NoneAnswer Text   `json:"none_answer,omitempty"`
}
