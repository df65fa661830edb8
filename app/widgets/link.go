package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Link is a line that leads somewhere: a title, a second line that wraps, and something short at the right.
type Link struct {
	Composite
	row     Row
	tapped  func()
	plate   *canvas.Rectangle
	focused bool
	hovered bool
}

var (
	_ fyne.Focusable    = (*Link)(nil)
	_ fyne.Tappable     = (*Link)(nil)
	_ desktop.Hoverable = (*Link)(nil)
)

// NewLink makes a link.
func NewLink(row Row, tapped func()) *Link {
	l := &Link{row: row, tapped: tapped, plate: canvas.NewRectangle(color.Transparent)}
	l.plate.CornerRadius = theme.SelectionRadiusSize()
	title := widget.NewLabel(row.Title)
	title.TextStyle.Bold = true
	title.Wrapping = fyne.TextWrapWord
	texts := container.New(tightColumn{}, title)
	if row.Detail != "" {
		texts.Add(Small(row.Detail))
	}
	right := container.NewHBox()
	if row.Side != "" {
		side := widget.NewLabel(row.Side)
		side.SizeName = theme.SizeNameCaptionText
		side.Importance = row.Tone.importance()
		right.Add(side)
	}
	right.Add(container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.InnerPadding()), widget.NewIcon(theme.NavigateNextIcon())))
	var left fyne.CanvasObject
	if row.Icon != nil {
		left = container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding(), 0), widget.NewIcon(row.Icon))
	}
	l.init(l, container.NewStack(l.plate, container.NewBorder(nil, nil, left, right, texts)))
	return l
}

// Title is what the link is called.
func (l *Link) Title() string { return l.row.Title }

// Tapped goes there.
func (l *Link) Tapped(*fyne.PointEvent) {
	used(l)
	if l.tapped != nil {
		l.tapped()
	}
}

// TypedKey goes there with Space, Return and Enter.
func (l *Link) TypedKey(key *fyne.KeyEvent) {
	if passKey(l, key) {
		return
	}
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		l.Tapped(nil)
	}
}

// TypedRune does nothing.
func (l *Link) TypedRune(rune) {}

// FocusGained shows the focus and scrolls to it.
func (l *Link) FocusGained() {
	l.focused = true
	l.Refresh()
	Reveal(l)
}

// FocusLost hides the focus.
func (l *Link) FocusLost() {
	l.focused = false
	l.Refresh()
}

// MouseIn shows that the link can be pressed.
func (l *Link) MouseIn(*desktop.MouseEvent) {
	l.hovered = true
	l.Refresh()
}

// MouseMoved does nothing.
func (l *Link) MouseMoved(*desktop.MouseEvent) {}

// MouseOut hides that again.
func (l *Link) MouseOut() {
	l.hovered = false
	l.Refresh()
}

// Refresh takes on focus, pointer and theme.
func (l *Link) Refresh() {
	l.plate.FillColor = color.Transparent
	switch {
	case l.focused:
		l.plate.FillColor = l.Theme().Color(theme.ColorNameFocus, variant())
	case l.hovered:
		l.plate.FillColor = l.Theme().Color(theme.ColorNameHover, variant())
	}
	l.plate.Refresh()
	l.BaseWidget.Refresh()
}
