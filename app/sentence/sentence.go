// Package sentence turns an error into what a person reads: what happened, what is safe, and what to do. It is the one
// place that does so, for the window and for the commands.
package sentence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/casework"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/learning"
	"wardbook/data/station"
	"wardbook/data/vault"
)

// Say returns the text of a key in the person's language.
type Say func(key string) string

// rule gives the advice for an error. The error's own words say what happened; replace says it in the text of the key
// alone, where the error's words would not help.
type rule struct {
	target  error
	key     string
	replace bool
}

// rules stand from the particular to the general: the first that matches counts.
func rules() []rule {
	return []rule{
		{context.Canceled, "error.cancelled", true},
		{account.ErrWrongPassphrase, "error.wrong-passphrase", false},
		{account.ErrBackOff, "error.back-off", false},
		{account.ErrNotAllowed, "error.not-allowed", false},
		{account.ErrDeactivated, "error.deactivated", false},
		{account.ErrLastWayIn, "error.last-way-in", false},
		{account.ErrPassphraseTooShort, "error.passphrase", false},
		{account.ErrPassphraseTooWeak, "error.passphrase", false},
		{account.ErrCaseworkRecoveryNeeded, "error.casework-recovery", false},
		{account.ErrOldKeyFile, "error.old-key-file", false},
		{account.ErrDamagedKeyFile, "error.damaged-key-file", false},
		{account.ErrStatements, "error.statements", false},
		{station.ErrInUse, "error.in-use", false},
		{vault.ErrInUse, "error.in-use", false},
		{station.ErrNotSetUp, "error.not-set-up", false},
		{station.ErrNotEmpty, "error.not-empty", false},
		{station.ErrRecoveryInside, "error.recovery-inside", false},
		{station.ErrLocked, "error.locked", true},
		{vault.ErrNewerFormat, "error.newer-store", false},
		{vault.ErrNewerSchema, "error.newer-store", false},
		{vault.ErrRolledBack, "error.rolled-back", false},
		{vault.ErrDamaged, "error.damaged-store", false},
		{vault.ErrFull, "error.full-store", false},
		{vault.ErrFailed, "error.failed-store", false},
		{content.ErrVersionConflict, "error.version-conflict", false},
		{content.ErrNotOwner, "error.not-owner", false},
		{content.ErrMalformedDocument, "error.malformed-document", false},
		{content.ErrWithdrawn, "error.withdrawn", false},
		{casework.ErrIncomplete, "error.incomplete", false},
		{casework.ErrNoCertificate, "error.no-certificate", false},
		{casework.ErrWithdrawn, "error.withdrawn", false},
		{casework.ErrNotCurrent, "error.nothing-done", false},
		{casework.ErrReadingBegun, "error.nothing-done", false},
		{casework.ErrOwnRecord, "error.nothing-done", false},
		{casework.ErrNotBlind, "error.nothing-done", false},
		{casework.ErrBeingRead, "error.nothing-done", false},
		{casework.ErrUnsound, "error.nothing-done", false},
		{casework.ErrNoPeriods, "error.nothing-done", false},
		{casework.ErrTooLong, "error.nothing-done", false},
		{casework.ErrNotFound, "error.nothing-done", false},
		{learning.ErrNotFound, "error.nothing-done", false},
		{learning.ErrNoQuiz, "error.nothing-done", false},
		{learning.ErrSubmitted, "error.nothing-done", false},
		{learning.ErrBadAnswer, "error.nothing-done", false},
		{learning.ErrNotGenuine, "error.tell-administrator", false},
		{account.ErrRekeyUnfinished, "error.rekey-unfinished", false},
		{vault.ErrGaveWay, "error.nothing-changed", false},
		{vault.ErrWrongKey, "error.tell-administrator", false},
		{account.ErrReasonNeeded, "error.reason", false},
		{account.ErrNameTaken, "error.nothing-done", false},
		{account.ErrBadName, "error.nothing-done", false},
		{account.ErrUnknownAccount, "error.nothing-done", false},
		{account.ErrWrongRecoveryKey, "error.nothing-done", false},
		{station.ErrBadSetting, "error.nothing-done", false},
		{station.ErrBadStationName, "error.nothing-done", false},
		{casework.ErrReasonNeeded, "error.reason", false},
		{learning.ErrWithdrawn, "error.withdrawn", false},
		{audit.ErrIncomplete, "error.nothing-changed", false},
		{exchange.ErrUnknownPublisher, "error.unknown-publisher", false},
		{exchange.ErrRevokedPublisher, "error.refused", false},
		{exchange.ErrSequenceConflict, "error.tell-administrator", false},
		{exchange.ErrFingerprint, "error.fingerprint", false},
		{exchange.ErrWrongKind, "error.refused", false},
		{exchange.ErrBadLayout, "error.refused", false},
		{exchange.ErrForeignOwner, "error.refused", false},
		{exchange.ErrChangedSince, "error.nothing-done", false},
		{exchange.ErrLint, "error.lint", false},
		{exchange.ErrNoNote, "error.nothing-done", false},
		{exchange.ErrNothingToPublish, "error.nothing-done", false},
		{exchange.ErrNoOfficeKey, "error.nothing-done", false},
		{exchange.ErrForeignContent, "error.nothing-done", false},
		{exchange.ErrNotAReceipt, "error.receipt", false},
		{exchange.ErrNoSuchPublisher, "error.nothing-done", false},
		{exchange.ErrNoSuchItem, "error.nothing-done", false},
		{exchange.ErrOlderVersion, "error.nothing-done", false},
		{exchange.ErrBadDate, "error.nothing-done", false},
		{bundle.ErrExpired, "error.expired", false},
		{bundle.ErrNewerFormat, "error.refused", false},
		{bundle.ErrNoSpace, "error.another-drive", false},
		{bundle.ErrTooBigForFAT, "error.another-drive", false},
		{bundle.ErrReadOnly, "error.another-drive", false},
		{bundle.ErrRereadDiffers, "error.another-drive", false},
		{bundle.ErrTargetExists, "error.another-name", false},
		{syscall.ENOSPC, "error.no-space", true},
		{fs.ErrPermission, "error.permission", false},
		{fs.ErrNotExist, "error.not-there", false},
	}
}

// Of returns the sentences for an error in the language of say.
func Of(err error, say Say) string {
	if err == nil {
		return ""
	}
	for _, r := range rules() {
		if !errors.Is(err, r.target) {
			continue
		}
		if r.replace {
			return say(r.key)
		}
		return join(whatHappened(err, r.target), say(r.key))
	}
	if code := bundle.Code(err); code != "" {
		return join(whatHappened(err, nil), say("error.refused"))
	}
	var read *bundle.ReadError
	if errors.As(err, &read) {
		return join(whatHappened(read, nil), say("error.stick"))
	}
	return join(whatHappened(err, nil), say("error.nothing-changed"))
}

// whatHappened returns the error's words without the technical steps that led to the known error.
func whatHappened(err, target error) string {
	text := err.Error()
	if target != nil {
		if i := strings.Index(text, target.Error()); i > 0 {
			text = text[i:]
		}
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	text = strings.Join(lines, "; ")
	if strings.HasSuffix(text, ")") {
		text = strings.Replace(text, ". (", " (", 1) // what it was about stands behind a whole sentence
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}

func join(happened, advice string) string {
	if advice == "" {
		return happened
	}
	return happened + " " + advice
}

// English reads the texts from a translation file, for the commands, which have no window.
func English(translations fs.FS) (Say, error) {
	raw, err := fs.ReadFile(translations, "en.json")
	if err != nil {
		return nil, fmt.Errorf("read the texts: %w", err)
	}
	var texts map[string]any
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, fmt.Errorf("read the texts: %w", err)
	}
	return func(key string) string {
		text, ok := texts[key].(string)
		if !ok {
			return ""
		}
		return text
	}, nil
}
