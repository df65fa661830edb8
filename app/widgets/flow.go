package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"wardbook/data/format/markdown"
)

// flow is prose laid out for one width.
type flow struct {
	height    float32
	fragments []fragment
	plates    []plate // behind the text: lines of tables, edges of quotes
	images    []picture
	headings  []ReaderHeading
}

type box struct {
	at   fyne.Position
	size fyne.Size
}

// fragment is text of one style in one line. start is its first rune in the document; -1 for a list's marker.
type fragment struct {
	box
	text   string
	start  int
	style  fyne.TextStyle
	size   float32
	colour fyne.ThemeColorName
}

type plate struct {
	box
	colour fyne.ThemeColorName
}

type picture struct {
	box
	image image.Image
}

// lineSpacing is the height of a line in heights of its letters.
const lineSpacing = 1.22

type flower struct {
	flow
	document document
	picture  func(string) image.Image
	left     float32
	width    float32
	y        float32
	size     float32 // of plain text
}

func flowBlocks(blocks []markdown.Block, d document, pictures func(string) image.Image, width float32) flow {
	size := theme.TextSize()
	f := &flower{document: d, picture: pictures, size: size}
	margin := size * 0.75
	f.width = max(min(width-2*margin, readable*size), size)
	f.left = (width - f.width) / 2
	f.y = margin
	for i, b := range blocks {
		f.block(i, b, i == 0)
	}
	f.height = f.y + 2*margin
	return f.flow
}

func (f *flower) block(i int, b markdown.Block, first bool) {
	id := partID{block: i}
	gap := f.size * 0.7
	switch b.Kind {
	case markdown.Heading:
		size := theme.SizeForWidget(theme.SizeNameSubHeadingText, nil)
		if b.Level > 2 {
			size = f.size * 1.08
		}
		if !first {
			f.y += f.size * 0.7
		}
		f.headings = append(f.headings, ReaderHeading{Text: markdown.Plain(b.Runs), Level: b.Level, y: f.y})
		f.text(id, f.left, f.width, size, theme.ColorNameForeground, false)
		f.y += gap * 0.6
	case markdown.ListItem:
		f.item(id, b)
	case markdown.Quote:
		f.quote(id, b)
	case markdown.Code:
		f.code(id)
	case markdown.Table:
		f.table(i, b)
	case markdown.Image:
		f.image(id, b)
	case markdown.Rule:
		f.plates = append(f.plates, plate{box{fyne.NewPos(f.left, f.y+gap/2), fyne.NewSize(f.width, 1)}, theme.ColorNameSeparator})
		f.y += 2 * gap
	default:
		f.text(id, f.left, f.width, f.size, theme.ColorNameForeground, false)
		f.y += gap
	}
}

func (f *flower) item(id partID, b markdown.Block) {
	indent := f.size * 1.6 * float32(max(b.Level, 1))
	if b.Marker != "" {
		wide := fyne.MeasureText(b.Marker, f.size, fyne.TextStyle{})
		f.fragments = append(f.fragments, fragment{
			box: box{fyne.NewPos(f.left+indent-wide.Width-f.size*0.45, f.y), wide}, text: b.Marker, start: -1, size: f.size, colour: theme.ColorNameForeground,
		})
	}
	f.text(id, f.left+indent, f.width-indent, f.size, theme.ColorNameForeground, false)
	f.y += f.size * 0.4
}

func (f *flower) quote(id partID, b markdown.Block) {
	indent := f.size * 1.2 * float32(max(b.Level, 1))
	top := f.y
	at := len(f.plates)
	f.plates = append(f.plates, plate{colour: theme.ColorNameHeaderBackground}, plate{colour: theme.ColorNamePrimary})
	f.y += f.size * 0.4
	f.text(id, f.left+indent, f.width-indent-f.size*0.5, f.size, theme.ColorNameForeground, false)
	f.y += f.size * 0.4
	edge := f.left + indent - f.size*1.2
	f.plates[at].box = box{fyne.NewPos(edge, top), fyne.NewSize(f.width-indent+f.size*1.2, f.y-top)}
	f.plates[at+1].box = box{fyne.NewPos(edge, top), fyne.NewSize(3, f.y-top)}
	f.y += f.size * 0.5
}

func (f *flower) code(id partID) {
	top, at := f.y, len(f.plates)
	f.plates = append(f.plates, plate{colour: theme.ColorNameHeaderBackground})
	f.y += f.size * 0.4
	f.text(id, f.left+f.size*0.5, f.width-f.size, f.size*0.95, theme.ColorNameForeground, false)
	f.y += f.size * 0.4
	f.plates[at].box = box{fyne.NewPos(f.left, top), fyne.NewSize(f.width, f.y-top)}
	f.y += f.size * 0.7
}

// tallest is how much of an image's height is shown at most, in heights of letters.
const tallest = 26

func (f *flower) image(id partID, b markdown.Block) {
	if shown := f.picture(b.Path); shown != nil {
		natural := shown.Bounds().Size()
		wide, high := float32(natural.X), float32(natural.Y)
		scale := min(1, f.width/max(wide, 1), tallest*f.size/max(high, 1))
		size := fyne.NewSize(wide*scale, high*scale)
		f.images = append(f.images, picture{box{fyne.NewPos(f.left+(f.width-size.Width)/2, f.y), size}, shown})
		f.y += size.Height + f.size*0.3
	}
	f.text(id, f.left, f.width, theme.CaptionTextSize(), theme.ColorNamePlaceHolder, false)
	f.y += f.size * 0.9
}

// table gives every column room in proportion to its longest cell, and at least its longest word where that fits.
func (f *flower) table(i int, b markdown.Block) {
	columns := 0
	for _, row := range b.Rows {
		columns = max(columns, len(row))
	}
	if columns == 0 {
		return
	}
	pad := f.size * 0.45
	widths := f.columnWidths(i, b, columns, pad)
	for r, row := range b.Rows {
		top, bottom, at := f.y, f.y, len(f.plates)
		if r == 0 {
			f.plates = append(f.plates, plate{colour: theme.ColorNameHeaderBackground})
		}
		x := f.left
		for c := range columns {
			f.y = top + pad
			if c < len(row) {
				f.text(partID{i, r, c}, x+pad, widths[c]-2*pad, f.size*0.95, theme.ColorNameForeground, row[c].Right)
			}
			bottom = max(bottom, f.y+pad)
			x += widths[c]
		}
		f.y = bottom
		if r == 0 {
			f.plates[at].box = box{fyne.NewPos(f.left, top), fyne.NewSize(f.width, bottom-top)}
		}
		f.plates = append(f.plates, plate{box{fyne.NewPos(f.left, bottom), fyne.NewSize(f.width, 1)}, theme.ColorNameSeparator})
		f.y++
	}
	f.y += f.size
}

func (f *flower) columnWidths(i int, b markdown.Block, columns int, pad float32) []float32 {
	least, wanted := make([]float32, columns), make([]float32, columns)
	for r, row := range b.Rows {
		for c := range row {
			line := float32(0)
			for _, p := range f.document.parts[partID{i, r, c}] {
				wide := fyne.MeasureText(p.text, f.size*0.95, p.style).Width
				least[c] = max(least[c], wide+2*pad+1)
				line += wide + f.size*0.3
			}
			wanted[c] = max(wanted[c], min(line+2*pad, f.width*0.7))
		}
	}
	sumLeast, sumWanted := float32(0), float32(0)
	for c := range columns {
		wanted[c] = max(wanted[c], least[c])
		sumLeast += least[c]
		sumWanted += wanted[c]
	}
	widths := make([]float32, columns)
	for c := range columns {
		switch {
		case sumLeast >= f.width:
			widths[c] = f.width * least[c] / sumLeast
		case sumWanted <= f.width:
			widths[c] = wanted[c] + (f.width-sumWanted)*wanted[c]/sumWanted
		default:
			widths[c] = least[c] + (f.width-sumLeast)*(wanted[c]-least[c])/max(sumWanted-sumLeast, 1)
		}
	}
	return widths
}

// text flows one part of the document into lines from y on.
func (f *flower) text(id partID, left, width, size float32, colour fyne.ThemeColorName, right bool) {
	for _, line := range breakLines(f.document.parts[id], width, size) {
		first := len(f.fragments)
		x, high := left, float32(0)
		for _, part := range line {
			wide := fyne.MeasureText(part.text, size, part.style)
			if part.spaceBefore && x > left {
				x += fyne.MeasureText(" ", size, part.style).Width
			}
			f.fragments = append(f.fragments, fragment{
				box: box{fyne.NewPos(x, f.y), wide}, text: part.text, start: part.start, style: part.style, size: size, colour: colour,
			})
			x += wide.Width
			high = max(high, wide.Height)
		}
		if right {
			for i := first; i < len(f.fragments); i++ {
				f.fragments[i].at.X += left + width - x
			}
		}
		f.y += max(high, fyne.MeasureText("Åg", size, fyne.TextStyle{}).Height) * lineSpacing
	}
}

// breakLines puts pieces into lines that fit, and joins neighbours of one style.
func breakLines(pieces []piece, width, size float32) [][]piece {
	var lines [][]piece
	var line []piece
	used := float32(0)
	end := func() {
		if len(line) > 0 {
			lines = append(lines, join(line))
		}
		line, used = nil, 0
	}
	for i := 0; i < len(pieces); {
		group := 1 // pieces that stick together
		for i+group < len(pieces) && !pieces[i+group].spaceBefore && !pieces[i+group].lineBefore {
			group++
		}
		wide := float32(0)
		for _, p := range pieces[i : i+group] {
			wide += fyne.MeasureText(p.text, size, p.style).Width
		}
		space := float32(0)
		if pieces[i].spaceBefore && len(line) > 0 {
			space = fyne.MeasureText(" ", size, pieces[i].style).Width
		}
		if pieces[i].lineBefore || len(line) > 0 && used+space+wide > width {
			end()
			space = 0
		}
		if wide > width {
			for _, p := range pieces[i : i+group] {
				for _, part := range cut(p, width, size) {
					line = append(line, part)
					end()
				}
			}
		} else {
			line = append(line, pieces[i:i+group]...)
			used += space + wide
		}
		i += group
	}
	end()
	return lines
}

// cut breaks a word that is wider than the line.
func cut(p piece, width, size float32) []piece {
	var parts []piece
	rest := []rune(p.text)
	start := p.start
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && fyne.MeasureText(string(rest[:n+1]), size, p.style).Width <= width {
			n++
		}
		parts = append(parts, piece{text: string(rest[:n]), start: start, spaceBefore: p.spaceBefore && start == p.start, style: p.style})
		start += n
		rest = rest[n:]
	}
	return parts
}

func join(line []piece) []piece {
	joined := line[:1:1]
	for _, p := range line[1:] {
		last := &joined[len(joined)-1]
		if p.style != last.style {
			joined = append(joined, p)
			continue
		}
		if p.spaceBefore {
			last.text += " "
		}
		last.text += p.text
	}
	return joined
}

// runeAt is the rune of the document nearest to a point.
func (f flow) runeAt(at fyne.Position) int {
	best, distance := -1, float32(0)
	for i, part := range f.fragments {
		if part.start < 0 {
			continue
		}
		dx := max(part.at.X-at.X, at.X-part.at.X-part.box.size.Width, 0)
		dy := max(part.at.Y-at.Y, at.Y-part.at.Y-part.box.size.Height, 0)
		if d := dy*1000 + dx; best < 0 || d < distance {
			best, distance = i, d
		}
	}
	if best < 0 {
		return 0
	}
	part := f.fragments[best]
	runes := []rune(part.text)
	before := float32(0)
	for i := range runes {
		after := fyne.MeasureText(string(runes[:i+1]), part.size, part.style).Width
		if at.X-part.at.X < (before+after)/2 {
			return part.start + i
		}
		before = after
	}
	return part.start + len(runes)
}

// selection lists the boxes behind the selected runes.
func (f flow) selection(from, to int) []box {
	var boxes []box
	for _, part := range f.fragments {
		runes := []rune(part.text)
		a, b := max(from-part.start, 0), min(to-part.start, len(runes))
		if part.start < 0 || a >= b {
			continue
		}
		x := fyne.MeasureText(string(runes[:a]), part.size, part.style).Width
		wide := fyne.MeasureText(string(runes[:b]), part.size, part.style).Width - x
		boxes = append(boxes, box{part.at.AddXY(x, 0), fyne.NewSize(wide, part.box.size.Height)})
	}
	return boxes
}
