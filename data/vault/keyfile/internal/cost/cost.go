// Package cost is the price of guessing a passphrase: the scrypt work factor of account files.
//
// It is internal to keyfile so that the program has no way to a cheaper one: only keyfile and keyfiletest can import
// it, and keyfiletest gives it to tests alone.
package cost

// Standard is the work factor of every account file: 2^18 rounds, about a second and 256 MiB.
const Standard = 18

// Cost is a work factor. The zero value is Standard.
type Cost struct{ reduced int }

// WorkFactor is the base-2 logarithm of the number of rounds.
func (c Cost) WorkFactor() int {
	if c.reduced != 0 {
		return c.reduced
	}
	return Standard
}

// Reduced is a cheap cost for tests.
func Reduced() Cost { return Cost{reduced: 4} }
