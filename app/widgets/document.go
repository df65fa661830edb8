package widgets

import (
	"unicode"

	"fyne.io/fyne/v2"

	"wardbook/data/format/markdown"
)

// document is the text of blocks as one row of runes, which is what a selection counts in, and the words in it.
type document struct {
	runes []rune
	parts map[partID][]piece
}

// partID names a stretch of text that flows by itself: a block, or a cell of a table in it.
type partID struct{ block, row, column int }

// piece is a word, or the part of one that has one style.
type piece struct {
	text        string
	start       int  // in runes of the document
	spaceBefore bool // otherwise it sticks to the piece before it
	lineBefore  bool // it begins a new line
	style       fyne.TextStyle
}

func newDocument(blocks []markdown.Block) document {
	d := document{parts: map[partID][]piece{}}
	for i, b := range blocks {
		if i > 0 && len(d.runes) > 0 {
			d.runes = append(d.runes, '\n')
		}
		switch b.Kind {
		case markdown.Table:
			for r, row := range b.Rows {
				for c, cell := range row {
					d.add(partID{i, r, c}, cell.Runs, fyne.TextStyle{Bold: r == 0})
					d.runes = append(d.runes, '\t')
				}
				d.runes = append(d.runes, '\n')
			}
		case markdown.Image:
			d.add(partID{block: i}, []markdown.Run{{Text: captionOf(b)}}, fyne.TextStyle{Italic: true})
		case markdown.Rule:
		case markdown.Code:
			d.addLines(partID{block: i}, markdown.Plain(b.Runs))
		case markdown.Heading:
			d.add(partID{block: i}, b.Runs, fyne.TextStyle{Bold: true})
		case markdown.ListItem:
			if b.Marker != "" {
				d.runes = append(d.runes, []rune(b.Marker+" ")...)
			}
			d.add(partID{block: i}, b.Runs, fyne.TextStyle{})
		default:
			d.add(partID{block: i}, b.Runs, fyne.TextStyle{})
		}
	}
	return d
}

// captionOf is what stands below an image: its title, else what it shows.
func captionOf(b markdown.Block) string {
	if b.Caption != "" {
		return b.Caption
	}
	return b.Alt
}

func (d *document) add(id partID, runs []markdown.Run, base fyne.TextStyle) {
	var pieces []piece
	space, line := false, false
	for _, run := range runs {
		style := fyne.TextStyle{Bold: base.Bold || run.Bold, Italic: base.Italic || run.Italic, Monospace: run.Code}
		var word []rune
		flush := func() {
			if len(word) == 0 {
				return
			}
			if len(pieces) > 0 && line {
				d.runes = append(d.runes, '\n')
			} else if len(pieces) > 0 && space {
				d.runes = append(d.runes, ' ')
			}
			pieces = append(pieces, piece{text: string(word), start: len(d.runes), spaceBefore: space, lineBefore: line, style: style})
			d.runes = append(d.runes, word...)
			word, space, line = nil, false, false
		}
		for _, r := range run.Text {
			switch {
			case r == '\n':
				flush()
				line = true
			case unicode.IsSpace(r) && r != '\u00a0':
				flush()
				space = true
			default:
				word = append(word, r)
			}
		}
		flush()
	}
	d.parts[id] = pieces
}

// addLines keeps spaces and lines as they are.
func (d *document) addLines(id partID, text string) {
	var pieces []piece
	for i, line := range splitLines(text) {
		if i > 0 {
			d.runes = append(d.runes, '\n')
		}
		pieces = append(pieces, piece{text: line, start: len(d.runes), lineBefore: i > 0, style: fyne.TextStyle{Monospace: true}})
		d.runes = append(d.runes, []rune(line)...)
	}
	d.parts[id] = pieces
}

func splitLines(text string) []string {
	var lines []string
	var line []rune
	for _, r := range text {
		if r == '\n' {
			lines, line = append(lines, string(line)), nil
			continue
		}
		line = append(line, r)
	}
	return append(lines, string(line))
}

// wordAround gives the ends of the word at a rune.
func (d document) wordAround(at int) (from, to int) {
	in := func(i int) bool {
		return i >= 0 && i < len(d.runes) && (unicode.IsLetter(d.runes[i]) || unicode.IsDigit(d.runes[i]) || unicode.IsMark(d.runes[i]))
	}
	from, to = at, at
	for in(from - 1) {
		from--
	}
	for in(to) {
		to++
	}
	return from, to
}
