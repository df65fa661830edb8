package command

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/station"
	"wardbook/data/vault"
)

// entryOfLogJSON is an entry of the log as `audit list --json` prints it.
type entryOfLogJSON struct {
	Store    string            `json:"store"`
	Sequence int64             `json:"sequence"`
	At       time.Time         `json:"at"`
	Account  string            `json:"account"`
	Act      string            `json:"act"`
	Object   string            `json:"object,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
}

func newAudit(shared *call) *cobra.Command {
	verify := leaf(shared, "verify", "Verify the hash chains and signatures of the log", limitArgs(0, 0), inSession(verifyLog))
	store := audit.Library
	list := withJSON(shared, leaf(shared, "list", "List the log, newest first", limitArgs(0, 0),
		inSession(func(ctx context.Context, c *call, session *station.Session, _ []string) error {
			entries, err := session.Log().List(ctx, audit.Filter{Store: store, Limit: 1000})
			if err != nil {
				return err
			}
			printed := []entryOfLogJSON{}
			var rows [][]any
			for _, e := range entries {
				printed = append(printed, entryOfLogJSON{store, e.Sequence, e.At, e.AccountName, string(e.Act), e.Object, e.Reason, e.Details})
				rows = append(rows, []any{e.Sequence, moment(e.At), e.AccountName, e.Act, e.Object, e.Reason})
			}
			if c.asJSON {
				return c.printJSON(printed)
			}
			return c.printTable("The log is empty.", []any{"NO", "AT", "ACCOUNT", "ACT", "OBJECT", "REASON"}, rows)
		})))
	list.Flags().StringVar(&store, "store", audit.Library, "library or casework")
	return group("audit", "The tamper-evident log", verify, list)
}

func verifyLog(ctx context.Context, c *call, session *station.Session, _ []string) error {
	report, err := session.Log().Verify(ctx)
	if err != nil {
		return err
	}
	for _, chain := range report.Chains {
		state := "whole"
		if !chain.OK {
			state = "NOT WHOLE: " + chain.Problem
		}
		if err := c.printf("%s: %s, %s\n", chain.Store, plural(int(chain.Entries), "entry", "entries"), state); err != nil {
			return err
		}
	}
	for _, sentence := range report.NotChecked {
		if err := c.printf("Not checked: %s\n", sentence); err != nil {
			return err
		}
	}
	if !report.OK() {
		return errors.New("the log is not whole: somebody may have changed the data folder; keep it as it is and tell the data protection officer")
	}
	return nil
}

func newStore(shared *call) *cobra.Command {
	info := withJSON(shared, leaf(shared, "info", "Describe the stores", limitArgs(0, 0), inSession(storeInfo)))
	check := leaf(shared, "check", "Check the stores: log, anchors, pages, media, key files", limitArgs(0, 0),
		inSession(func(ctx context.Context, c *call, session *station.Session, _ []string) error {
			problems, err := session.Check(ctx)
			if err != nil {
				return err
			}
			for _, problem := range problems {
				if err := c.printf("%s\n", problem); err != nil {
					return err
				}
			}
			if len(problems) > 0 {
				return errors.New("the check found problems: keep the data folder as it is and tell your administrator")
			}
			return c.printf("No problem was found.\n")
		}))
	compact := leaf(shared, "compact [library|casework]", "Write the logs anew with what the stores hold now", limitArgs(0, 1), inSession(compactStores))
	var reason string
	rekey := leaf(shared, "rekey library|casework", "Give a store another key, after somebody lost access who knew the old one", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			if !slices.Contains(storeNames(), args[0]) {
				return usagef("there is no store “%s”: library or casework", args[0])
			}
			if err := session.Rekey(ctx, args[0], reason, nil); err != nil {
				return err
			}
			return c.printf("The %s store has another key. Backups that were made before can still be read with the old one.\n", args[0])
		}))
	rekey.Flags().StringVar(&reason, "reason", "", "why; it goes into the log")
	return group("store", "The encrypted stores", info, check, compact, require(rekey, "reason"))
}

func storeNames() []string { return []string{account.Library, account.Casework} }

// compactStores compacts the stores that are named, or all to which the account has the key.
func compactStores(ctx context.Context, c *call, session *station.Session, args []string) error {
	names := args
	if len(args) == 0 {
		names = storeNames()
		if !session.HasCasework() {
			names = names[:1]
		}
	}
	for _, name := range names {
		if !slices.Contains(storeNames(), name) {
			return usagef("there is no store “%s”: library or casework", name)
		}
	}
	for _, name := range names {
		if err := session.Compact(ctx, name, false, nil); err != nil {
			return err
		}
		info, err := session.Info(ctx)
		if err != nil {
			return err
		}
		store := info.Library
		if name == account.Casework {
			store = *info.Casework
		}
		if err := c.printf("Compacted the %s store: generation %d, %d bytes.\n", name, store.Generation, store.LogBytes); err != nil {
			return err
		}
	}
	return nil
}

// storeJSON is one store as `store info --json` prints it.
type storeJSON struct {
	ID         string `json:"id"`
	Format     int    `json:"format"`
	Generation uint64 `json:"generation"`
	Epoch      uint64 `json:"epoch"`
	Commit     uint64 `json:"commit"`      // number of the newest commit
	Bytes      int64  `json:"bytes"`       // of the database
	FreeBytes  int64  `json:"free_bytes"`  // of these, used again before the database grows
	LogBytes   int64  `json:"log_bytes"`   // of the sealed log on the disk
	MediaBytes int64  `json:"media_bytes"` // of the sealed media beside it
	CapBytes   int64  `json:"cap_bytes"`   // the size at which writing stops
	TornTail   bool   `json:"torn_tail"`   // an unfinished commit was left out when the store was opened
}

// infoJSON is what `store info --json` prints.
type infoJSON struct {
	Dir               string     `json:"dir"`
	Workstation       string     `json:"workstation"`
	WorkstationKey    string     `json:"workstation_key"` // minisign public key, "RW…"
	Library           storeJSON  `json:"library"`
	Casework          *storeJSON `json:"casework,omitempty"` // only for an account with the casework key
	Accounts          int        `json:"accounts"`           // active ones
	Administrators    int        `json:"administrators"`
	CaseworkPending   int        `json:"casework_pending"` // accounts that wait for the casework key
	RekeyPending      []string   `json:"rekey_pending,omitempty"`
	RecoveryConfirmed bool       `json:"recovery_confirmed"`
	Repairs           []string   `json:"repairs,omitempty"`
}

func storeOf(info vault.Info) storeJSON {
	return storeJSON{
		ID: info.Store.String(), Format: info.FormatVersion, Generation: info.Generation, Epoch: info.Epoch, Commit: info.Sequence, Bytes: info.ImageBytes,
		FreeBytes: info.FreeBytes, LogBytes: info.LogBytes, MediaBytes: info.MediaBytes, CapBytes: info.CapBytes, TornTail: info.TornTail,
	}
}

func infoOf(info station.Info) infoJSON {
	out := infoJSON{
		Dir: info.Dir, Workstation: info.Workstation.Name, WorkstationKey: info.Workstation.PublicKey, Library: storeOf(info.Library),
		Accounts: info.Accounts, Administrators: info.Administrators, CaseworkPending: info.CaseworkPending, RekeyPending: info.RekeyPending,
		RecoveryConfirmed: info.RecoveryConfirmed, Repairs: info.Repairs,
	}
	if info.Casework != nil {
		casework := storeOf(*info.Casework)
		out.Casework = &casework
	}
	return out
}

func storeInfo(ctx context.Context, c *call, session *station.Session, _ []string) error {
	info, err := session.Info(ctx)
	if err != nil {
		return err
	}
	if c.asJSON {
		return c.printJSON(infoOf(info))
	}
	rows := [][]any{{"library", info.Library.FormatVersion, info.Library.Generation, info.Library.Sequence, info.Library.ImageBytes, info.Library.LogBytes, info.Library.MediaBytes}}
	if info.Casework != nil {
		rows = append(rows, []any{"casework", info.Casework.FormatVersion, info.Casework.Generation, info.Casework.Sequence, info.Casework.ImageBytes, info.Casework.LogBytes, info.Casework.MediaBytes})
	}
	if err := c.printTable("", []any{"STORE", "FORMAT", "GENERATION", "COMMIT", "BYTES", "LOG BYTES", "MEDIA BYTES"}, rows); err != nil {
		return err
	}
	lines := []string{"Workstation: " + info.Workstation.Name, plural(info.Accounts, "active account", "active accounts")}
	if !info.RecoveryConfirmed {
		lines = append(lines, "The recovery keys were never typed back.")
	}
	if len(info.RekeyPending) > 0 {
		lines = append(lines, "Re-key pending: "+strings.Join(info.RekeyPending, ", "))
	}
	for _, store := range info.NearlyFull() {
		lines = append(lines, "The "+store+" store is nearly full: at its limit, nothing can be added.")
	}
	return c.printf("%s\n", strings.Join(append(lines, info.Repairs...), "\n"))
}

func readLines(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return strings.Split(string(text), "\n"), nil
}

func joinWords(words []string) string { return strings.Join(words, " ") }
