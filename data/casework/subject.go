package casework

// Category is the legal category of the person a record is about (LED 2016/680 Art 6).
type Category string

// The categories.
const (
	CategorySuspect   Category = "suspect"
	CategoryConvicted Category = "convicted"
	CategoryVictim    Category = "victim"
	CategoryWitness   Category = "witness"
	CategoryOther     Category = "other"
)

// Categories lists the categories in the order in which they are shown.
func Categories() []Category {
	return []Category{CategorySuspect, CategoryConvicted, CategoryVictim, CategoryWitness, CategoryOther}
}

// LegalStatus is why the person is held. Being held before trial is not being convicted.
type LegalStatus string

// The legal statuses.
const (
	StatusPreTrial  LegalStatus = "pre-trial"
	StatusAppeal    LegalStatus = "appeal" // convicted, the judgment is not final
	StatusSentenced LegalStatus = "sentenced"
	StatusOther     LegalStatus = "other" // also somebody who is not held
)

// LegalStatuses lists the statuses in the order in which they are shown.
func LegalStatuses() []LegalStatus {
	return []LegalStatus{StatusPreTrial, StatusAppeal, StatusSentenced, StatusOther}
}

// SubjectInput is what is typed about the person: the prison's own reference and no name.
type SubjectInput struct {
	Reference   string      `json:"reference,omitempty"`
	Category    Category    `json:"category,omitempty"`
	LegalStatus LegalStatus `json:"legal_status,omitempty"`
	Unit        string      `json:"unit,omitempty"` // where in the prison
}

// Subject is the person a record is about, as it was when the record was submitted.
type Subject struct {
	ID          string
	Reference   string // the prison's own reference
	Category    Category
	LegalStatus LegalStatus
	Unit        string
}
