package markdown_test

import (
	"reflect"
	"strings"
	"testing"

	"wardbook/data/format/markdown"
)

func TestBlocksKeepTheOrderAndShapeOfAText(t *testing.T) {
	text := strings.Join([]string{
		"## What you saw", "", "Write *what* you **saw** &amp; `heard` \\*today\\*.", "", "1. First", "   - inner", "2. Second", "",
		"> Said by B.", "", "| Word | Count |", "|---|--:|", "| one | 1 |", "", "![A wing](images/wing.png \"The wing\")", "", "---",
	}, "\n")
	want := []markdown.Block{
		{Kind: markdown.Heading, Level: 2, Runs: []markdown.Run{{Text: "What you saw"}}},
		{Kind: markdown.Paragraph, Runs: []markdown.Run{
			{Text: "Write "}, {Text: "what", Italic: true}, {Text: " you "}, {Text: "saw", Bold: true}, {Text: " & "}, {Text: "heard", Code: true}, {Text: " *today*."},
		}},
		{Kind: markdown.ListItem, Level: 1, Marker: "1.", Runs: []markdown.Run{{Text: "First"}}},
		{Kind: markdown.ListItem, Level: 2, Marker: "•", Runs: []markdown.Run{{Text: "inner"}}},
		{Kind: markdown.ListItem, Level: 1, Marker: "2.", Runs: []markdown.Run{{Text: "Second"}}},
		{Kind: markdown.Quote, Level: 1, Runs: []markdown.Run{{Text: "Said by B."}}},
		{Kind: markdown.Table, Rows: [][]markdown.Cell{
			{{Runs: []markdown.Run{{Text: "Word"}}}, {Runs: []markdown.Run{{Text: "Count"}}, Right: true}},
			{{Runs: []markdown.Run{{Text: "one"}}}, {Runs: []markdown.Run{{Text: "1"}}, Right: true}},
		}},
		{Kind: markdown.Image, Path: "images/wing.png", Alt: "A wing", Caption: "The wing"},
		{Kind: markdown.Rule},
	}
	got, problems := markdown.Read(text)
	if len(problems) > 0 {
		t.Errorf("problems %v in a good text", problems)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWhatCouldReachOutOfTheTextIsDroppedAndSaid(t *testing.T) {
	for name, text := range map[string]string{
		"a remote image":     "![x](https://example.invalid/x.png)",
		"a file address":     "![x](file:///etc/passwd)",
		"an absolute path":   "![x](/etc/x.png)",
		"a parent":           "![x](../other/x.png)",
		"a hidden parent":    "![x](images/../../x.png)",
		"a drive":            "![x](C:x.png)",
		"a data address":     "![x](data:image/png;base64,AAAA)",
		"a script":           "Hello <script>alert(1)</script>",
		"a block of HTML":    "<div>\nHello\n</div>",
		"an image with HTML": "<img src=\"http://example.invalid/x.png\">",
	} {
		t.Run(name, func(t *testing.T) {
			blocks, problems := markdown.Read("First line.\n\n" + text)
			if len(problems) == 0 {
				t.Fatal("nothing was said about it")
			}
			if problems[0].Line != 3 {
				t.Errorf("line %d is named, want 3", problems[0].Line)
			}
			for _, block := range blocks {
				if block.Path != "" || strings.Contains(markdown.Plain(block.Runs), "<") {
					t.Errorf("it is still there: %+v", block)
				}
			}
		})
	}
}

func TestALinkIsItsWordsAndItsAddress(t *testing.T) {
	blocks := markdown.Blocks("See [the rules](https://example.invalid/r).")
	if got := markdown.Plain(blocks[0].Runs); got != "See the rules (https://example.invalid/r)." {
		t.Errorf("got %q", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("# a\n\n- b\n  1. c\n> d\n\n|a|b|\n|-|-|\n|c|d|\n![x](y.png)")
	f.Add("<b>&#0;</b>![](../x)")
	f.Fuzz(func(t *testing.T, text string) {
		blocks, problems := markdown.Read(text)
		for _, block := range blocks {
			if block.Kind == markdown.Image && !markdown.LocalPath(block.Path) {
				t.Fatalf("an image outside the folder: %q", block.Path)
			}
		}
		lines := strings.Count(text, "\n") + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines {
				t.Fatalf("%+v is outside a text of %d lines", p, lines)
			}
		}
	})
}
