package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
)

// Header is what stands over a page.
type Header struct {
	Title    string
	Subtitle string              // "" for none
	Back     func()              // nil where there is nothing to go back to
	Actions  []fyne.CanvasObject // at the right, at most three
}

// NewHeader draws a page's header. Long titles end with "…".
func NewHeader(h Header) fyne.CanvasObject {
	title := widget.NewLabelWithStyle(h.Title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	title.SizeName = theme.SizeNameHeadingText
	title.Truncation = fyne.TextTruncateEllipsis
	middle := container.New(layout.NewCustomPaddedVBoxLayout(-theme.InnerPadding()), title)
	if h.Subtitle != "" {
		subtitle := widget.NewLabel(h.Subtitle)
		subtitle.Truncation = fyne.TextTruncateEllipsis
		middle.Add(subtitle)
	}
	var left, right fyne.CanvasObject
	if h.Back != nil {
		back := NewButton(words.Of("widget.back"), h.Back)
		back.Icon = theme.NavigateBackIcon()
		left = container.NewCenter(back)
	}
	if len(h.Actions) > 0 {
		right = container.NewCenter(container.NewHBox(h.Actions...))
	}
	return container.NewVBox(container.NewBorder(nil, nil, left, right, middle), widget.NewSeparator())
}

// Page puts a header over content. In a very wide window it stays together in the middle.
func Page(h Header, content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(columnLayout{widest: wide, centred: true}, container.NewBorder(NewHeader(h), nil, nil, nil, content))
}

// EmptyState says that there is nothing here yet, and what to do next.
func EmptyState(title, text string, actions ...fyne.CanvasObject) fyne.CanvasObject {
	return statement(theme.InfoIcon(), title, text, actions)
}

// ErrorState says what went wrong, in the place of what could not be shown. retry may be nil.
func ErrorState(sentence string, retry func()) fyne.CanvasObject {
	var actions []fyne.CanvasObject
	if retry != nil {
		actions = append(actions, NewPrimary(words.Of("widget.retry"), retry))
	}
	return statement(theme.WarningIcon(), words.Of("widget.failed"), sentence, actions)
}

func statement(icon fyne.Resource, title, text string, actions []fyne.CanvasObject) fyne.CanvasObject {
	picture := canvas.NewImageFromResource(theme.NewColoredResource(icon, theme.ColorNamePlaceHolder))
	picture.FillMode = canvas.ImageFillContain
	picture.SetMinSize(fyne.NewSquareSize(2.5 * theme.TextSize()))
	heading := Heading(title)
	heading.Alignment = fyne.TextAlignCenter
	body := Text(text)
	body.Alignment = fyne.TextAlignCenter
	lines := container.NewVBox(Gap(3*theme.TextSize()), picture, heading, body)
	if len(actions) > 0 {
		lines.Add(container.NewCenter(container.NewHBox(actions...)))
	}
	return container.NewVScroll(NarrowColumn(lines))
}

// Loading says that something is being read.
func Loading(text string) fyne.CanvasObject {
	if text == "" {
		text = words.Of("widget.loading")
	}
	label := widget.NewLabel(text)
	label.Alignment = fyne.TextAlignCenter
	activity := widget.NewActivity()
	activity.Start()
	return container.NewCenter(container.NewVBox(container.NewCenter(activity), label))
}

// Tone is what a badge or a notice is about. It says something about a thing or a task, never about a person.
type Tone int

// The tones.
const (
	Neutral   Tone = iota
	Good           // done, valid, trusted
	Attention      // waits for somebody
	Problem        // refused, damaged, out of date
)

func (t Tone) colour() fyne.ThemeColorName {
	switch t {
	case Good:
		return theme.ColorNameSuccess
	case Attention:
		return theme.ColorNameWarning
	case Problem:
		return theme.ColorNameError
	}
	return theme.ColorNamePlaceHolder
}

func (t Tone) importance() widget.Importance {
	switch t {
	case Good:
		return widget.SuccessImportance
	case Attention:
		return widget.WarningImportance
	case Problem:
		return widget.DangerImportance
	}
	return widget.MediumImportance
}

// Badge is a state in a word: "trusted", "draft". The word says it all; the colour only helps.
type Badge struct {
	Composite
	label *widget.Label
	frame *canvas.Rectangle
	tone  Tone
}

// NewBadge makes a badge.
func NewBadge(text string, tone Tone) *Badge {
	b := &Badge{tone: tone, label: widget.NewLabel(text), frame: canvas.NewRectangle(color.Transparent)}
	b.label.SizeName = theme.SizeNameCaptionText
	b.label.Importance = tone.importance()
	b.frame.StrokeWidth = 1
	b.frame.CornerRadius = theme.InputRadiusSize()
	b.init(b, container.NewStack(b.frame, container.New(layout.NewCustomPaddedLayout(-4, -4, 0, 0), b.label)))
	b.Refresh()
	return b
}

// Refresh takes on a changed theme.
func (b *Badge) Refresh() {
	b.frame.StrokeColor = b.Theme().Color(b.tone.colour(), variant())
	b.BaseWidget.Refresh()
}

// Notice is a message within a page: wrapped text with a coloured edge.
type Notice struct {
	Composite
	edge  *canvas.Rectangle
	plate *canvas.Rectangle
	tone  Tone
}

// NewNotice makes a notice. actions stand below its text.
func NewNotice(text string, tone Tone, actions ...fyne.CanvasObject) *Notice {
	n := &Notice{tone: tone, edge: canvas.NewRectangle(color.Transparent), plate: canvas.NewRectangle(color.Transparent)}
	n.edge.SetMinSize(fyne.NewSize(4, 1))
	lines := container.NewVBox(Text(text))
	if len(actions) > 0 {
		lines.Add(Actions(actions...))
	}
	n.init(n, container.NewStack(n.plate, container.NewBorder(nil, nil, n.edge, nil, lines)))
	n.Refresh()
	return n
}

// Refresh takes on a changed theme.
func (n *Notice) Refresh() {
	n.edge.FillColor = n.Theme().Color(n.tone.colour(), variant())
	n.plate.FillColor = n.Theme().Color(theme.ColorNameHeaderBackground, variant())
	n.BaseWidget.Refresh()
}

func variant() fyne.ThemeVariant { return fyne.CurrentApp().Settings().ThemeVariant() }

// Section is a part of a page under a heading.
func Section(title string, content ...fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(-theme.InnerPadding()/2), Heading(title), container.NewVBox(content...))
}
