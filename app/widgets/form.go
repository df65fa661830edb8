package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Form is a column of labelled fields that scrolls. The focused field is always in view.
type Form struct {
	Composite
	column *fyne.Container
	scroll *container.Scroll
}

// NewForm makes a form of fields and of anything else that stands between them.
func NewForm(lines ...fyne.CanvasObject) *Form { return newForm(Column, lines) }

// NewCentredForm makes a form in the middle of the window, for pages without a header.
func NewCentredForm(lines ...fyne.CanvasObject) *Form { return newForm(CentredColumn, lines) }

// NewNarrowForm makes a form of a few short fields in the middle of the window.
func NewNarrowForm(lines ...fyne.CanvasObject) *Form { return newForm(NarrowColumn, lines) }

func newForm(column func(fyne.CanvasObject) fyne.CanvasObject, lines []fyne.CanvasObject) *Form {
	f := &Form{column: container.NewVBox(lines...)}
	f.scroll = container.NewVScroll(column(container.NewPadded(f.column)))
	f.init(f, f.scroll)
	return f
}

// Add puts anything below what is there.
func (f *Form) Add(object fyne.CanvasObject) { f.column.Add(object) }

// Top scrolls to the beginning.
func (f *Form) Top() { f.scroll.ScrollToTop() }

// Field is an input with its label above it and, below, a hint or what is wrong with what was typed.
type Field struct {
	Composite
	Input   fyne.CanvasObject
	label   *widget.Label
	hint    *widget.Label
	problem *widget.Label
	edge    *canvas.Rectangle
}

// NewField labels an input. hint may be "".
func NewField(label, hint string, input fyne.CanvasObject) *Field {
	f := &Field{Input: input, label: widget.NewLabel(label), hint: Small(hint), problem: Small("")}
	f.label.TextStyle.Bold = true
	f.label.Wrapping = fyne.TextWrapWord
	f.problem.Importance = widget.DangerImportance
	f.problem.Hide()
	if hint == "" {
		f.hint.Hide()
	}
	f.init(f, container.New(tightColumn{}, f.label, f.input(), f.hint, f.problem))
	return f
}

// input has the same edges as the text of the labels above and below it.
func (f *Field) input() fyne.CanvasObject {
	switch f.Input.(type) {
	case *Entry, *DateField:
		return container.New(inset{theme.InnerPadding()}, f.Input)
	case *Select: // which Fyne draws without an edge
		f.edge = canvas.NewRectangle(color.Transparent)
		f.edge.StrokeWidth = 1
		f.edge.CornerRadius = theme.InputRadiusSize()
		f.colourEdge()
		return container.New(inset{theme.InnerPadding()}, f.Input, f.edge)
	}
	return f.Input
}

func (f *Field) colourEdge() {
	if f.edge != nil {
		f.edge.StrokeColor = f.Theme().Color(theme.ColorNameInputBorder, variant())
	}
}

// Refresh takes on a changed theme.
func (f *Field) Refresh() {
	f.colourEdge()
	f.BaseWidget.Refresh()
}

// SetProblem shows what is wrong with the field; "" takes it away.
func (f *Field) SetProblem(sentence string) {
	f.problem.SetText(sentence)
	if sentence == "" {
		f.problem.Hide()
	} else {
		f.problem.Show()
	}
	f.Refresh()
}

// SetHint changes the hint.
func (f *Field) SetHint(hint string) {
	f.hint.SetText(hint)
	if hint == "" {
		f.hint.Hide()
	} else {
		f.hint.Show()
	}
	f.Refresh()
}

// Problem is what SetProblem showed.
func (f *Field) Problem() string { return f.problem.Text }

// tightColumn stacks labels and inputs without the gaps that Fyne's labels bring along.
type tightColumn struct{}

func (tightColumn) overlap(o fyne.CanvasObject) float32 {
	if _, ok := o.(*widget.Label); ok {
		return theme.InnerPadding() * 0.75
	}
	return 0
}

func (t tightColumn) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		wanted := o.MinSize()
		size.Width = max(size.Width, wanted.Width)
		size.Height += wanted.Height
		if i > 0 {
			size.Height -= t.overlap(o)
		}
	}
	return size
}

func (t tightColumn) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		wanted := o.MinSize() // wrapped text knows its height once it knows its width
		if i > 0 {
			y -= t.overlap(o)
		}
		o.Resize(fyne.NewSize(size.Width, wanted.Height))
		o.Move(fyne.NewPos(0, y))
		y += wanted.Height
	}
}

// inset leaves room at both sides.
type inset struct{ by float32 }

func (l inset) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size.AddWidthHeight(2*l.by, 0)
}

func (l inset) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(fyne.NewSize(size.Width-2*l.by, size.Height))
		o.Move(fyne.NewPos(l.by, 0))
	}
}
