package widgets_test

import (
	"fmt"
	"image/color"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/resources"
)

// window shows content in a window of a size.
func window(t *testing.T, content fyne.CanvasObject, width, height float32) fyne.Window {
	t.Helper()
	app := test.NewTempApp(t)
	if err := words.Load(resources.Translations()); err != nil {
		t.Fatal(err)
	}
	_ = app
	w := test.NewTempWindow(t, content)
	w.Resize(fyne.NewSize(width, height))
	return w
}

// visible reports whether an object lies within the part of the window that is not scrolled away.
func visible(w fyne.Window, o fyne.CanvasObject) bool {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	return at.Y >= 0 && at.Y+o.Size().Height <= w.Canvas().Size().Height
}

func TestTheFocusedFieldIsScrolledIntoView(t *testing.T) {
	// Given a form that is much taller than its window
	app := test.NewTempApp(t)
	_ = app
	var entries []*widgets.Entry
	form := widgets.NewForm()
	for i := range 30 {
		e := widgets.NewEntry()
		entries = append(entries, e)
		form.Add(widgets.NewField(fmt.Sprintf("Field %d", i), "", e))
	}
	w := test.NewTempWindow(t, container.NewStack(form))
	w.Resize(fyne.NewSize(400, 300))
	if visible(w, entries[29]) {
		t.Fatal("the last field is in view from the start: the form is too short for this test")
	}
	// When the keyboard goes to the last field and back to the first, then each is in view
	for _, i := range []int{29, 0, 15} {
		w.Canvas().Focus(entries[i])
		if !visible(w, entries[i]) {
			t.Errorf("field %d has the focus and is out of view", i)
		}
	}
}

func TestAFieldInADialogIsScrolledIntoView(t *testing.T) {
	w := window(t, widget.NewLabel("behind"), 400, 300)
	form := widgets.NewForm()
	var last *widgets.Entry
	for range 20 {
		last = widgets.NewEntry()
		form.Add(last)
	}
	pop := widget.NewModalPopUp(form, w.Canvas())
	pop.Resize(fyne.NewSize(300, 200))
	pop.Show()
	w.Canvas().Focus(last)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(last)
	if at.Y+last.Size().Height > 260 {
		t.Errorf("the field is at %v, below the dialog", at)
	}
}

// root is an outermost object that counts what reaches the window.
type root struct {
	widget.BaseWidget
	inner fyne.CanvasObject
	used  int
}

func (r *root) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.inner) }
func (r *root) Used()                               { r.used++ }

func TestKeysOfTheWindowPassThroughInputs(t *testing.T) {
	entry, lines := widgets.NewEntry(), widgets.NewMultiLine(3)
	button, check := widgets.NewButton("B", func() {}), widgets.NewCheck("C", nil)
	choice := widgets.NewChoice([]widgets.Option{{Value: "a", Text: "A"}}, nil)
	list := widgets.NewShortList(func() int { return 1 }, func(int) widgets.Row { return widgets.Row{Title: "x"} }, nil)
	link := widgets.NewLink(widgets.Row{Title: "L"}, func() {})
	outer := &root{inner: container.NewVBox(entry, lines, button, check, choice, link, container.NewGridWrap(fyne.NewSize(100, 100), list))}
	outer.ExtendBaseWidget(outer)
	w := window(t, outer, 500, 600)
	var keys []fyne.KeyName
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { keys = append(keys, e.Name) })

	for name, focus := range map[string]fyne.Focusable{
		"entry": entry, "lines": lines, "button": button, "check": check, "choice": choice.First(), "list": list, "link": link,
	} {
		keys, outer.used = nil, 0
		focus.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF1})
		focus.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if !slices.Equal(keys, []fyne.KeyName{fyne.KeyF1, fyne.KeyEscape}) {
			t.Errorf("%s let %v through, want F1 and Esc", name, keys)
		}
		if outer.used == 0 {
			t.Errorf("%s did not say that somebody is there", name)
		}
	}
	// What moves the cursor stays with the field.
	entry.SetText("one two")
	w.Canvas().Focus(entry)
	entry.CursorColumn = 7
	entry.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierControl})
	if entry.CursorColumn == 7 {
		t.Error("Ctrl+Left did not move the cursor")
	}
}

func TestTabLeavesAFieldOfSeveralLines(t *testing.T) {
	lines, next := widgets.NewMultiLine(3), widgets.NewEntry()
	w := window(t, container.NewVBox(lines, next), 300, 300)
	w.Canvas().Focus(lines)
	if lines.AcceptsTab() {
		t.Fatal("the field swallows Tab")
	}
	w.Canvas().FocusNext()
	if w.Canvas().Focused() != fyne.Focusable(next) {
		t.Errorf("the focus is on %T", w.Canvas().Focused())
	}
}

func options(values ...string) []widgets.Option {
	var list []widgets.Option
	for _, v := range values {
		list = append(list, widgets.Option{Value: v, Text: "Option " + v})
	}
	return list
}

func TestAChoiceWorksWithTheKeyboardAlone(t *testing.T) {
	var told []string
	choice := widgets.NewChoice(options("a", "b", "c"), func(v string) { told = append(told, v) })
	w := window(t, choice, 300, 300)
	if choice.Value() != "" {
		t.Fatal("something is chosen before anybody has chosen")
	}
	w.Canvas().Focus(choice.First())
	press := func(key fyne.KeyName) { w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key}) }
	press(fyne.KeyDown)
	press(fyne.KeyDown)
	press(fyne.KeyDown) // stays at the last
	press(fyne.KeySpace)
	press(fyne.KeyUp)
	press(fyne.KeyReturn)
	if !slices.Equal(told, []string{"c", "b"}) || choice.Value() != "b" {
		t.Errorf("told %v, chosen %q", told, choice.Value())
	}
	press(fyne.KeySpace) // chosen already: nothing new to tell
	choice.SetValues("a")
	if len(told) != 2 || choice.Value() != "a" {
		t.Errorf("told %v after SetValues, chosen %q", told, choice.Value())
	}
	choice.SetValues("b")
	choice.Disable()
	choice.First().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if choice.Value() != "b" {
		t.Error("a disabled choice changed")
	}
	choice.SetValues("nonsense")
	if choice.Value() != "" {
		t.Errorf("an option that is not there was chosen: %q", choice.Value())
	}
}

func TestSeveralCanBeChosenAndTakenBack(t *testing.T) {
	var told []string
	choice := widgets.NewChoices(options("a", "b", "c"), func(v []string) { told = v })
	w := window(t, choice, 300, 300)
	w.Canvas().Focus(choice.First())
	press := func(key fyne.KeyName) { w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key}) }
	press(fyne.KeyDown)
	press(fyne.KeyDown)
	press(fyne.KeySpace)
	w.Canvas().Focus(choice.First())
	press(fyne.KeySpace)
	if !slices.Equal(told, []string{"a", "c"}) {
		t.Errorf("told %v, want a and c in the order shown", told)
	}
	press(fyne.KeySpace)
	if !slices.Equal(choice.Values(), []string{"c"}) {
		t.Errorf("chosen are %v after taking a back", choice.Values())
	}
}

func TestASelectTellsValuesAndNotTexts(t *testing.T) {
	var told []string
	list := widgets.NewSelect(options("x", "y"), func(v string) { told = append(told, v) })
	window(t, list, 300, 100)
	list.SetValue("y")
	if len(told) != 0 || list.Value() != "y" {
		t.Errorf("told %v, chosen %q", told, list.Value())
	}
	list.SetSelectedIndex(0)
	if !slices.Equal(told, []string{"x"}) {
		t.Errorf("told %v", told)
	}
}

func TestALongListAsksOnlyForWhatIsSeen(t *testing.T) {
	// Given 100,000 rows, when the list is shown, then only about a screenful is asked for
	asked := map[int]bool{}
	chosen := -1
	list := widgets.NewList(func() int { return 100_000 }, func(i int) widgets.Row {
		asked[i] = true
		return widgets.Row{Title: fmt.Sprint("Row ", i), Detail: "second line", Side: "23 Nov 2026", Tone: widgets.Good, Icon: theme.FileIcon()}
	}, func(i int) { chosen = i })
	w := window(t, list, 400, 400)
	if len(asked) == 0 || len(asked) > 40 {
		t.Errorf("%d rows were asked for", len(asked))
	}
	list.ScrollTo(99_999)
	if !asked[99_999] {
		t.Error("the last row was not asked for after scrolling there")
	}
	w.Canvas().Focus(list)
	list.ScrollToTop()
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if chosen < 0 {
		t.Error("Return chose nothing")
	}
}

func TestAListThatBecomesShorterDoesNotAskForLostRows(t *testing.T) {
	count := 50
	list := widgets.NewShortList(func() int { return count }, func(i int) widgets.Row {
		if i >= count {
			t.Errorf("row %d of %d was asked for", i, count)
		}
		return widgets.Row{Title: "x"}
	}, nil)
	window(t, list, 300, 300)
	list.ScrollToBottom()
	count = 3
	list.Refresh()
	count = 0
	list.Refresh()
}

func TestATableAlignsNumbersAndFillsItsWidth(t *testing.T) {
	chosen := -1
	table := widgets.NewTable(
		[]widgets.TableColumn{{Title: "Name", Share: 2}, {Title: "Size", Right: true}},
		func() int { return 3 }, func(row, column int) string { return fmt.Sprint(row, column) }, func(row int) { chosen = row })
	window(t, table, 600, 300)
	var labels []*widget.Label
	walk(table, func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok {
			labels = append(labels, l)
		}
	})
	name := slices.IndexFunc(labels, func(l *widget.Label) bool { return l.Text == "Name" })
	cell := slices.IndexFunc(labels, func(l *widget.Label) bool { return l.Text == "2 1" })
	if name < 0 || cell < 0 {
		t.Fatalf("the heading or the last cell is missing: %d labels", len(labels))
	}
	for _, number := range []*widget.Label{labels[name+1], labels[cell]} {
		if number.Alignment != fyne.TextAlignTrailing {
			t.Errorf("%q is not aligned to the right", number.Text)
		}
	}
	if wide := labels[name].Size().Width + labels[name+1].Size().Width; wide < 590 {
		t.Errorf("the columns are %v wide together, in a window of 600", wide)
	}
	table.Select(2)
	if chosen != 2 {
		t.Errorf("row %d was chosen", chosen)
	}
}

func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			walk(c, visit)
		}
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(o).Objects() {
			walk(c, visit)
		}
	}
}

func TestAFieldShowsWhatIsWrongAndTakesItAway(t *testing.T) {
	field := widgets.NewField("Name", "A hint", widgets.NewEntry())
	window(t, field, 300, 200)
	before := field.MinSize().Height
	field.SetProblem("Fill this in.")
	if field.MinSize().Height <= before {
		t.Error("the problem has no room")
	}
	field.SetProblem("")
	if field.MinSize().Height != before {
		t.Error("the problem still takes room")
	}
}

func TestAPassphraseIsHiddenAndJudgedInASentence(t *testing.T) {
	p := widgets.NewPassphrase(func(typed string) (string, bool) { return "said of " + typed, len(typed) > 3 })
	window(t, p, 300, 200)
	if !p.Entry.Password {
		t.Error("what is typed can be read")
	}
	if p.Good() {
		t.Error("nothing is good enough")
	}
	test.Type(p.Entry, "abc")
	if p.Good() || !shows(p, "said of abc") {
		t.Error("the sentence is missing, or three letters are good enough")
	}
	test.Type(p.Entry, "d")
	if !p.Good() {
		t.Error("four letters should do here")
	}
	p.Clear()
	if p.Text() != "" || p.Good() {
		t.Error("something is left after Clear")
	}
}

func shows(o fyne.CanvasObject, text string) bool {
	found := false
	walk(o, func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok && l.Visible() && l.Text == text {
			found = true
		}
	})
	return found
}

func TestProgressSaysThatItIsBeingCancelled(t *testing.T) {
	cancelled := 0
	p := widgets.NewProgress("Importing", func() { cancelled++ })
	w := window(t, p, 400, 200)
	p.Set("Reading", 3, 10)
	if !shows(p, "Reading") {
		t.Error("the stage is not shown")
	}
	w.Canvas().Focus(p.Focusable())
	p.Focusable().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.Focusable().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if cancelled != 1 {
		t.Errorf("cancel was called %d times", cancelled)
	}
	p.Set("Reading on", 4, 10)
	if shows(p, "Reading on") {
		t.Error("it goes on talking of reading after it was cancelled")
	}
	p.Stop()
}

func TestBadgesAndNoticesFollowTheTheme(t *testing.T) {
	app := test.NewTempApp(t)
	notice := widgets.NewNotice("Text", widgets.Problem)
	w := test.NewTempWindow(t, container.NewVBox(notice, widgets.NewBadge("trusted", widgets.Good)))
	w.Resize(fyne.NewSize(300, 200))
	before := w.Canvas().Capture().At(4, 20)
	app.Settings().SetTheme(&inverse{theme.DefaultTheme()})
	notice.Refresh()
	if after := w.Canvas().Capture().At(4, 20); after == before {
		t.Errorf("the notice kept the colour %v", before)
	}
}

type inverse struct{ fyne.Theme }

func (inverse) Color(fyne.ThemeColorName, fyne.ThemeVariant) color.Color {
	return color.NRGBA{R: 1, G: 200, B: 3, A: 255}
}

func TestAQRCodeHasItsQuietEdgeAndALongTextSaysSo(t *testing.T) {
	code := widgets.QR("AGE-SECRET-KEY-1EXAMPLE", 200)
	w := window(t, container.NewGridWrap(fyne.NewSize(200, 200), code), 220, 220)
	picture := w.Canvas().Capture()
	dark := 0
	for y := range 220 {
		for x := range 220 {
			if r, g, b, _ := picture.At(x, y).RGBA(); r+g+b == 0 {
				dark++
			}
		}
	}
	if dark < 2000 {
		t.Errorf("only %d dark points: nothing is drawn", dark)
	}
	long := widgets.QR(string(make([]byte, 5000)), 200)
	if !shows(long, words.Of("widget.qr.failed")) {
		t.Error("a text that is too long does not say so")
	}
}

func TestGroups(t *testing.T) {
	if got := widgets.Groups("AAAA BBBBCC", 4); got != "AAAA BBBB CC" {
		t.Errorf("got %q", got)
	}
}
