package account

import (
	"errors"
	"fmt"
	"time"

	"wardbook/data/vault/keyfile"
)

// Errors that callers decide on.
var (
	ErrNotAllowed         = errors.New("not allowed")
	ErrLocked             = errors.New("the session is locked")
	ErrBadRole            = errors.New("unknown role")
	ErrBadName            = errors.New("the account name cannot be used")
	ErrNameTaken          = errors.New("another account has this name")
	ErrUnknownAccount     = errors.New("there is no such account")
	ErrDeactivated        = errors.New("the account is deactivated")
	ErrReasonNeeded       = errors.New("this needs a reason, which stands in the log")
	ErrLastWayIn          = errors.New("this is the last way in")
	ErrPassphraseTooShort = errors.New("the passphrase is too short")
	ErrPassphraseTooWeak  = errors.New("the passphrase is too easy to guess")
	ErrPassphraseTooLong  = errors.New("the passphrase is too long")
	// ErrCaseworkRecoveryNeeded says that nobody signed in holds the casework key, so that only its recovery key helps.
	ErrCaseworkRecoveryNeeded = errors.New("the casework recovery key is needed")
	// ErrWrongRecoveryKey says that a typed recovery key does not open the store that it was typed for.
	ErrWrongRecoveryKey = errors.New("this is not the recovery key of this store")
	// ErrStatements says that the signed statements about accounts do not lead back to the first administrator.
	ErrStatements = errors.New("the accounts of this library cannot be trusted")

	ErrWrongPassphrase = keyfile.ErrWrongPassphrase
	ErrOldKeyFile      = keyfile.ErrOld
	ErrDamagedKeyFile  = keyfile.ErrDamaged
)

// BackOffError says that too many wrong passphrases were typed for an account and when the next attempt is possible.
type BackOffError struct{ Until time.Time }

func (e *BackOffError) Error() string {
	return fmt.Sprintf("too many wrong passphrases; try again after %s", e.Until.Local().Format("15:04:05 on 2 Jan 2006"))
}

// Is makes every BackOffError match ErrBackOff.
func (e *BackOffError) Is(target error) bool { return target == ErrBackOff }

// ErrBackOff matches every BackOffError; use errors.As to learn until when.
var ErrBackOff = errors.New("too many wrong passphrases")
