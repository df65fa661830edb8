package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
)

// Window is what the outermost object of a window's content can be, so that the inputs in it reach the window.
type Window interface {
	// Used is called whenever somebody types or presses something.
	Used()
}

// used tells the window that somebody is there.
func used(of fyne.CanvasObject) {
	if c := canvasOf(of); c != nil {
		if w, ok := c.Content().(Window); ok {
			w.Used()
		}
	}
}

func canvasOf(of fyne.CanvasObject) fyne.Canvas {
	app := fyne.CurrentApp()
	if app == nil {
		return nil
	}
	return app.Driver().CanvasForObject(of)
}

// passKey hands the keys that belong to the whole window on to it, from a widget that would swallow them.
func passKey(of fyne.CanvasObject, key *fyne.KeyEvent) bool {
	used(of)
	if key.Name != fyne.KeyF1 && key.Name != fyne.KeyEscape {
		return false
	}
	if c := canvasOf(of); c != nil {
		if typed := c.OnTypedKey(); typed != nil {
			typed(key)
		}
	}
	return true
}

// passShortcut hands the shortcuts that are not about text on to the window.
func passShortcut(of fyne.CanvasObject, shortcut fyne.Shortcut) bool {
	custom, ok := shortcut.(*desktop.CustomShortcut)
	if !ok {
		return false
	}
	used(of)
	if c, ok := canvasOf(of).(fyne.Shortcutable); ok && ownsShortcut(custom) {
		c.TypedShortcut(shortcut)
		return true
	}
	return false
}

// ownsShortcut leaves the shortcuts to an entry that move its cursor.
func ownsShortcut(s *desktop.CustomShortcut) bool {
	switch s.KeyName {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyHome, fyne.KeyEnd, fyne.KeyBackspace, fyne.KeyDelete, fyne.KeyInsert:
		return false
	}
	return true
}

// Button is a button.
type Button struct{ widget.Button }

// NewButton makes a button.
func NewButton(text string, tapped func()) *Button {
	b := &Button{}
	b.Text, b.OnTapped = text, tapped
	b.ExtendBaseWidget(b)
	return b
}

// NewPrimary makes the button for what a page or a dialog is about.
func NewPrimary(text string, tapped func()) *Button {
	b := NewButton(text, tapped)
	b.Importance = widget.HighImportance
	return b
}

// NewDanger makes a button for what cannot be undone.
func NewDanger(text string, tapped func()) *Button {
	b := NewButton(text, tapped)
	b.Importance = widget.DangerImportance
	return b
}

// NewQuiet makes a button without a background, for what is beside the point.
func NewQuiet(text string, tapped func()) *Button {
	b := NewButton(text, tapped)
	b.Importance = widget.LowImportance
	return b
}

// FocusGained shows the focus and scrolls to it.
func (b *Button) FocusGained() {
	b.Button.FocusGained()
	Reveal(b)
}

// TypedKey presses the button with Space, Return and Enter.
func (b *Button) TypedKey(key *fyne.KeyEvent) {
	if passKey(b, key) {
		return
	}
	if key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter {
		key = &fyne.KeyEvent{Name: fyne.KeySpace}
	}
	b.Button.TypedKey(key)
}

// Tapped presses the button.
func (b *Button) Tapped(e *fyne.PointEvent) {
	used(b)
	b.Button.Tapped(e)
}

// Entry is a field for text. Tab always leaves it.
type Entry struct {
	widget.Entry
	// OnLeave is called when the field loses the focus.
	OnLeave func()
	// OnKey sees each key first and says whether it has dealt with it.
	OnKey func(key fyne.KeyName) bool
}

// NewEntry makes a field of one line.
func NewEntry() *Entry {
	e := &Entry{}
	e.ExtendBaseWidget(e)
	return e
}

// NewMultiLine makes a field of several lines that shows at least so many. Long lines wrap at words.
func NewMultiLine(rows int) *Entry {
	e := &Entry{}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.ExtendBaseWidget(e)
	e.SetMinRowsVisible(rows)
	return e
}

// AcceptsTab says that Tab moves to the next field, also from several lines.
func (e *Entry) AcceptsTab() bool { return false }

// FocusGained shows the cursor and scrolls to the field.
func (e *Entry) FocusGained() {
	e.Entry.FocusGained()
	Reveal(e)
}

// FocusLost hides the cursor.
func (e *Entry) FocusLost() {
	e.Entry.FocusLost()
	if e.OnLeave != nil {
		e.OnLeave()
	}
}

// TypedKey edits the text.
func (e *Entry) TypedKey(key *fyne.KeyEvent) {
	if passKey(e, key) || e.OnKey != nil && e.OnKey(key.Name) {
		return
	}
	e.Entry.TypedKey(key)
}

// TypedRune adds to the text.
func (e *Entry) TypedRune(r rune) {
	used(e)
	e.Entry.TypedRune(r)
}

// TypedShortcut edits the text, or reaches the window.
func (e *Entry) TypedShortcut(shortcut fyne.Shortcut) {
	if passShortcut(e, shortcut) {
		return
	}
	e.Entry.TypedShortcut(shortcut)
}

// Tapped puts the cursor into the text.
func (e *Entry) Tapped(event *fyne.PointEvent) {
	used(e)
	e.Entry.Tapped(event)
}

// Check is a box that is ticked or not.
type Check struct{ widget.Check }

// NewCheck makes a box to tick.
func NewCheck(text string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = text, changed
	c.ExtendBaseWidget(c)
	return c
}

// FocusGained shows the focus and scrolls to it.
func (c *Check) FocusGained() {
	c.Check.FocusGained()
	Reveal(c)
}

// TypedKey ticks with Space.
func (c *Check) TypedKey(key *fyne.KeyEvent) {
	if !passKey(c, key) {
		c.Check.TypedKey(key)
	}
}

// Tapped ticks.
func (c *Check) Tapped(e *fyne.PointEvent) {
	used(c)
	c.Check.Tapped(e)
}

// Option is one of several possibilities: what is stored, and what is read.
type Option struct {
	Value string
	Text  string
}

// Select lets one of several options be chosen from a list that drops down; for up to five options Choice is kinder.
type Select struct {
	widget.Select
	options []Option
}

// NewSelect makes a list that drops down. Nothing is chosen at first.
func NewSelect(options []Option, changed func(value string)) *Select {
	s := &Select{options: options}
	s.PlaceHolder = words.Of("widget.choose")
	for _, o := range options {
		s.Options = append(s.Options, o.Text)
	}
	s.OnChanged = func(string) {
		if changed != nil {
			changed(s.Value())
		}
	}
	s.ExtendBaseWidget(s)
	return s
}

// Value is what is chosen, "" if nothing.
func (s *Select) Value() string {
	i := s.SelectedIndex()
	if i < 0 || i >= len(s.options) {
		return ""
	}
	return s.options[i].Value
}

// SetValue chooses without telling.
func (s *Select) SetValue(value string) {
	told := s.OnChanged
	s.OnChanged = nil
	defer func() { s.OnChanged = told }()
	s.ClearSelected()
	for i, o := range s.options {
		if o.Value == value {
			s.SetSelectedIndex(i)
		}
	}
}

// FocusGained shows the focus and scrolls to it.
func (s *Select) FocusGained() {
	s.Select.FocusGained()
	Reveal(s)
}

// TypedKey moves through the options.
func (s *Select) TypedKey(key *fyne.KeyEvent) {
	if !passKey(s, key) {
		s.Select.TypedKey(key)
	}
}

// Tapped opens the list.
func (s *Select) Tapped(e *fyne.PointEvent) {
	used(s)
	s.Select.Tapped(e)
}

// lineHeight is the height of one line of text in a label.
func lineHeight() float32 {
	return fyne.MeasureText("Åg", theme.TextSize(), fyne.TextStyle{}).Height
}
