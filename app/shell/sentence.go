package shell

import (
	"errors"

	"wardbook/app/sentence"
	"wardbook/app/words"
)

// Sentence turns an error into what a person reads.
func Sentence(err error) string {
	var broken *brokenError
	if errors.As(err, &broken) {
		return words.With("shell.fault", map[string]any{"Kind": broken.kind})
	}
	return sentence.Of(err, words.Of)
}
