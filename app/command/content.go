package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
)

// contentJSON is an item as `content list --json` prints it.
type contentJSON struct {
	ID            string `json:"id"`
	Version       int    `json:"version"`
	Kind          string `json:"kind"`
	Title         string `json:"title"`
	State         string `json:"state"` // current, superseded or withdrawn
	Owner         string `json:"owner"` // "builtin", or the fingerprint of the publisher's key
	EffectiveFrom string `json:"effective_from,omitempty"`
	ChangeNote    string `json:"change_note,omitempty"`
	Revoked       bool   `json:"publisher_revoked,omitempty"` // its publisher is not trusted here any more
}

type hitJSON struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Kind    string `json:"kind"`
	Part    string `json:"part,omitempty"` // lesson, item or term
	Title   string `json:"title"`
	In      string `json:"in"` // title of the part
	Snippet string `json:"snippet"`
}

func newContent(shared *call) *cobra.Command {
	list := withJSON(shared, leaf(shared, "list", "List courses, modules, checklists and glossaries", limitArgs(0, 0), inSession(listContent)))
	search := withJSON(shared, leaf(shared, "search WORDS", "Search the content", limitArgs(1, -1), inSession(searchContent)))
	version := 0
	show := leaf(shared, "show ID", "Show an item in its exact form", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			return showContent(ctx, c, session, content.Ref{ID: args[0], Version: version})
		}))
	show.Flags().IntVar(&version, "version", 0, "the version; otherwise the current one")
	lint := withJSON(shared, leaf(shared, "lint DIR", "Check a content folder", limitArgs(1, 1), func(_ context.Context, c *call, args []string) error { return lintFolder(c, args[0]) }))
	return group("content", "Training material and checklists", list, search, show, lint)
}

func english(text content.Text) string {
	in, _ := text.In(content.DefaultLanguage)
	return in
}

func listContent(ctx context.Context, c *call, session *station.Session, _ []string) error {
	printed := []contentJSON{}
	var rows [][]any
	revoked, err := session.Exchange().Revoked(ctx)
	if err != nil {
		return err
	}
	for _, kind := range content.Kinds() {
		list, err := session.Content().List(ctx, kind)
		if err != nil {
			return err
		}
		for _, s := range list {
			printed = append(printed, contentJSON{s.ID, s.Version, string(s.Kind), english(s.Title), string(s.State), s.Owner, s.EffectiveFrom, s.ChangeNote, revoked[s.Owner]})
			state := string(s.State)
			if revoked[s.Owner] {
				state += ", publisher revoked"
			}
			rows = append(rows, []any{s.Kind, s.ID, s.Version, state, english(s.Title)})
		}
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	return c.printTable("The library is empty.", []any{"KIND", "ID", "VERSION", "STATE", "TITLE"}, rows)
}

func searchContent(ctx context.Context, c *call, session *station.Session, args []string) error {
	hits, err := session.Content().Search(ctx, strings.Join(args, " "), content.DefaultLanguage, 50)
	if err != nil {
		return err
	}
	printed := []hitJSON{}
	for _, h := range hits {
		printed = append(printed, hitJSON{h.ID, h.Version, string(h.Kind), h.Part, h.Title, h.PartText, h.Snippet})
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	if len(hits) == 0 {
		return c.printf("Nothing was found.\n")
	}
	for _, h := range hits {
		place := h.ID
		if h.Part != "" {
			place += "/" + h.Part
		}
		if err := c.printf("%s (%s): %s\n    %s\n", h.Title, place, h.PartText, strings.ReplaceAll(h.Snippet, "\n", " ")); err != nil {
			return err
		}
	}
	return nil
}

func showContent(ctx context.Context, c *call, session *station.Session, ref content.Ref) error {
	document, _, err := session.Content().Get(ctx, ref)
	if err != nil {
		return err
	}
	encoded, err := document.Encode()
	if err != nil {
		return err
	}
	_, err = c.Streams.Out.Write(encoded)
	return err
}

// lintFolder needs no data folder: what the library holds is not known to it.
func lintFolder(c *call, dir string) error {
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	folder, findings := content.ReadFolder(os.DirFS(dir))
	findings = append(findings, content.Lint(folder, content.NothingKnown{})...)
	if c.asJSON {
		if findings == nil {
			findings = []content.Finding{}
		}
		if err := c.printJSON(findings); err != nil {
			return err
		}
	} else if err := c.printFindings(findings); err != nil {
		return err
	}
	if content.Blocks(findings) {
		return errors.New("the folder has mistakes that must be mended before publishing")
	}
	if !c.asJSON {
		return c.printf("%d items can be published.\n", len(folder.Sources))
	}
	return nil
}

func (c *call) printFindings(findings []content.Finding) error {
	for _, f := range findings {
		if err := c.printf("%s\n", f); err != nil {
			return err
		}
	}
	return nil
}

func newPublish(shared *call) *cobra.Command {
	var out, note, expires, effective string
	var recipients, withdraw []string
	publish := leaf(shared, "publish DIR", "Lint a content folder, sign it with the office's key and write a bundle", limitArgs(1, 1),
		inSession(func(ctx context.Context, c *call, session *station.Session, args []string) error {
			request := exchange.PublishRequest{Folder: args[0], Out: out, Note: note, Effective: effective, Recipients: recipients, Older: map[string]content.State{}}
			for _, id := range withdraw {
				request.Older[id] = content.StateWithdrawn
			}
			if expires != "" {
				day, err := time.ParseInLocation(time.DateOnly, expires, time.Local)
				if err != nil {
					return usagef("--expires is a day like 2026-11-23")
				}
				request.Expires = day.AddDate(0, 0, 1).UTC() // the whole day counts
			}
			published, err := session.Exchange().Publish(ctx, request)
			var lint *exchange.LintError
			if errors.As(err, &lint) {
				err = errors.Join(err, c.printFindings(lint.Findings))
			}
			if err != nil {
				return err
			}
			return c.printPublished(published)
		}))
	publish.Flags().StringVar(&out, "out", "", "the bundle file to write")
	publish.Flags().StringVar(&note, "note", "", "the change note: what is new, for those who read it")
	publish.Flags().StringVar(&expires, "expires", "", "the last day on which the bundle can be imported, like 2026-11-23")
	publish.Flags().StringVar(&effective, "effective", "", "the day from which the new versions count; otherwise today")
	publish.Flags().StringArrayVar(&recipients, "recipient", nil, "encrypt the bundle to this age recipient (age1…); may be repeated")
	publish.Flags().StringArrayVar(&withdraw, "withdraw", nil, "withdraw the older version of this item (ID or ID@VERSION) instead of superseding it; may be repeated")
	return require(publish, "out", "note")
}

func (c *call) printPublished(p exchange.Published) error {
	for _, item := range p.Items {
		if err := c.printf("%-10s %s version %d\n", item.Change, item.ID, item.Version); err != nil {
			return err
		}
		for _, line := range item.Diff {
			if err := c.printf("           %s\n", line); err != nil {
				return err
			}
		}
	}
	return c.printf("Wrote bundle %d to %s (%d bytes).\nsha256 %s\n", p.Sequence, p.Path, p.Size, p.FileHash)
}

func newExport(shared *call) *cobra.Command {
	var out string
	var items []string
	contents := leaf(shared, "content", "Write the office's own current content into a new bundle", limitArgs(0, 0),
		inSession(func(ctx context.Context, c *call, session *station.Session, _ []string) error {
			published, err := session.Exchange().ExportContent(ctx, out, items, nil)
			if err != nil {
				return err
			}
			return c.printPublished(published)
		}))
	contents.Flags().StringVar(&out, "out", "", "the bundle file to write")
	contents.Flags().StringArrayVar(&items, "item", nil, "an item's id; may be repeated; otherwise everything of the office")
	return group("export", "Write bundles of what is in the library", require(contents, "out"))
}

func plural(count int, one, many string) string {
	return strconv.Itoa(count) + " " + cmp.Or(map[bool]string{true: one}[count == 1], many)
}
