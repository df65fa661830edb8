package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"wardbook/data/casework"
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

// recordJSON is a record as `record list --json` and `record show --json` print it.
type recordJSON struct {
	ID               string                         `json:"id"`
	Reference        string                         `json:"reference,omitempty"` // the prison's own
	Checklist        string                         `json:"checklist"`
	ChecklistVersion int                            `json:"checklist_version"`
	State            string                         `json:"state"`
	Author           string                         `json:"author,omitempty"`
	SubmittedAt      time.Time                      `json:"submitted_at"`
	ReviewDue        string                         `json:"review_due"` // a day
	DeleteDue        string                         `json:"delete_due"` // a day
	Answers          map[string]casework.ItemAnswer `json:"answers,omitempty"`
	Closing          map[string]string              `json:"closing,omitempty"`
}

func listRecords(ctx context.Context, c *call, session *station.Session, _ []string) error {
	if !session.HasCasework() {
		return errNoCasework
	}
	records, err := session.Casework().Records(ctx)
	if err != nil {
		return err
	}
	printed := []recordJSON{}
	var rows [][]any
	for _, r := range records {
		printed = append(printed, recordJSON{
			ID: r.ID, Reference: r.Reference, Checklist: r.ChecklistID, ChecklistVersion: r.ChecklistVersion, State: string(r.State),
			SubmittedAt: r.SubmittedAt, ReviewDue: r.ReviewDue, DeleteDue: r.DeleteDue,
		})
		rows = append(rows, []any{r.ID, r.Reference, r.ChecklistID, r.ChecklistVersion, r.State, day(r.SubmittedAt), r.ReviewDue, r.DeleteDue})
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	return c.printTable("This account has submitted no record.", []any{"ID", "REFERENCE", "CHECKLIST", "VERSION", "STATE", "SUBMITTED", "REVIEW", "DELETION"}, rows)
}

func showRecord(ctx context.Context, c *call, session *station.Session, id, reason string) error {
	if !session.HasCasework() {
		return errNoCasework
	}
	r, err := session.Casework().Record(ctx, id, reason)
	if err != nil {
		return err
	}
	printed := recordJSON{
		ID: r.ID, Checklist: r.Checklist.ID, ChecklistVersion: r.Checklist.Version, State: string(r.State), Author: r.AuthorName, SubmittedAt: r.SubmittedAt,
		ReviewDue: r.ReviewDue, DeleteDue: r.DeleteDue, Answers: r.Answers, Closing: r.Closing,
	}
	if r.Subject != nil {
		printed.Reference = r.Subject.Reference
	}
	if c.asJSON {
		return c.printJSON(printed)
	}
	if err := c.printf("Record      %s\nReference   %s\nChecklist   %s version %d\nAuthor      %s\nSubmitted   %s\nReview      %s\nDeletion    %s\n\n",
		r.ID, printed.Reference, english(r.Checklist.Title), r.Checklist.Version, r.AuthorName, moment(r.SubmittedAt), r.ReviewDue, r.DeleteDue); err != nil {
		return err
	}
	for _, section := range casework.SectionsOf(*r.Checklist.Checklist) {
		for _, item := range section.Items {
			if err := c.printAnswer(english(item.Text), r.Answers[item.ID]); err != nil {
				return err
			}
		}
	}
	for _, closing := range casework.ClosingOf(*r.Checklist.Checklist) {
		if err := c.printf("%s\n    %s\n", english(closing.Text), r.Closing[closing.ID]); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) printAnswer(item string, answer casework.ItemAnswer) error {
	if answer.Answer == "" {
		return nil
	}
	if err := c.printf("%s: %s\n", item, answer.Answer); err != nil {
		return err
	}
	for _, e := range answer.Evidence {
		if err := c.printf("    fact: %s %s, %s: %s\n", e.OccurredOn, e.OccurredTime, e.Place, e.Fact); err != nil {
			return err
		}
	}
	if answer.Interpretation != "" {
		return c.printf("    interpretation: %s\n", answer.Interpretation)
	}
	return nil
}
