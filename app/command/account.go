package command

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"wardbook/data/account"
	"wardbook/data/station"
)

// accountJSON is an account as `account list --json` prints it.
type accountJSON struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Roles          []string `json:"roles"`
	Active         bool     `json:"active"`
	CaseworkAccess string   `json:"casework_access"` // none, pending or granted
	PublicKey      string   `json:"public_key"`
	Recipient      string   `json:"recipient"`
}

func newAccount(shared *call) *cobra.Command {
	list := withJSON(shared, leaf(shared, "list", "List the accounts", limitArgs(0, 0), inSession(listAccounts)))
	return group("account", "Accounts, roles and passphrases", list, newAccountAdd(shared), newAccountGrant(shared), newAccountDeactivate(shared), newAccountPassphrase(shared))
}

func listAccounts(ctx context.Context, c *call, session *station.Session, _ []string) error {
	accounts, err := session.Accounts().List(ctx)
	if err != nil {
		return err
	}
	printed := []accountJSON{}
	var rows [][]any
	for _, a := range accounts {
		roles := roleNames(a.Roles)
		printed = append(printed, accountJSON{a.ID, a.Name, roles, a.Active, a.CaseworkAccess, a.PublicKey, a.Recipient})
		state := "active"
		if !a.Active {
			state = "deactivated"
		}
		rows = append(rows, []any{a.Name, strings.Join(roles, ","), state, a.CaseworkAccess, a.ID})
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	return c.printTable("There are no accounts.", []any{"NAME", "ROLES", "STATE", "CASEWORK", "ID"}, rows)
}

func roleNames(roles []account.Role) []string {
	names := []string{}
	for _, role := range roles {
		names = append(names, string(role))
	}
	return names
}

// findAccount finds an account by its name or id.
func findAccount(ctx context.Context, session *station.Session, nameOrID string) (account.Account, error) {
	accounts, err := session.Accounts().List(ctx)
	if err != nil {
		return account.Account{}, err
	}
	found := account.Account{}
	for _, a := range accounts {
		switch {
		case a.ID == nameOrID:
			return a, nil
		case account.SameName(a.Name, nameOrID) && (found.ID == "" || a.Active):
			found = a // a name can be used again once its account is deactivated
		}
	}
	if found.ID == "" {
		return found, account.ErrUnknownAccount
	}
	return found, nil
}

func newAccountAdd(shared *call) *cobra.Command {
	var roles, file string
	add := leaf(shared, "add NAME", "Add an account; casework access is granted apart", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			parsed, err := account.ParseRoles(roles)
			if err != nil {
				return usageError{err}
			}
			passphrase, err := readPassphraseFile(file)
			if err != nil {
				return err
			}
			added, err := session.Accounts().Add(ctx, args[0], passphrase, parsed)
			if err != nil {
				return err
			}
			return c.printf("Added %s. Casework access: %s.\n", added.Name, added.CaseworkAccess)
		}))
	add.Flags().StringVar(&roles, "role", "", "roles, separated by commas")
	add.Flags().StringVar(&file, "new-passphrase-file", "", "a file with the new account's passphrase on its first line")
	return require(add, "role", "new-passphrase-file")
}

func newAccountGrant(shared *call) *cobra.Command {
	var roles, recovery string
	var casework bool
	grant := leaf(shared, "grant NAME", "Set an account's roles, or give it the casework key", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			target, err := findAccount(ctx, session, args[0])
			if err != nil {
				return err
			}
			if roles == "" && !casework && recovery == "" {
				return usagef("“wardbook account grant” needs --role, --casework or --casework-recovery-file")
			}
			if roles != "" {
				parsed, err := account.ParseRoles(roles)
				if err != nil {
					return usageError{err}
				}
				if err := session.Accounts().Grant(ctx, target.ID, parsed); err != nil {
					return err
				}
			}
			if recovery != "" {
				key, err := caseworkRecoveryKey(recovery)
				if err != nil {
					return err
				}
				if err := session.Accounts().GrantCaseworkByRecovery(ctx, target.ID, key); err != nil {
					return err
				}
			} else if casework {
				if err := session.Accounts().GrantCasework(ctx, target.ID); err != nil {
					return err
				}
			}
			granted, err := findAccount(ctx, session, target.ID)
			if err != nil {
				return err
			}
			return c.printf("%s: %s. Casework access: %s.\n", granted.Name, strings.Join(roleNames(granted.Roles), ", "), granted.CaseworkAccess)
		}))
	grant.Flags().StringVar(&roles, "role", "", "the account's roles from now on, separated by commas")
	grant.Flags().BoolVar(&casework, "casework", false, "give the account the casework key, which the signed-in account holds")
	grant.Flags().StringVar(&recovery, "casework-recovery-file", "", "a file with the casework recovery key, where nobody holds the key yet")
	return grant
}

// caseworkRecoveryKey finds the last recovery key in a file: the casework key stands below the library's in what
// `wardbook setup` writes, and may also stand alone.
func caseworkRecoveryKey(path string) (string, error) {
	lines, err := readLines(path)
	if err != nil {
		return "", err
	}
	key := ""
	for _, line := range lines {
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(strings.ToUpper(word), "AGE-SECRET-KEY-") {
				key = word
			}
		}
	}
	if key == "" {
		return "", errors.New("the file holds no recovery key (AGE-SECRET-KEY-…)")
	}
	return key, nil
}

func newAccountDeactivate(shared *call) *cobra.Command {
	var reason string
	deactivate := leaf(shared, "deactivate NAME", "Deactivate an account", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			target, err := findAccount(ctx, session, args[0])
			if err != nil {
				return err
			}
			if err := session.Accounts().Deactivate(ctx, target.ID, reason); err != nil {
				return err
			}
			return c.printf("Deactivated %s. Re-key pending: a copy of the data folder made before still opens for this account.\n", target.Name)
		}))
	deactivate.Flags().StringVar(&reason, "reason", "", "why; it goes into the log")
	return require(deactivate, "reason")
}

func newAccountPassphrase(shared *call) *cobra.Command {
	var file string
	change := leaf(shared, "passphrase", "Change the signed-in account's own passphrase", limitArgs(0, 0),
		inSession(func(ctx context.Context, c *call, session *station.Session, _ []string) error {
			old, err := c.readPassphrase("Old passphrase again: ")
			if err != nil {
				return err
			}
			fresh, err := readPassphraseFile(file)
			if err != nil {
				return err
			}
			if err := session.Accounts().ChangePassphrase(ctx, old, fresh); err != nil {
				return err
			}
			return c.printf("Changed. The old passphrase opens nothing here any more; copies of the data folder made before still open with it.\n")
		}))
	change.Flags().StringVar(&file, "new-passphrase-file", "", "a file with the new passphrase on its first line")
	return require(change, "new-passphrase-file")
}
