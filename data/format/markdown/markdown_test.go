package markdown_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

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
		"an image in a link": "[![x](images/x.png)](https://example.invalid)",
		"an image in a cell": "|![x](images/x.png)|\n|-|",
	} {
		t.Run(name, func(t *testing.T) {
			blocks, problems := markdown.Read("First line.\n\n" + text)
			if len(problems) == 0 {
				t.Fatal("nothing was said about it")
			}
			lost := slices.IndexFunc(problems, func(p markdown.Problem) bool { return !p.Shown })
			if lost < 0 {
				t.Fatalf("nothing is said to be left out: %v", problems)
			}
			if problems[lost].Line != 3 {
				t.Errorf("line %d is named, want 3", problems[lost].Line)
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

func TestALinkIsPointedOutByItsLineAndStillShown(t *testing.T) {
	for name, text := range map[string]string{
		"a link":     "One line,\nsee [the rules](https://example.invalid/r).",
		"an address": "One line,\nsee <https://example.invalid/r>.",
	} {
		t.Run(name, func(t *testing.T) {
			blocks, problems := markdown.Read(text)
			if len(problems) != 1 || !problems[0].Shown {
				t.Fatalf("got the problems %v, want one that says the link is shown otherwise", problems)
			}
			if got := markdown.Plain(blocks[0].Runs); !strings.Contains(got, "https://example.invalid/r") {
				t.Errorf("the address is lost: %q", got)
			}
		})
	}
	if _, problems := markdown.Read("One line,\nsee [the rules](https://example.invalid/r)."); problems[0].Line != 2 {
		t.Errorf("line %d is named, want 2", problems[0].Line)
	}
}

// Texts that make CommonMark slow must not freeze a window: each is read in well under a second and none is lost.
func TestHostileTextsAreReadQuickly(t *testing.T) {
	for name, text := range map[string]string{
		"quotes in quotes": strings.Repeat("> ", 30_000) + "end",
		"lists in lists":   strings.Repeat("- ", 30_000) + "end",
		"counted lists":    strings.Repeat("1. ", 20_000) + "end",
		"open emphasis":    strings.Repeat("*a ", 20_000) + "end",
		"open brackets":    strings.Repeat("[", 60_000) + "end",
		"a very long text": strings.Repeat("word ", 300_000) + "end",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			blocks, _ := markdown.Read(text)
			if took := time.Since(began); took > 5*time.Second { // far above what it takes, far below what it took
				t.Errorf("it took %s", took)
			}
			var shown strings.Builder
			for _, block := range blocks {
				shown.WriteString(markdown.Plain(block.Runs))
			}
			if !strings.HasSuffix(shown.String(), "end") {
				t.Error("the end of the text is lost")
			}
		})
	}
}

func TestAMarkerStandsOnlyBeforeAnItemsFirstBlock(t *testing.T) {
	blocks := markdown.Blocks("- one\n\n  more\n- two")
	var got []string
	for _, b := range blocks {
		got = append(got, b.Marker+markdown.Plain(b.Runs))
	}
	if want := []string{"•one", "more", "•two"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
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
