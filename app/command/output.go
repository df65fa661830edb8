package command

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"
)

// printJSON prints a value as indented JSON on standard output.
func (c *call) printJSON(value any) error {
	encoder := json.NewEncoder(c.Streams.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func (c *call) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.Streams.Out, format, args...)
	return err
}

// printTable prints aligned columns under a heading; with no rows it prints the sentence for nothing.
func (c *call) printTable(nothing string, heading []any, rows [][]any) error {
	if len(rows) == 0 {
		return c.printf("%s\n", nothing)
	}
	writer := tabwriter.NewWriter(c.Streams.Out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]any{heading}, rows...) {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(writer, "\t")
			}
			fmt.Fprint(writer, cell)
		}
		fmt.Fprintln(writer)
	}
	return writer.Flush()
}

// moment prints a time so that it cannot be misread.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2 Jan 2006 15:04")
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2 Jan 2006")
}
