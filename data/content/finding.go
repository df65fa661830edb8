package content

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity tells what a finding of the linter means.
type Severity string

// Errors block publishing. Warnings point at what is probably not meant. Questions ask the author to think about a
// wording; they explain and never block.
const (
	SeverityError    Severity = "error"
	SeverityWarning  Severity = "warning"
	SeverityQuestion Severity = "question"
)

// Finding is one thing the linter has to say, in one sentence, about a line of a file.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"` // from 1; 0 is the file as a whole
	Severity Severity `json:"severity"`
	Sentence string   `json:"sentence"`
}

func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", f.File, f.Severity, f.Sentence)
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Severity, f.Sentence)
}

// Blocks reports whether one of the findings is an error.
func Blocks(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == SeverityError })
}

func sortFindings(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(findings)
}
