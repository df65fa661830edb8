package shell

import (
	"context"
	"errors"
	"slices"
	"testing"

	"wardbook/data/account"
	"wardbook/data/station"
	"wardbook/data/vault"
)

type grownStores struct {
	worth     []string
	compacted []string
	fail      error
	seen      []string // what the rail said meanwhile
	shell     *Shell
}

func (g *grownStores) WorthCompacting() []string { return g.worth }

func (g *grownStores) Compact(_ context.Context, store string, inBackground bool, progress station.Progress) error {
	progress(1, 2)
	g.seen = append(g.seen, g.shell.rail.status.Text)
	if !inBackground {
		return errors.New("not in the background")
	}
	g.compacted = append(g.compacted, store)
	g.worth = slices.DeleteFunc(g.worth, func(s string) bool { return s == store && g.fail == nil })
	return g.fail
}

// Given logs that have grown too large, then each is compacted in the background, one a minute, saying how far it is; one that
// gave way is tried again without a word.
func TestLogsAreKeptSmallInTheBackground(t *testing.T) {
	shell, runner := open(t, busy, account.RoleAdministrator)
	stores := &grownStores{worth: []string{account.Library, account.Casework}, shell: shell, fail: vault.ErrGaveWay}
	stop := shell.startUpkeep(stores)
	runner.tick()
	if shell.dialogs != 0 || !slices.Equal(stores.compacted, []string{account.Library}) {
		t.Fatalf("after giving way: %d dialogs, %v", shell.dialogs, stores.compacted)
	}
	stores.fail = nil
	for range 3 {
		runner.tick()
	}
	if want := []string{account.Library, account.Library, account.Casework}; !slices.Equal(stores.compacted, want) {
		t.Errorf("compacted were %v, want %v", stores.compacted, want)
	}
	if stores.seen[0] != "Making the store smaller: 50 %" || shell.rail.status.Visible() {
		t.Errorf("it said %q", stores.seen)
	}
	stores.worth, stores.fail = []string{account.Library}, errors.New("the disk is gone")
	runner.tick()
	if shell.dialogs != 1 {
		t.Error("a failure is not told")
	}
	stop()
	stores.compacted = nil
	if runner.tick(); len(stores.compacted) > 0 {
		t.Error("it goes on after its end")
	}
}
