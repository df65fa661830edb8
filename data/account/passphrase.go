package account

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/text/unicode/norm"
)

// MinPassphrase and MaxPassphrase bound the length of a passphrase in characters. There is no rule about which
// characters: length and an estimate of guesses decide.
const (
	MinPassphrase = 12
	MaxPassphrase = 256
)

// minScore is the lowest score that is accepted: zxcvbn's 4, at least 10^10 guesses. One guess costs about a second and
// 256 MiB here, but somebody who has taken the computer away can try without end and on many machines. strongBits is
// from where on nothing more is asked for.
const (
	minScore   = 4
	strongBits = 45
)

// estimated is how much of a passphrase the estimate looks at; its time grows with the square of the length.
const estimated = 64

// obvious are words that somebody who knows the place would try first.
func obvious() []string {
	return []string{
		"wardbook", "prison", "jail", "prisoner", "inmate", "officer", "warder", "warden", "guard", "detention", "custody",
		"passphrase", "password", "trainer", "manager", "administrator", "auditor", "second reader", "checklist", "casework",
	}
}

// Strength is an estimate of how hard a passphrase is to guess.
type Strength struct {
	Bits     float64 // base-2 logarithm of the estimated number of guesses
	Score    int     // 0 (at once) to 4 (strong)
	Sentence string  // what to tell the person
}

// NormalPassphrase is the form in which a passphrase is used: composed Unicode (NFC), so that it does not depend on how
// a keyboard builds an accented letter. Nothing else is changed, spaces neither.
func NormalPassphrase(pass string) string { return norm.NFC.String(pass) }

// CheckPassphrase estimates a passphrase. words are what is obvious about the account, such as its name; they count as
// known to whoever guesses. The error is ErrPassphraseTooShort, ErrPassphraseTooLong or ErrPassphraseTooWeak; the
// Strength is filled in any case.
func CheckPassphrase(pass string, words ...string) (Strength, error) {
	pass = NormalPassphrase(pass)
	length := utf8.RuneCountInString(pass)
	known := obvious()
	for _, w := range words {
		w = strings.ToLower(norm.NFC.String(w))
		known = append(known, w)
		known = append(known, strings.FieldsFunc(w, func(r rune) bool { return strings.ContainsRune(" .,-_@", r) })...)
	}
	start := []rune(pass)
	result := zxcvbn.PasswordStrength(string(start[:min(len(start), estimated)]), known)
	s := Strength{Bits: math.Log2(max(result.Guesses, 1)), Score: result.Score}
	switch {
	case length < MinPassphrase:
		s.Sentence = fmt.Sprintf("Use at least %d characters; this has %d.", MinPassphrase, length)
		return s, fmt.Errorf("%w: use at least %d characters", ErrPassphraseTooShort, MinPassphrase)
	case length > MaxPassphrase:
		s.Sentence = fmt.Sprintf("Use at most %d characters.", MaxPassphrase)
		return s, fmt.Errorf("%w: use at most %d characters", ErrPassphraseTooLong, MaxPassphrase)
	case s.Score < minScore:
		s.Sentence = "Too easy to guess. Add another word or two that have nothing to do with each other, with you or with this place."
		return s, fmt.Errorf("%w: add another word or two that have nothing to do with each other", ErrPassphraseTooWeak)
	case s.Bits < strongBits:
		s.Sentence = "Good enough. One more unrelated word would make it strong."
	default:
		s.Sentence = "Strong."
	}
	return s, nil
}
