package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
	"wardbook/data/format/markdown"
)

// Prose is text with headings, lists, tables and images, as tall as it needs to be for the width it gets. All of its
// text can be selected, across paragraphs, and copied. Nothing in it can be pressed and nothing is fetched: an image
// is what the callback gives for its path. See Reader for prose that scrolls by itself.
type Prose struct {
	widget.BaseWidget
	// OnKey sees the keys that move through the text.
	OnKey func(*fyne.KeyEvent)

	blocks  []markdown.Block
	picture func(path string) image.Image
	text    document
	placed  flow
	width   float32
	flows   int // how often the text was laid out
	focused bool
	from    int // the selection: where it began
	to      int // and where it ends, in runes of the document
}

// NewProse draws blocks. picture gives the image for a path, or nil, which shows the image's description in its place;
// picture may be nil.
func NewProse(blocks []markdown.Block, picture func(path string) image.Image) *Prose {
	p := &Prose{}
	p.ExtendBaseWidget(p)
	p.SetBlocks(blocks, picture)
	return p
}

// SetBlocks shows another text.
func (p *Prose) SetBlocks(blocks []markdown.Block, picture func(path string) image.Image) {
	if picture == nil {
		picture = func(string) image.Image { return nil }
	}
	p.blocks, p.picture = blocks, picture
	p.text = newDocument(blocks)
	p.from, p.to = 0, 0
	p.Refresh()
}

// Text is all of the text, a line for each block.
func (p *Prose) Text() string { return string(p.text.runes) }

// Selected is the selected text.
func (p *Prose) Selected() string { return string(p.text.runes[min(p.from, p.to):max(p.from, p.to)]) }

// MinSize is the height for the current width.
func (p *Prose) MinSize() fyne.Size {
	p.ExtendBaseWidget(p)
	return fyne.NewSize(12*theme.TextSize(), p.placed.height)
}

// Resize flows the text into a width.
func (p *Prose) Resize(size fyne.Size) {
	if size.Width != p.width {
		p.width = size.Width
		p.flow()
	}
	p.BaseWidget.Resize(size)
}

// Refresh flows the text anew, for another theme or text size.
func (p *Prose) Refresh() {
	p.flow()
	p.BaseWidget.Refresh()
}

func (p *Prose) flow() {
	if p.width > 0 {
		p.placed = flowBlocks(p.blocks, p.text, p.picture, p.width)
		p.flows++
	}
}

// CreateRenderer draws the prose.
func (p *Prose) CreateRenderer() fyne.WidgetRenderer {
	r := &proseRenderer{prose: p}
	r.Refresh()
	return r
}

// FocusGained shows that the keys move through the text.
func (p *Prose) FocusGained() { p.focused = true; p.BaseWidget.Refresh() }

// FocusLost hides that again.
func (p *Prose) FocusLost() { p.focused = false; p.BaseWidget.Refresh() }

// TypedRune does nothing: the text cannot be changed.
func (p *Prose) TypedRune(rune) {}

// TypedKey moves through the text.
func (p *Prose) TypedKey(key *fyne.KeyEvent) {
	if !passKey(p, key) && p.OnKey != nil {
		p.OnKey(key)
	}
}

// TypedShortcut copies, or selects everything.
func (p *Prose) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *fyne.ShortcutCopy:
		p.copy(s.Clipboard)
	case *fyne.ShortcutSelectAll:
		p.from, p.to = 0, len(p.text.runes)
		p.BaseWidget.Refresh()
	default:
		passShortcut(p, s)
	}
}

func (p *Prose) copy(to fyne.Clipboard) {
	if text := p.Selected(); text != "" {
		to.SetContent(text)
	}
}

// Cursor shows that the text can be selected.
func (p *Prose) Cursor() desktop.Cursor { return desktop.TextCursor }

// MouseDown begins a selection.
func (p *Prose) MouseDown(e *desktop.MouseEvent) {
	if e.Button != desktop.MouseButtonPrimary {
		return
	}
	used(p)
	if c := canvasOf(p); c != nil {
		c.Focus(p)
	}
	p.to = p.placed.runeAt(e.Position)
	if e.Modifier&fyne.KeyModifierShift == 0 {
		p.from = p.to
	}
	p.BaseWidget.Refresh()
}

// MouseUp ends a press.
func (p *Prose) MouseUp(*desktop.MouseEvent) {}

// Dragged extends the selection.
func (p *Prose) Dragged(e *fyne.DragEvent) {
	p.to = p.placed.runeAt(e.Position)
	p.BaseWidget.Refresh()
}

// DragEnd ends a selection.
func (p *Prose) DragEnd() {}

// DoubleTapped selects a word.
func (p *Prose) DoubleTapped(e *fyne.PointEvent) {
	p.from, p.to = p.text.wordAround(p.placed.runeAt(e.Position))
	p.BaseWidget.Refresh()
}

// TappedSecondary offers to copy.
func (p *Prose) TappedSecondary(e *fyne.PointEvent) {
	c := canvasOf(p)
	if c == nil {
		return
	}
	clipboard := fyne.CurrentApp().Clipboard()
	copied := fyne.NewMenuItem(words.Of("widget.copy"), func() { p.copy(clipboard) })
	copied.Disabled = p.from == p.to
	all := fyne.NewMenuItem(words.Of("widget.selectall"), func() { p.TypedShortcut(&fyne.ShortcutSelectAll{}) })
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", copied, all), c, e.AbsolutePosition)
}

type proseRenderer struct {
	prose   *Prose
	objects []fyne.CanvasObject
	flows   int // of the prose, when its objects were made
}

func (r *proseRenderer) Destroy()                     {}
func (r *proseRenderer) MinSize() fyne.Size           { return r.prose.MinSize() }
func (r *proseRenderer) Objects() []fyne.CanvasObject { return r.objects }

// Layout makes objects only when the text flows differently: Fyne lays out again whenever it meets new objects, so
// making them each time would never end.
func (r *proseRenderer) Layout(fyne.Size) {
	if r.flows != r.prose.flows {
		r.draw()
	}
}

func (r *proseRenderer) Refresh() {
	r.draw()
	canvas.Refresh(r.prose)
}

func (r *proseRenderer) draw() {
	p := r.prose
	r.flows = p.flows
	colour := func(name fyne.ThemeColorName) color.Color { return p.Theme().Color(name, variant()) }
	r.objects = r.objects[:0]
	plate := func(box box, name fyne.ThemeColorName) {
		o := canvas.NewRectangle(colour(name))
		o.Move(box.at)
		o.Resize(box.size)
		r.objects = append(r.objects, o)
	}
	for _, b := range p.placed.plates {
		plate(b.box, b.colour)
	}
	for _, b := range p.placed.selection(min(p.from, p.to), max(p.from, p.to)) {
		plate(b, theme.ColorNameSelection)
	}
	for _, f := range p.placed.fragments {
		o := canvas.NewText(f.text, colour(f.colour))
		o.TextSize, o.TextStyle = f.size, f.style
		o.Move(f.at)
		o.Resize(f.box.size)
		r.objects = append(r.objects, o)
	}
	for _, i := range p.placed.images {
		o := canvas.NewImageFromImage(i.image)
		o.FillMode = canvas.ImageFillContain
		o.ScaleMode = canvas.ImageScaleSmooth
		o.Move(i.at)
		o.Resize(i.box.size)
		r.objects = append(r.objects, o)
	}
	if p.focused {
		plate(box{fyne.NewPos(0, 0), fyne.NewSize(3, p.Size().Height)}, theme.ColorNameFocus)
	}
}
