package widgets_test

import (
	"image"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"wardbook/app/widgets"
	"wardbook/data/format/markdown"
)

const lesson = `## Fact and interpretation

A **fact** is what was seen or heard. An *interpretation* is what somebody thinks it means.

- First point
- Second point with ` + "`code`" + `

1. One
2. Two

| Word | Count |
|---|--:|
| cell | 12 |
| unit | 7 |

> Quoted words.

![A cell](images/cell.png "Four square metres")

` + "```\nline one\n  line two\n```" + `

### Last heading

The end.`

// texts lists what a prose draws.
func texts(p fyne.Widget) []*canvas.Text {
	var list []*canvas.Text
	walk(p, func(o fyne.CanvasObject) {
		if text, ok := o.(*canvas.Text); ok {
			list = append(list, text)
		}
	})
	return list
}

func TestProseDrawsEverythingWithinItsWidth(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 900, 300))
	for _, width := range []float32{150, 320, 700, 2000} {
		prose := widgets.NewProse(markdown.Blocks(lesson), func(path string) image.Image {
			if path != "images/cell.png" {
				t.Errorf("the image %q was asked for", path)
			}
			return picture
		})
		window(t, prose, width, 600)
		prose.Resize(fyne.NewSize(width, prose.MinSize().Height))
		drawn := ""
		for _, text := range texts(prose) {
			drawn += text.Text + " "
			if text.Position().X < 0 || text.Position().X+text.MinSize().Width > width {
				t.Errorf("%q reaches beyond the width of %v", text.Text, width)
			}
			if text.Position().Y+text.MinSize().Height > prose.MinSize().Height {
				t.Errorf("%q reaches below the end", text.Text)
			}
		}
		for _, wanted := range []string{"fact", "interpretation", "•", "2.", "Second", "12", "Quoted", "Four", "line two", "Last", "end."} {
			if !strings.Contains(drawn, wanted) && width > 300 {
				t.Errorf("at the width %v %q is missing in %q", width, wanted, drawn)
			}
		}
		walk(prose, func(o fyne.CanvasObject) {
			if i, ok := o.(*canvas.Image); ok && (i.Size().Width > width || i.Size().Width < 50) {
				t.Errorf("the image is %v wide in a width of %v", i.Size().Width, width)
			}
		})
	}
}

func TestAMissingImageLeavesItsDescription(t *testing.T) {
	prose := widgets.NewProse(markdown.Blocks(`![A cell with two beds](images/x.png)`), nil)
	window(t, prose, 400, 200)
	if got := strings.TrimSpace(prose.Text()); got != "A cell with two beds" {
		t.Errorf("the text is %q", got)
	}
}

func TestTextIsSelectedAcrossParagraphsAndCopied(t *testing.T) {
	prose := widgets.NewProse(markdown.Blocks("First **bold** words.\n\nSecond paragraph."), nil)
	w := window(t, prose, 500, 300)
	clipboard := test.NewClipboard()
	drawn := texts(prose)
	first, last := drawn[0], drawn[len(drawn)-1]
	// When somebody drags from before the first letter to behind the last one
	prose.MouseDown(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary, PointEvent: fyne.PointEvent{Position: first.Position().AddXY(-5, 5)}})
	prose.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: last.Position().AddXY(last.MinSize().Width+50, 5)}})
	prose.DragEnd()
	prose.TypedShortcut(&fyne.ShortcutCopy{Clipboard: clipboard})
	if want := "First bold words.\nSecond paragraph."; clipboard.Content() != want {
		t.Errorf("copied %q, want %q", clipboard.Content(), want)
	}
	if w.Canvas().Focused() != fyne.Focusable(prose) {
		t.Error("the text did not get the focus, so Ctrl+C would not reach it")
	}
	// A double click selects the word under it, without its full stop.
	prose.DoubleTapped(&fyne.PointEvent{Position: last.Position().AddXY(last.MinSize().Width-12, 5)})
	if prose.Selected() != "paragraph" {
		t.Errorf("the word selected is %q", prose.Selected())
	}
	prose.TypedShortcut(&fyne.ShortcutSelectAll{})
	if prose.Selected() != prose.Text() {
		t.Errorf("Ctrl+A selected %q", prose.Selected())
	}
	// With nothing selected, copying leaves the clipboard alone.
	clipboard.SetContent("before")
	prose.SetBlocks(markdown.Blocks("Other text."), nil)
	prose.TypedShortcut(&fyne.ShortcutCopy{Clipboard: clipboard})
	if clipboard.Content() != "before" {
		t.Errorf("the clipboard was changed to %q", clipboard.Content())
	}
}

// Whatever somebody writes in a lesson, every letter of it is drawn once, in order, and within the width.
func TestNoLetterIsLostOrDrawnOutside(t *testing.T) {
	app := test.NewTempApp(t)
	_ = app
	word := rapid.StringMatching(`[a-zA-ZäéБم.,:]{1,30}`)
	rapid.Check(t, func(t *rapid.T) {
		var source []string
		for range rapid.IntRange(1, 5).Draw(t, "paragraphs") {
			ws := rapid.SliceOfN(word, 1, 25).Draw(t, "words")
			for i := range ws {
				if rapid.Bool().Draw(t, "bold") {
					ws[i] = "**" + ws[i] + "**"
				}
			}
			source = append(source, strings.Join(ws, rapid.SampledFrom([]string{" ", "\n", "  "}).Draw(t, "between")))
		}
		blocks := markdown.Blocks(strings.Join(source, "\n\n"))
		width := rapid.Float32Range(60, 900).Draw(t, "width")
		prose := widgets.NewProse(blocks, nil)
		prose.Resize(fyne.NewSize(width, 10))
		var drawn strings.Builder
		lastY := float32(-1)
		for _, text := range texts(prose) {
			drawn.WriteString(strings.ReplaceAll(text.Text, " ", ""))
			if text.Position().Y < lastY {
				t.Fatalf("%q stands above what comes before it", text.Text)
			}
			lastY = text.Position().Y
			if len([]rune(text.Text)) > 1 && text.Position().X+text.MinSize().Width > width+1 {
				t.Fatalf("%q reaches to %v in a width of %v", text.Text, text.Position().X+text.MinSize().Width, width)
			}
		}
		want := ""
		for _, b := range blocks {
			want += b.Marker + markdown.Plain(b.Runs)
		}
		want = strings.Join(strings.Fields(want), "")
		if got := drawn.String(); got != want {
			t.Fatalf("drawn is %q, want %q", got, want)
		}
	})
}

func TestTheReaderKeepsItsPlaceInAnotherWidthAndTextSize(t *testing.T) {
	reader := widgets.NewReader()
	w := window(t, reader, 700, 300)
	reader.SetBlocks(markdown.Blocks(strings.Repeat(lesson+"\n\n", 12)), nil)
	if reader.Place() != 0 {
		t.Fatalf("a new text begins at %v", reader.Place())
	}
	var told []float32
	reader.OnMoved = func(place float32) { told = append(told, place) }
	reader.SetPlace(0.5)
	near := func(when string) {
		t.Helper()
		if got := reader.Place(); got < 0.45 || got > 0.55 {
			t.Errorf("%s the place is %v, want about 0.5", when, got)
		}
	}
	near("after SetPlace")
	w.Resize(fyne.NewSize(400, 300))
	near("in a narrower window")
	w.Resize(fyne.NewSize(1200, 500))
	near("in a wider window")
	reader.Prose().TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	if len(told) == 0 || reader.Place() <= 0.5 {
		t.Errorf("Page Down led to %v and told %v", reader.Place(), told)
	}
	reader.Prose().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	if !reader.AtEnd() {
		t.Error("End is not the end")
	}
	reader.Prose().TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	if reader.AtEnd() || reader.Place() != 0 {
		t.Errorf("Home led to %v", reader.Place())
	}
}

func TestAPlaceIsTakenUpOnceThereIsRoom(t *testing.T) {
	// Given a reader that is told its place before it is shown
	reader := widgets.NewReader()
	test.NewTempApp(t)
	reader.SetBlocks(markdown.Blocks(strings.Repeat(lesson+"\n\n", 12)), nil)
	reader.SetPlace(0.4)
	if reader.Place() != 0.4 {
		t.Errorf("before it is shown the place is %v", reader.Place())
	}
	w := test.NewTempWindow(t, reader)
	w.Resize(fyne.NewSize(600, 300))
	if got := reader.Place(); got < 0.35 || got > 0.45 {
		t.Errorf("the place is %v, want 0.4", got)
	}
}

func TestHeadingsLeadToTheirPlace(t *testing.T) {
	reader := widgets.NewReader()
	window(t, reader, 600, 200)
	reader.SetBlocks(markdown.Blocks(lesson), nil)
	headings := reader.Headings()
	if len(headings) != 2 || headings[0].Text != "Fact and interpretation" || headings[1].Level != 3 {
		t.Fatalf("the headings are %+v", headings)
	}
	reader.GoTo(1)
	if reader.Place() == 0 {
		t.Error("nothing moved")
	}
	reader.GoTo(99)
}

// Fyne lays out again what holds new objects. Objects made in each layout would keep the program busy for ever.
func TestAQuietTextStaysQuiet(t *testing.T) {
	prose := widgets.NewProse(markdown.Blocks(lesson), nil)
	window(t, prose, 500, 400)
	renderer := test.WidgetRenderer(prose)
	before := renderer.Objects()[3]
	renderer.Layout(prose.Size())
	renderer.Layout(prose.Size())
	if renderer.Objects()[3] != before {
		t.Error("laying out made new objects though nothing has changed")
	}
	prose.Resize(fyne.NewSize(300, 400))
	if renderer.Objects()[3] == before {
		t.Error("another width drew nothing new")
	}
}
