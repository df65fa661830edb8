package account

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxName is the longest account name, in characters.
const maxName = 64

// NormalName trims and checks an account name. Names show before sign-in: a service number is better than a name.
func NormalName(name string) (string, error) {
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	switch {
	case !utf8.ValidString(name):
		return "", fmt.Errorf("%w: it is not valid text", ErrBadName)
	case name == "":
		return "", fmt.Errorf("%w: it is empty", ErrBadName)
	case utf8.RuneCountInString(name) > maxName:
		return "", fmt.Errorf("%w: it has more than %d characters", ErrBadName, maxName)
	}
	for _, r := range name {
		// Invisible and direction-changing characters could make one account look like another.
		if !unicode.IsPrint(r) {
			return "", fmt.Errorf("%w: it holds a character that cannot be shown", ErrBadName)
		}
	}
	return name, nil
}

// foldName is the form in which names are compared.
func foldName(name string) string { return cases.Fold().String(norm.NFKC.String(name)) }

// SameName reports whether two spellings name the same account.
func SameName(a, b string) bool {
	a, errA := NormalName(a)
	b, errB := NormalName(b)
	return errA == nil && errB == nil && foldName(a) == foldName(b)
}
