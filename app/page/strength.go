package page

import (
	"errors"

	"wardbook/app/words"
	"wardbook/data/account"
)

// PassphraseStrength says how good a passphrase is, in the person's language, and whether it may be used. obvious is what
// is known about the account.
func PassphraseStrength(typed string, obvious ...string) (text string, good bool) {
	_, err := account.CheckPassphrase(typed, obvious...)
	switch {
	case err == nil:
		return words.Of("signin.strength.good"), true
	case errors.Is(err, account.ErrPassphraseTooShort):
		return words.Named("signin.strength.short", "Least", account.MinPassphrase, "Now", len([]rune(typed))), false
	case errors.Is(err, account.ErrPassphraseTooLong):
		return words.Named("signin.strength.long", "Most", account.MaxPassphrase), false
	}
	return words.Of("signin.strength.weak"), false
}
