// Package paper draws forms and certificates as PDF files of A4 pages. It knows no domain: it is given texts, lists of
// boxes and lines to write on. The same input gives the same bytes.
package paper

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// ErrCannotDraw matches every LetterError.
var ErrCannotDraw = errors.New("a letter cannot be drawn on paper")

// LetterError names a letter that the fonts do not have: they cover Latin, Greek and Cyrillic.
type LetterError struct{ Letter rune }

func (e *LetterError) Error() string {
	return fmt.Sprintf("the letter %q cannot be drawn on paper: printing knows Latin, Greek and Cyrillic letters", e.Letter)
}

// Is makes every LetterError match ErrCannotDraw.
func (e *LetterError) Is(target error) bool { return target == ErrCannotDraw }

// A4 in millimetres.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 17.0
	footerAt   = pageHeight - 12
	bottom     = pageHeight - 18 // text ends above
	textWidth  = pageWidth - 2*margin
)

// Families of fonts.
const (
	sans = "go"
	mono = "gomono"
)

// style is how text looks: size in points, grey from 0 (black).
type style struct {
	family string
	weight string // "" or "B"
	size   float64
	grey   int
}

var (
	styleTitle   = style{sans, "B", 17, 0}
	styleSection = style{sans, "B", 12.5, 0}
	styleItem    = style{sans, "B", 10, 0}
	styleBody    = style{sans, "", 10, 0}
	styleSmall   = style{sans, "", 8.2, 70}
	styleLabel   = style{sans, "", 7.4, 90}
	styleFooter  = style{sans, "", 7.6, 80}
)

// lineHeight is the height of a line of text in millimetres.
func (s style) lineHeight() float64 { return s.size * 0.3528 * 1.32 }

// sheet is a PDF being drawn from top to bottom. y is where the next thing goes.
type sheet struct {
	pdf   *fpdf.Fpdf
	y     float64
	page  int
	pages int // in the whole, 0 while that is not known yet
	foot  func(page, pages int) string
}

func newSheet(title string, at time.Time, pages int, foot func(page, pages int) string) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetCellMargin(0)
	// The PDF library writes widths of letters into the font that it is given: each file needs a copy of its own, or it
	// spoils the next one.
	pdf.AddUTF8FontFromBytes(sans, "", slices.Clone(goregular.TTF))
	pdf.AddUTF8FontFromBytes(sans, "B", slices.Clone(gobold.TTF))
	pdf.AddUTF8FontFromBytes(mono, "", slices.Clone(gomono.TTF))
	pdf.SetCreationDate(at.UTC())
	pdf.SetModificationDate(at.UTC())
	pdf.SetCatalogSort(true)
	pdf.SetProducer("Wardbook", true)
	pdf.SetTitle(title, true)
	return &sheet{pdf: pdf, pages: pages, foot: foot}
}

func (s *sheet) newPage() {
	s.pdf.AddPage()
	s.page++
	s.y = margin
	if s.foot != nil {
		s.pdf.SetDrawColor(170, 170, 170)
		s.pdf.SetLineWidth(0.15)
		s.pdf.Line(margin, footerAt-2.5, pageWidth-margin, footerAt-2.5)
		s.use(styleFooter)
		s.pdf.Text(margin, footerAt+1.5, s.foot(s.page, s.pages))
	}
}

// need begins a new page unless this height is left on the page.
func (s *sheet) need(height float64) {
	if s.y+height > bottom {
		s.newPage()
	}
}

func (s *sheet) use(look style) {
	s.pdf.SetFont(look.family, look.weight, look.size)
	s.pdf.SetTextColor(look.grey, look.grey, look.grey)
}

// wrap cuts text into lines no wider than width. A word that is wider is cut where it must be.
func (s *sheet) wrap(text string, look style, width float64) []string {
	s.use(look)
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && s.pdf.GetStringWidth(line+" "+word) <= width {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			line = word
			for s.pdf.GetStringWidth(line) > width {
				head, tail := s.cut(line, width)
				lines, line = append(lines, head), tail
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// cut takes as many letters from the start of a word as fit, and at least one.
func (s *sheet) cut(word string, width float64) (head, tail string) {
	letters := []rune(word)
	n := 1
	for n+1 <= len(letters) && s.pdf.GetStringWidth(string(letters[:n+1])) <= width {
		n++
	}
	return string(letters[:n]), string(letters[n:])
}

// height is the height of text once it is wrapped.
func (s *sheet) height(text string, look style, width float64) float64 {
	if strings.TrimSpace(text) == "" {
		return 0
	}
	return float64(len(s.wrap(text, look, width))) * look.lineHeight()
}

// write draws wrapped text and goes on below it, on a new page where it must.
func (s *sheet) write(text string, look style, x, width float64) {
	if strings.TrimSpace(text) == "" {
		return
	}
	for _, line := range s.wrap(text, look, width) {
		s.need(look.lineHeight())
		s.use(look)
		s.pdf.Text(x, s.y+look.lineHeight()*0.76, line)
		s.y += look.lineHeight()
	}
}

// centred draws wrapped text in the middle of the page.
func (s *sheet) centred(text string, look style) {
	for _, line := range s.wrap(text, look, textWidth-16) {
		s.use(look)
		s.pdf.Text((pageWidth-s.pdf.GetStringWidth(line))/2, s.y+look.lineHeight()*0.76, line)
		s.y += look.lineHeight()
	}
}

func (s *sheet) output(w io.Writer) error {
	if err := s.pdf.Output(w); err != nil {
		return fmt.Errorf("write the PDF: %w", err)
	}
	return nil
}

// drawable brings text into a form that the fonts can draw, or says which letter they cannot.
func drawable(text string) (string, error) {
	text = norm.NFC.String(strings.NewReplacer("\u2011", "-", "\u202f", "\u00a0", "\u00ad", "", "\r", "").Replace(text))
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, text)
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return "", fmt.Errorf("read the font: %w", err)
	}
	var buffer sfnt.Buffer
	for _, letter := range text {
		if letter == '\n' {
			continue
		}
		glyph, err := font.GlyphIndex(&buffer, letter)
		// The PDF library knows no letters beyond the basic plane.
		if err != nil || glyph == 0 || letter > 0xffff {
			return "", &LetterError{Letter: letter}
		}
	}
	return text, nil
}

// day writes a date as people here do: 23 Nov 2026.
func day(t time.Time) string { return t.Format("2 Jan 2006") }
