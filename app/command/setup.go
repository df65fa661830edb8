package command

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"wardbook/data/account"
	"wardbook/data/station"
)

func newSetup(shared *call) *cobra.Command {
	var roles, recoveryOut, workstation string
	var noStarter bool
	setup := leaf(shared, "setup", "Set up a new data folder with its first account", limitArgs(0, 0), func(ctx context.Context, c *call, _ []string) error {
		if c.dataDir == "" || c.account == "" {
			return usagef("“wardbook setup” needs --data DIR and --account NAME")
		}
		parsed, err := account.ParseRoles(roles)
		if err != nil {
			return usageError{err}
		}
		if err := station.CheckRecoveryPath(c.dataDir, recoveryOut); err != nil {
			return err
		}
		passphrase, err := c.readPassphrase("New passphrase: ")
		if err != nil {
			return err
		}
		name := workstation
		if name == "" {
			if name, err = os.Hostname(); err != nil || name == "" {
				name = "Workstation"
			}
		}
		opened, session, recovery, err := station.Setup(ctx, station.SetupRequest{
			Dir: c.dataDir, AccountName: c.account, Passphrase: passphrase, Roles: parsed, Station: name, Starter: !noStarter, StarterContent: c.Starter,
		}, c.options)
		if err != nil {
			return err
		}
		err = recovery.WriteFile(c.dataDir, recoveryOut)
		if err = errors.Join(err, session.Lock(), opened.Close()); err != nil {
			return err
		}
		return c.printf("Set up %s for %s. The recovery keys are in %s: keep them apart from this computer, under lock.\n", c.dataDir, c.account, recoveryOut)
	})
	setup.Flags().StringVar(&roles, "role", "", "roles of the first account, separated by commas: trainer, officer, second-reader, manager, administrator, auditor")
	setup.Flags().StringVar(&recoveryOut, "recovery-out", "", "a new file for the recovery keys, outside the data folder")
	setup.Flags().StringVar(&workstation, "workstation", "", "the workstation's name, as others see it; otherwise the computer's")
	setup.Flags().BoolVar(&noStarter, "no-starter", false, "leave the starter content out")
	return require(setup, "role", "recovery-out")
}
