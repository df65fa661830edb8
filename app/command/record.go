package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"wardbook/data/station"
)

var errNoCasework = errors.New("this account has no access to casework: somebody who has it, or the casework recovery key, must grant it")

func newRecord(shared *call) *cobra.Command {
	list := withJSON(shared, leaf(shared, "list", "List the account's own records, newest first", limitArgs(0, 0), inSession(listRecords)))
	var reason string
	show := withJSON(shared, leaf(shared, "show ID", "Show one record", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			return showRecord(ctx, c, session, args[0], reason)
		})))
	show.Flags().StringVar(&reason, "reason", "", "why somebody else's record is opened; it goes into the log")
	return group("record", "Read casework records", list, show)
}
