package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"wardbook/data/format/markdown"
)

// Reader is prose that fills the room it gets, scrolls with the wheel and the keys, and knows where the person is.
type Reader struct {
	Composite
	// OnMoved is told the place after each scroll.
	OnMoved func(place float32)

	prose  *Prose
	scroll *container.Scroll
	wanted float32 // a position to go to once there is room
}

// ReaderHeading is a heading of the text that is shown.
type ReaderHeading struct {
	Text  string
	Level int
	y     float32
}

// NewReader makes an empty reader.
func NewReader() *Reader {
	r := &Reader{prose: NewProse(nil, nil), wanted: -1}
	r.prose.OnKey = r.key
	r.scroll = container.NewVScroll(r.prose)
	r.scroll.OnScrolled = func(fyne.Position) { r.moved() }
	r.init(r, r.scroll)
	return r
}

// SetBlocks shows a text from its beginning; picture is as for NewProse.
func (r *Reader) SetBlocks(blocks []markdown.Block, picture func(path string) image.Image) {
	r.wanted = 0
	r.prose.SetBlocks(blocks, picture)
	r.settle()
}

// Prose is the text itself, for keyboard focus.
func (r *Reader) Prose() *Prose { return r.prose }

// Resize flows the text and keeps the place.
func (r *Reader) Resize(size fyne.Size) {
	place := r.Place()
	changed := size.Width != r.Size().Width
	if changed && size.Width > 0 {
		r.prose.width = size.Width
		r.prose.flow()
	}
	r.Composite.Resize(size)
	if changed && r.wanted < 0 {
		r.wanted = place
	}
	r.settle()
}

// Refresh takes on another text size and keeps the place.
func (r *Reader) Refresh() {
	if r.wanted < 0 {
		r.wanted = r.Place()
	}
	r.prose.Refresh()
	r.Composite.Refresh()
	r.settle()
}

// settle goes to the wanted position once there is room.
func (r *Reader) settle() {
	if r.wanted < 0 || r.Size().Height <= 0 || r.prose.placed.height <= 0 {
		return
	}
	r.scroll.Refresh()
	r.scroll.ScrollToOffset(fyne.NewPos(0, r.wanted*r.prose.placed.height))
	r.wanted = -1
}

// Place is how far down the first visible line is, from 0 to below 1. It does not depend on the text size.
func (r *Reader) Place() float32 {
	if r.wanted >= 0 {
		return r.wanted
	}
	if r.prose.placed.height <= 0 {
		return 0
	}
	return r.scroll.Offset.Y / r.prose.placed.height
}

// SetPlace goes to a place.
func (r *Reader) SetPlace(place float32) {
	r.wanted = max(0, min(place, 1))
	r.settle()
}

// AtEnd reports whether the last line can be seen.
func (r *Reader) AtEnd() bool {
	return r.prose.placed.height > 0 && r.scroll.Offset.Y+r.scroll.Size().Height >= r.prose.placed.height-1
}

// Headings lists the headings, for a table of contents.
func (r *Reader) Headings() []ReaderHeading { return r.prose.placed.headings }

// GoTo scrolls to a heading.
func (r *Reader) GoTo(heading int) {
	if all := r.Headings(); heading >= 0 && heading < len(all) {
		r.to(all[heading].y)
	}
}

func (r *Reader) to(y float32) {
	y = max(0, min(y, r.prose.placed.height-r.scroll.Size().Height))
	r.scroll.ScrollToOffset(fyne.NewPos(0, y)) // does not call OnScrolled
	r.moved()
}

func (r *Reader) moved() {
	if r.OnMoved != nil && r.wanted < 0 {
		r.OnMoved(r.Place())
	}
}

func (r *Reader) key(key *fyne.KeyEvent) {
	page := r.scroll.Size().Height - 2*lineHeight()
	y := r.scroll.Offset.Y
	switch key.Name {
	case fyne.KeyDown:
		r.to(y + 3*lineHeight())
	case fyne.KeyUp:
		r.to(y - 3*lineHeight())
	case fyne.KeyPageDown, fyne.KeySpace:
		r.to(y + page)
	case fyne.KeyPageUp:
		r.to(y - page)
	case fyne.KeyHome:
		r.to(0)
	case fyne.KeyEnd:
		r.to(r.prose.placed.height)
	}
}
