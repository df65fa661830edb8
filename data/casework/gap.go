package casework

import "strings"

// IncompleteError says what is missing. It is ErrIncomplete.
type IncompleteError struct{ Gaps []Gap }

func (e *IncompleteError) Error() string {
	sentences := make([]string, 0, len(e.Gaps))
	for _, gap := range e.Gaps {
		sentences = append(sentences, gap.Sentence)
	}
	return ErrIncomplete.Error() + ": " + strings.Join(sentences, " ")
}

// Is makes every IncompleteError match ErrIncomplete.
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }
