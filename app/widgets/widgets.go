// Package widgets holds the building blocks of the window. They only present: no rule, no service; what a person does
// comes out through callbacks.
//
// Buttons, fields and choices here are Fyne's own with three things added: the keyboard focus is scrolled into view, F1
// and Esc reach the window from wherever the focus is, and use is noticed by the idle lock (see Window).
package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Composite is a widget made of others. What it is made of can be seen by Reveal.
type Composite struct {
	widget.BaseWidget
	inner fyne.CanvasObject
}

// Inner is what the widget is made of.
func (c *Composite) Inner() fyne.CanvasObject { return c.inner }

// CreateRenderer draws what the widget is made of.
func (c *Composite) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(c.inner)
}

func (c *Composite) init(self fyne.Widget, inner fyne.CanvasObject) {
	c.inner = inner
	c.ExtendBaseWidget(self)
}

// Text is wrapped text that can be selected and copied.
func Text(text string) *widget.Label {
	label := widget.NewLabel(text)
	label.Wrapping = fyne.TextWrapWord
	label.Selectable = true
	return label
}

// Small is wrapped explanation below something more important.
func Small(text string) *widget.Label {
	label := widget.NewLabel(text)
	label.Wrapping = fyne.TextWrapWord
	label.SizeName = theme.SizeNameCaptionText
	return label
}

// Strong is one line of bold text that is cut off with "…" where there is no room.
func Strong(text string) *widget.Label {
	label := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	label.Truncation = fyne.TextTruncateEllipsis
	return label
}

// Heading is a heading over a part of a page. It wraps.
func Heading(text string) *widget.Label {
	label := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	label.SizeName = theme.SizeNameSubHeadingText
	label.Wrapping = fyne.TextWrapWord
	return label
}

// Gap is empty room of a height in Fyne's units.
func Gap(height float32) fyne.CanvasObject {
	room := canvas.NewRectangle(color.Transparent)
	room.SetMinSize(fyne.NewSize(1, height))
	return room
}

// Column keeps the lines of content at most as wide as reads well, however wide the window is. It stands at the left,
// below the page's header.
func Column(content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(columnLayout{widest: readable}, content)
}

// CentredColumn is Column in the middle of what it gets.
func CentredColumn(content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(columnLayout{readable, true}, content)
}

// NarrowColumn is CentredColumn for a form of a few short fields.
func NarrowColumn(content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(columnLayout{narrow, true}, content)
}

// readable is the widest column of text, in text heights: about 90 characters; narrow is that of a short form; wide is a whole
// page with something at its side.
const (
	readable = 52
	narrow   = 36
	wide     = 110
)

// columnLayout limits the width, in text heights.
type columnLayout struct {
	widest  float32
	centred bool
}

func (columnLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return layout.NewStackLayout().MinSize(objects)
}

func (l columnLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(size.Width, l.widest*theme.TextSize())
	for _, o := range objects {
		o.Resize(fyne.NewSize(width, size.Height))
		left := float32(0)
		if l.centred {
			left = (size.Width - width) / 2
		}
		o.Move(fyne.NewPos(left, 0))
	}
}

// Actions puts buttons in a row, which wraps where it is too narrow.
func Actions(buttons ...fyne.CanvasObject) fyne.CanvasObject {
	// The edges of the buttons stand below the text of labels, which have room around them.
	return container.New(inset{theme.InnerPadding()}, container.New(layout.NewRowWrapLayout(), buttons...))
}
