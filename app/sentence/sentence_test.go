package sentence_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"wardbook/app/sentence"
	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/vault"
	"wardbook/resources"
)

func say(t *testing.T) sentence.Say {
	t.Helper()
	say, err := sentence.English(resources.Translations())
	if err != nil {
		t.Fatal(err)
	}
	return say
}

func TestAnErrorBecomesWhatHappenedAndWhatToDo(t *testing.T) {
	for name, given := range map[string]struct {
		err  error
		want string
	}{
		"with steps before it": {
			fmt.Errorf("open the library: read the log: %w: record 7", vault.ErrDamaged),
			"The store is damaged: record 7. Nothing was changed. Keep the data folder as it is and tell your administrator.",
		},
		"with who may": {
			fmt.Errorf("%w: only a trainer may publish", account.ErrNotAllowed),
			"Not allowed: only a trainer may publish. Nothing was changed. Ask somebody who has that role.",
		},
		"a refusal of a bundle": {
			bundle.ErrDeflated,
			"This bundle has a compressed entry; entries must be stored as they are. Nothing was changed. Ask the sender for a new bundle, and tell your administrator if it happens again.",
		},
		"a full disk": {
			&fs.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC},
			"There is not enough room on the drive. What was saved before is safe, and nothing half-done was left. Make room and try again.",
		},
		"stopping": {fmt.Errorf("import: %w", context.Canceled), "Stopped. Nothing was changed."},
		"unknown":  {errors.New("oddness"), "Oddness. Nothing was changed. If it comes back, tell your administrator what you did."},
		"none":     {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sentence.Of(given.err, say(t)); got != given.want {
				t.Errorf("got  %q\nwant %q", got, given.want)
			}
		})
	}
}

func TestEveryRefusalOfABundleIsASentenceOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	for _, refusal := range bundle.Refusals() {
		text := sentence.Of(fmt.Errorf("import: %w", refusal), say(t))
		if before, ok := seen[text]; ok {
			t.Errorf("%s and %s have the same sentence: %s", before, refusal.Code(), text)
		}
		seen[text] = refusal.Code()
		if strings.Contains(text, "import:") || !strings.HasSuffix(text, ".") {
			t.Errorf("%s is no plain sentence: %s", refusal.Code(), text)
		}
	}
}

func TestTheAdviceIsThere(t *testing.T) {
	for _, err := range []error{account.ErrLastWayIn, account.ErrWrongPassphrase, content.ErrNotOwner, vault.ErrFull, vault.ErrNewerSchema, bundle.ErrExpired, bundle.ErrNoSpace} {
		happened := sentence.Of(err, func(string) string { return "" })
		if whole := sentence.Of(err, say(t)); len(whole) <= len(happened) {
			t.Errorf("%v has no advice: %s", err, whole)
		}
	}
}
