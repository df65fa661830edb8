package keyfile

import "errors"

// Errors that callers decide on. The sentences are complete: they are shown to people as they are.
var (
	ErrWrongPassphrase = errors.New("the passphrase does not open this account")
	ErrOld             = errors.New("an old key file was put back")
	ErrDamaged         = errors.New("a key file is damaged")
	ErrWorkFactor      = errors.New("the account file asks for another scrypt work factor than Wardbook's")
	ErrNotFound        = errors.New("a key file is missing")
	ErrNoAccess        = errors.New("the key file was not made for this account")
)
