package widgets

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Choice shows a few options at once, of which one or several are chosen. Each option can be reached with Tab and
// chosen with Space or Return; the arrow keys go from one to the next. Long options wrap.
type Choice struct {
	Composite
	options  []Option
	several  bool
	items    []*choiceItem
	chosen   []string
	changed  func()
	disabled bool
}

// NewChoice lets one option be chosen; none is at first. changed may be nil.
func NewChoice(options []Option, changed func(value string)) *Choice {
	c := &Choice{}
	c.changed = func() {
		if changed != nil {
			changed(c.Value())
		}
	}
	c.build(options, container.NewVBox(), true)
	return c
}

// NewChoiceRow is NewChoice with the options side by side where there is room.
func NewChoiceRow(options []Option, changed func(value string)) *Choice {
	c := &Choice{}
	c.changed = func() {
		if changed != nil {
			changed(c.Value())
		}
	}
	c.build(options, container.New(layout.NewRowWrapLayout()), false)
	return c
}

// NewChoices lets several options be chosen. changed may be nil.
func NewChoices(options []Option, changed func(values []string)) *Choice {
	c := &Choice{several: true}
	c.changed = func() {
		if changed != nil {
			changed(c.Values())
		}
	}
	c.build(options, container.NewVBox(), true)
	return c
}

func (c *Choice) build(options []Option, box *fyne.Container, wraps bool) {
	c.options = options
	for i, o := range options {
		item := newChoiceItem(c, i, o.Text)
		item.wraps = wraps
		c.items = append(c.items, item)
		box.Add(item)
	}
	c.init(c, box)
}

// Value is the chosen option, "" if none.
func (c *Choice) Value() string {
	if len(c.chosen) == 0 {
		return ""
	}
	return c.chosen[0]
}

// Values are the chosen options, in the order in which they are shown.
func (c *Choice) Values() []string {
	var values []string
	for _, o := range c.options {
		if slices.Contains(c.chosen, o.Value) {
			values = append(values, o.Value)
		}
	}
	return values
}

// SetValues chooses exactly these, without telling.
func (c *Choice) SetValues(values ...string) {
	c.chosen = slices.DeleteFunc(slices.Clone(values), func(v string) bool {
		return !slices.ContainsFunc(c.options, func(o Option) bool { return o.Value == v })
	})
	c.refreshItems()
}

// Enable lets somebody choose; Disable only shows what is chosen.
func (c *Choice) Enable() { c.setDisabled(false) }

// Disable only shows what is chosen.
func (c *Choice) Disable() { c.setDisabled(true) }

// Disabled reports whether nothing can be chosen.
func (c *Choice) Disabled() bool { return c.disabled }

func (c *Choice) setDisabled(disabled bool) {
	c.disabled = disabled
	c.refreshItems()
}

// First is the first option, to give it the focus.
func (c *Choice) First() fyne.Focusable {
	if len(c.items) == 0 {
		return nil
	}
	return c.items[0]
}

func (c *Choice) choose(i int) {
	if c.disabled {
		return
	}
	value := c.options[i].Value
	switch at := slices.Index(c.chosen, value); {
	case !c.several:
		if at >= 0 {
			return
		}
		c.chosen = []string{value}
	case at >= 0:
		c.chosen = slices.Delete(c.chosen, at, at+1)
	default:
		c.chosen = append(c.chosen, value)
	}
	c.refreshItems()
	c.changed()
}

func (c *Choice) refreshItems() {
	for _, item := range c.items {
		item.Refresh()
	}
}

// choiceItem is one option.
type choiceItem struct {
	widget.BaseWidget
	choice  *Choice
	index   int
	label   *widget.Label
	mark    *widget.Icon
	plate   *canvas.Rectangle
	focused bool
	hovered bool
	wraps   bool
}

func newChoiceItem(c *Choice, index int, text string) *choiceItem {
	i := &choiceItem{choice: c, index: index, label: widget.NewLabel(text), mark: widget.NewIcon(nil), plate: canvas.NewRectangle(color.Transparent)}
	i.plate.CornerRadius = theme.SelectionRadiusSize()
	i.ExtendBaseWidget(i)
	return i
}

func (i *choiceItem) CreateRenderer() fyne.WidgetRenderer {
	if i.wraps {
		i.label.Wrapping = fyne.TextWrapWord
	}
	i.update()
	return widget.NewSimpleRenderer(container.NewStack(i.plate, container.New(markLayout{}, i.mark, i.label)))
}

func (i *choiceItem) update() {
	chosen := slices.Contains(i.choice.chosen, i.choice.options[i.index].Value)
	icon := theme.IconNameRadioButton
	switch {
	case chosen && i.choice.several:
		icon = theme.IconNameCheckButtonChecked
	case chosen:
		icon = theme.IconNameRadioButtonChecked
	case i.choice.several:
		icon = theme.IconNameCheckButton
	}
	colour := theme.ColorNameForeground
	if chosen {
		colour = theme.ColorNamePrimary
	}
	if i.choice.disabled && !chosen {
		colour = theme.ColorNameDisabled
	}
	i.mark.SetResource(theme.NewColoredResource(theme.Icon(icon), colour))
	i.label.TextStyle.Bold = chosen
	i.label.Importance = widget.MediumImportance
	if i.choice.disabled && !chosen {
		i.label.Importance = widget.LowImportance
	}
	i.label.Refresh()
	switch {
	case i.focused:
		i.plate.FillColor = i.Theme().Color(theme.ColorNameFocus, variant())
	case i.hovered && !i.choice.disabled:
		i.plate.FillColor = i.Theme().Color(theme.ColorNameHover, variant())
	default:
		i.plate.FillColor = color.Transparent
	}
	i.plate.Refresh()
}

// markLayout puts a mark of the size of an icon beside the first line of a label, whatever the text size is now.
type markLayout struct{}

func (markLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[1].MinSize().AddWidthHeight(theme.IconInlineSize()+theme.InnerPadding(), 0)
}

func (markLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	side, pad := theme.IconInlineSize(), theme.InnerPadding()
	objects[0].Resize(fyne.NewSquareSize(side))
	objects[0].Move(fyne.NewPos(pad, pad+max(0, lineHeight()-side)/2))
	objects[1].Resize(fyne.NewSize(size.Width-side-pad, size.Height))
	objects[1].Move(fyne.NewPos(side+pad, 0))
}

// Refresh shows what is chosen.
func (i *choiceItem) Refresh() {
	i.update()
	i.BaseWidget.Refresh()
}

// Text is the option as it is read.
func (i *choiceItem) Text() string { return i.label.Text }

// Tapped chooses.
func (i *choiceItem) Tapped(*fyne.PointEvent) {
	used(i)
	if c := canvasOf(i); c != nil && !i.choice.disabled {
		c.Focus(i)
	}
	i.choice.choose(i.index)
}

func (i *choiceItem) Disabled() bool { return i.choice.disabled }
func (i *choiceItem) Enable()        { i.choice.Enable() }
func (i *choiceItem) Disable()       { i.choice.Disable() }

func (i *choiceItem) FocusGained() {
	i.focused = true
	i.Refresh()
	Reveal(i)
}

func (i *choiceItem) FocusLost() {
	i.focused = false
	i.Refresh()
}

func (i *choiceItem) TypedRune(rune) {}

func (i *choiceItem) TypedKey(key *fyne.KeyEvent) {
	if passKey(i, key) {
		return
	}
	move := 0
	switch key.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		i.choice.choose(i.index)
	case fyne.KeyDown, fyne.KeyRight:
		move = 1
	case fyne.KeyUp, fyne.KeyLeft:
		move = -1
	}
	next := i.index + move
	if c := canvasOf(i); c != nil && move != 0 && next >= 0 && next < len(i.choice.items) {
		c.Focus(i.choice.items[next])
	}
}
