// Package command does the work of the window without a window: every command opens a data folder, signs an account
// in, calls one service, and prints plain lines or, with --json, documented fields. It holds no rule of its own.
//
// Exit codes: 0 done; 1 refused or failed, with one plain sentence on standard error; 2 wrong usage.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"wardbook/app/sentence"
	"wardbook/data/station"
)

// Exit codes of the program.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Window opens the program's window on a data folder ("" asks the person); bundle is a file to preview, or "".
type Window func(ctx context.Context, dataDir, bundle string) error

// Program is what the commands need to know of the program they belong to.
type Program struct {
	Version string
	Starter fs.FS // the starter content in its folder form
	Texts   fs.FS // the translations
	Window  Window
	Streams Streams
}

// usageError marks a mistake in how the command was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Run runs the program with its arguments (without the program's own name) and returns the exit code.
func Run(ctx context.Context, program Program, args []string) int {
	return run(ctx, program, station.Options{Program: program.Version}, args)
}

func run(ctx context.Context, program Program, options station.Options, args []string) int {
	root := newRoot(program, options)
	root.SetArgs(args)
	root.SetIn(program.Streams.In)
	root.SetOut(program.Streams.Out)
	root.SetErr(program.Streams.Err)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &usage):
		fmt.Fprintf(program.Streams.Err, "%v\nSee: wardbook --help\n", err)
		return ExitUsage
	default:
		say, textsErr := sentence.English(program.Texts)
		if textsErr != nil {
			say = func(string) string { return "" }
		}
		fmt.Fprintln(program.Streams.Err, sentence.Of(err, say))
		return ExitFailed
	}
}

// runner is the body of a command: it has the program, the common flags and what stood on the line.
type runner func(ctx context.Context, call *call, args []string) error

// call is one call of a command.
type call struct {
	Program
	options        station.Options
	dataDir        string
	account        string
	passphraseFile string
	asJSON         bool
}

func newRoot(program Program, options station.Options) *cobra.Command {
	shared := &call{Program: program, options: options}
	root := &cobra.Command{
		Use:           "wardbook [BUNDLE]",
		Short:         "Training and observation checklists for prison staff, in an encrypted store",
		Args:          limitArgs(0, 1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			bundle := ""
			if len(args) == 1 {
				bundle = args[0]
				if _, err := os.Stat(bundle); err != nil {
					return usagef("there is neither a command nor a file “%s”", bundle)
				}
			}
			return program.Window(cmd.Context(), shared.dataDir, bundle)
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringVar(&shared.dataDir, "data", "", "the data folder")
	root.PersistentFlags().StringVar(&shared.account, "account", "", "the account to sign in with")
	root.PersistentFlags().StringVar(&shared.passphraseFile, "passphrase-file", "", "a file with the passphrase on its first line")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		newSetup(shared), newAccount(shared), newContent(shared), newPublish(shared), newBundle(shared),
		newPublisher(shared), newImport(shared), newExport(shared), newRecord(shared), newAudit(shared),
		newStore(shared), newVersion(shared),
	)
	return root
}

// leaf makes a command that does something.
func leaf(shared *call, use, short string, args cobra.PositionalArgs, run runner) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), shared, args) },
	}
}

// group makes a command that only holds others; called alone, it says which.
func group(use, short string, members ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command “%s %s”", use, args[0])
			}
			return usagef("“wardbook %s” needs one of its commands", use)
		},
	}
	g.AddCommand(members...)
	return g
}

func withJSON(shared *call, c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&shared.asJSON, "json", false, "print JSON with documented fields")
	return c
}

func require(c *cobra.Command, flags ...string) *cobra.Command {
	inner := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		for _, name := range flags {
			if !cmd.Flags().Changed(name) {
				return usagef("“%s” needs --%s", cmd.CommandPath(), name)
			}
		}
		return inner(cmd, args)
	}
	return c
}

func limitArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || (most >= 0 && len(args) > most) {
			return usagef("wrong number of words; usage: %s", cmd.UseLine())
		}
		return nil
	}
}

func newVersion(shared *call) *cobra.Command {
	return leaf(shared, "version", "Print the program's version", limitArgs(0, 0), func(_ context.Context, c *call, _ []string) error {
		_, err := fmt.Fprintln(c.Streams.Out, "wardbook", c.Version)
		return err
	})
}
