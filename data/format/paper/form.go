package paper

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// Form is a blank form.
type Form struct {
	Title    string
	About    string   // under the title: id, version, date
	Number   string   // the paper number, printed large and on each page
	Footer   string   // on each page before the paper number
	Purpose  string   // a short text
	Notes    []string // how to fill the form, each a paragraph
	Head     []Row    // what is written before the sections
	Sections []Section
	Tail     []Row // what is written at the end
	Printed  time.Time
}

// Section is a part of a form with a heading.
type Section struct {
	Title    string
	Guidance string
	Items    []Item
}

// Item is one question with its boxes and its room to write.
type Item struct {
	Mark     string   // such as 2.3
	Text     string   // the question
	Guidance []string // small, each a paragraph
	Boxes    []string // one to tick
	Rows     []Row    // room to write
}

// Row is blanks beside each other.
type Row []Blank

// Blank is a place to write on, with a small label in its corner, or a box to tick with the label beside it.
type Blank struct {
	Label string
	Share float64 // of the row's width; 0 is an equal share of what is left
	Lines int     // of handwriting; 0 is one
	Tick  bool    // a box to tick
}

const (
	writingLine = 7.2 // a line of handwriting, mm
	tickSize    = 3.6
	itemGap     = 4.0
)

// WriteForm draws a blank form. An error is a LetterError where a text has letters that the fonts lack.
func WriteForm(w io.Writer, form Form) error {
	form, err := form.drawable()
	if err != nil {
		return err
	}
	counted := form.draw(0)
	if counted.pdf.Err() {
		return fmt.Errorf("draw the form: %w", counted.pdf.Error())
	}
	whole := form.draw(counted.page)
	var out bytes.Buffer
	if err := whole.output(&out); err != nil {
		return err
	}
	_, err = out.WriteTo(w)
	return err
}

// draw draws the form, which has so many pages; 0 where they are only counted.
func (f Form) draw(pages int) *sheet {
	s := newSheet(f.Title+" "+f.Number, f.Printed, pages, func(page, pages int) string {
		return fmt.Sprintf("%s · paper %s · page %d of %d", f.Footer, f.Number, page, pages)
	})
	s.newPage()
	s.title(f.Title, f.Number)
	s.write(f.About, styleSmall, margin, textWidth)
	s.y += 2.5
	s.write(f.Purpose, styleBody, margin, textWidth)
	s.y += 1.5
	for _, note := range f.Notes {
		s.write(note, styleSmall, margin, textWidth)
		s.y += 1
	}
	s.y += 2
	s.rows(f.Head, margin, textWidth)
	for _, section := range f.Sections {
		s.section(section)
	}
	if len(f.Tail) > 0 {
		s.y += 5
		s.rows(f.Tail, margin, textWidth)
	}
	return s
}

// title puts the paper number in the corner, where whoever files the sheet looks for it.
func (s *sheet) title(title, number string) {
	look := style{mono, "", 13, 0}
	s.use(look)
	width := s.pdf.GetStringWidth(number)
	s.pdf.SetDrawColor(0, 0, 0)
	s.pdf.SetLineWidth(0.3)
	s.pdf.Rect(pageWidth-margin-width-6, s.y, width+6, 9, "D")
	s.pdf.Text(pageWidth-margin-width-3, s.y+6.3, number)
	top := s.y
	s.write(title, styleTitle, margin, textWidth-width-12)
	s.y = max(s.y, top+9) + 1.5
}

func (s *sheet) section(section Section) {
	height := styleSection.lineHeight() + 6 + s.height(section.Guidance, styleSmall, textWidth)
	if len(section.Items) > 0 {
		height += s.itemHeight(section.Items[0])
	}
	s.y += 5
	s.need(min(height, bottom-margin))
	s.pdf.SetDrawColor(0, 0, 0)
	s.pdf.SetLineWidth(0.4)
	s.pdf.Line(margin, s.y, pageWidth-margin, s.y)
	s.y += 1.8
	s.write(section.Title, styleSection, margin, textWidth)
	s.write(section.Guidance, styleSmall, margin, textWidth)
	s.y += 2
	for _, item := range section.Items {
		s.item(item)
	}
}

const itemIndent = 9.0

// itemHeight is the height of an item that is not cut by the end of a page.
func (s *sheet) itemHeight(item Item) float64 {
	width := textWidth - itemIndent
	height := s.height(item.Text, styleItem, width) + itemGap
	for _, text := range item.Guidance {
		height += s.height(text, styleSmall, width)
	}
	if len(item.Boxes) > 0 {
		height += s.boxesHeight(item.Boxes, width)
	}
	for _, row := range item.Rows {
		height += s.rowHeight(row, width)
	}
	return height
}

// item draws a question. It stays on one page if it can.
func (s *sheet) item(item Item) {
	s.need(min(s.itemHeight(item), bottom-margin))
	s.use(styleItem)
	s.pdf.Text(margin, s.y+styleItem.lineHeight()*0.76, item.Mark)
	x, width := margin+itemIndent, textWidth-itemIndent
	s.write(item.Text, styleItem, x, width)
	for _, text := range item.Guidance {
		s.write(text, styleSmall, x, width)
	}
	s.boxes(item.Boxes, x, width)
	s.rows(item.Rows, x, width)
	s.y += itemGap
}

// boxLines arranges boxes in lines that fit the width.
func (s *sheet) boxLines(boxes []string, width float64) [][]string {
	s.use(styleBody)
	var lines [][]string
	left := 0.0
	for _, box := range boxes {
		wide := s.boxWidth(box)
		if len(lines) == 0 || wide > left {
			lines, left = append(lines, nil), width
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], box)
		left -= wide
	}
	return lines
}

func (s *sheet) boxWidth(label string) float64 { return tickSize + 2 + s.pdf.GetStringWidth(label) + 7 }

func (s *sheet) boxesHeight(boxes []string, width float64) float64 {
	return float64(len(s.boxLines(boxes, width)))*(tickSize+2.6) + 1.2
}

// boxes draws boxes to tick.
func (s *sheet) boxes(boxes []string, left, width float64) {
	if len(boxes) == 0 {
		return
	}
	s.y += 1.2
	for _, line := range s.boxLines(boxes, width) {
		s.need(tickSize + 2.6)
		x := left
		for _, box := range line {
			s.tick(x, s.y+0.6, box, styleBody)
			x += s.boxWidth(box)
		}
		s.y += tickSize + 2.6
	}
}

func (s *sheet) tick(x, y float64, label string, look style) {
	s.pdf.SetDrawColor(0, 0, 0)
	s.pdf.SetLineWidth(0.25)
	s.pdf.Rect(x, y, tickSize, tickSize, "D")
	s.use(look)
	s.pdf.Text(x+tickSize+2, y+tickSize-0.6, label)
}

func (s *sheet) rows(rows []Row, x, width float64) {
	for _, row := range rows {
		s.row(row, x, width)
	}
}

// widths shares the width of a row among its blanks.
func (row Row) widths(width float64) []float64 {
	widths := make([]float64, len(row))
	left, open := 1.0, 0
	for _, blank := range row {
		left -= blank.Share
		if blank.Share == 0 {
			open++
		}
	}
	for i, blank := range row {
		share := blank.Share
		if share == 0 {
			share = max(left, 0) / float64(open)
		}
		widths[i] = share * width
	}
	return widths
}

const blankPadding = 1.5

func (s *sheet) rowHeight(row Row, width float64) float64 {
	height := 0.0
	for i, w := range row.widths(width) {
		label := s.height(row[i].Label, styleLabel, w-2*blankPadding)
		if row[i].Tick {
			label = s.height(row[i].Label, styleLabel, w-2*blankPadding-tickSize-1.5)
			height = max(height, label+2)
			continue
		}
		height = max(height, label+float64(max(row[i].Lines, 1))*writingLine)
	}
	return height
}

// row draws blanks in a frame.
func (s *sheet) row(row Row, x, width float64) {
	height := s.rowHeight(row, width)
	s.need(min(height, bottom-margin))
	top := s.y
	for i, w := range row.widths(width) {
		s.pdf.SetDrawColor(120, 120, 120)
		s.pdf.SetLineWidth(0.2)
		s.pdf.Rect(x, top, w, height, "D")
		labelX, labelWidth := x+blankPadding, w-2*blankPadding
		s.y = top + 0.5
		if row[i].Tick {
			s.tick(labelX, top+(height-tickSize)/2, "", styleLabel)
			labelX, labelWidth = labelX+tickSize+1.5, labelWidth-tickSize-1.5
			s.y = top + (height-s.height(row[i].Label, styleLabel, labelWidth))/2
		}
		for _, line := range s.wrap(row[i].Label, styleLabel, labelWidth) {
			s.use(styleLabel)
			s.pdf.Text(labelX, s.y+styleLabel.lineHeight()*0.76, line)
			s.y += styleLabel.lineHeight()
		}
		x += w
	}
	s.y = top + height
}

// drawable returns the form with every text in a form that the fonts can draw.
func (f Form) drawable() (Form, error) {
	var failed error
	fix := func(text string) string {
		fixed, err := drawable(text)
		if err != nil && failed == nil {
			failed = err
		}
		return fixed
	}
	list := func(texts []string) []string {
		fixed := make([]string, len(texts))
		for i, text := range texts {
			fixed[i] = fix(text)
		}
		return fixed
	}
	rows := func(rows []Row) []Row {
		fixed := make([]Row, len(rows))
		for i, row := range rows {
			fixed[i] = make(Row, len(row))
			for j, blank := range row {
				blank.Label = fix(blank.Label)
				fixed[i][j] = blank
			}
		}
		return fixed
	}
	f.Title, f.About, f.Number, f.Footer, f.Purpose = fix(f.Title), fix(f.About), fix(f.Number), fix(f.Footer), fix(f.Purpose)
	f.Notes, f.Head, f.Tail = list(f.Notes), rows(f.Head), rows(f.Tail)
	sections := make([]Section, len(f.Sections))
	for i, section := range f.Sections {
		items := make([]Item, len(section.Items))
		for j, item := range section.Items {
			items[j] = Item{Mark: fix(item.Mark), Text: fix(item.Text), Guidance: list(item.Guidance), Boxes: list(item.Boxes), Rows: rows(item.Rows)}
		}
		sections[i] = Section{Title: fix(section.Title), Guidance: fix(section.Guidance), Items: items}
	}
	f.Sections = sections
	return f, failed
}
