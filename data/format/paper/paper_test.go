package paper_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"wardbook/data/format/paper"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func form(items int) paper.Form {
	long := strings.TrimSpace(strings.Repeat("A sentence that goes on for a while. ", 12))
	f := paper.Form{
		Title: "Cérémonie, ședință, Übergabe", About: "Form test, version 1", Number: "P-ABC234", Footer: "test · version 1",
		Purpose: long, Notes: []string{"A note."}, Printed: noon,
		Head: []paper.Row{{{Label: "Reference", Share: 0.6}, {Label: "Unit"}}, {{Label: "One", Tick: true}, {Label: "Two", Tick: true}}},
		Tail: []paper.Row{{{Label: "The end"}}},
	}
	section := paper.Section{Title: "A section", Guidance: long}
	for i := range items {
		section.Items = append(section.Items, paper.Item{
			Mark: strconv.Itoa(i + 1), Text: fmt.Sprintf("Question number %d?", i+1), Guidance: []string{long},
			Boxes: []string{"Yes", "No", "Not enough information", "Something that takes a lot of room in the line", "Another of these"},
			Rows:  []paper.Row{{{Label: "Fact", Lines: 3}}},
		})
	}
	f.Sections = []paper.Section{section}
	return f
}

func certificate() paper.Certificate {
	return paper.Certificate{
		Name: "Officer 4711", Course: "Foundations: see fairly, write fairly", Version: 2, IssuedAt: noon, ExpiresAt: noon.AddDate(2, 0, 0),
		Number: "0193", Fingerprint: "3f2a-9c17-0000-1111-2222-3333-4444-5555", Words: "lusab-babad-gutih-tugad-huhib-rojok",
		PublicKey: "RW" + strings.Repeat("Q", 54), Statement: "Wardbook certificate 1\nname: Officer 4711\n", Signature: "untrusted comment: x\n" + strings.Repeat("R", 100) + "\n",
	}
}

func draw(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var pdf bytes.Buffer
	if err := write(&pdf); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("WARDBOOK_TEST_PAPER"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".pdf"), pdf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pdf.Bytes()
}

func run(t testing.TB, pdf []byte, command string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		t.Skip(command + " is not installed")
	}
	path := filepath.Join(t.TempDir(), "sheet.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(command, append(args, path, "-")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestNothingOfALongFormIsLost(t *testing.T) {
	const items = 24
	pdf := draw(t, func(w *bytes.Buffer) error { return paper.WriteForm(w, form(items)) })
	text := run(t, pdf, "pdftotext", "-layout")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	if len(pages) < 4 {
		t.Fatalf("the form has %d pages", len(pages))
	}
	for i, page := range pages {
		if want := fmt.Sprintf("paper P-ABC234 · page %d of %d", i+1, len(pages)); !strings.Contains(page, want) {
			t.Errorf("page %d lacks %q", i+1, want)
		}
	}
	for i := range items {
		if want := fmt.Sprintf("Question number %d?", i+1); strings.Count(text, want) != 1 {
			t.Errorf("%q stands there %d times", want, strings.Count(text, want))
		}
	}
	for _, want := range []string{"Cérémonie, ședință, Übergabe", "The end", "Something that takes a lot of room in the line"} {
		if !strings.Contains(text, want) {
			t.Errorf("the form lacks %q", want)
		}
	}
	if got, want := strings.Count(text, "Another of these"), items; got != want {
		t.Errorf("a box stands there %d times, want %d", got, want)
	}
}

// The PDF library writes into the font that it is given; the fonts of the program must stay whole, or the next file is
// spoilt. A font says itself what the sum of each of its tables is.
func TestAFileDoesNotChangeTheFonts(t *testing.T) {
	draw(t, func(w *bytes.Buffer) error { return paper.WriteForm(w, form(2)) })
	draw(t, func(w *bytes.Buffer) error { return paper.WriteCertificate(w, certificate()) })
	word := func(b []byte, i int) uint32 { return binary.BigEndian.Uint32(b[4*i:]) }
	for name, font := range map[string][]byte{"regular": goregular.TTF, "bold": gobold.TTF, "mono": gomono.TTF} {
		for table := range int(binary.BigEndian.Uint16(font[4:])) {
			entry := font[12+16*table:]
			if tag := string(entry[:4]); tag == "head" { // holds the sum of the whole font, which its own sum leaves out
				continue
			}
			var sum uint32
			body := append(slices.Clone(font[word(entry, 2):][:word(entry, 3)]), 0, 0, 0)
			for i := range len(body) / 4 {
				sum += word(body, i)
			}
			if sum != word(entry, 1) {
				t.Errorf("the table %s of the font %s was changed", entry[:4], name)
			}
		}
	}
}

// Every word lies within the margins of A4.
func TestNothingIsCutOff(t *testing.T) {
	wide := form(5)
	wide.Title = strings.Repeat("Title that needs more than a line ", 4)
	wide.Sections[0].Items[2].Text = strings.Repeat("Unbreakable", 30)
	many := certificate()
	many.Name, many.Course = strings.Repeat("A long name ", 8), strings.Repeat("A long title of a course ", 6)
	for name, pdf := range map[string][]byte{
		"form":        draw(t, func(w *bytes.Buffer) error { return paper.WriteForm(w, wide) }),
		"certificate": draw(t, func(w *bytes.Buffer) error { return paper.WriteCertificate(w, many) }),
	} {
		words := 0
		for line := range strings.SplitSeq(run(t, pdf, "pdftotext", "-bbox"), "\n") {
			var left, top, right, bottom float64
			if _, err := fmt.Sscanf(strings.TrimSpace(line), `<word xMin="%f" yMin="%f" xMax="%f" yMax="%f">`, &left, &top, &right, &bottom); err != nil {
				continue
			}
			words++
			const mm = 72 / 25.4
			if left < 15*mm || right > 195*mm || top < 13*mm || bottom > 290*mm {
				t.Errorf("%s: outside the margins: %s", name, strings.TrimSpace(line))
			}
		}
		if words < 40 {
			t.Errorf("%s: only %d words were found", name, words)
		}
	}
}

func TestTheSameFormIsTheSameFile(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"form":        func(w *bytes.Buffer) error { return paper.WriteForm(w, form(3)) },
		"certificate": func(w *bytes.Buffer) error { return paper.WriteCertificate(w, certificate()) },
	} {
		first := draw(t, write)
		for range 5 {
			if !bytes.Equal(first, draw(t, write)) {
				t.Fatalf("the %s differs from one time to the next", name)
			}
		}
	}
}

func TestACertificateIsOnePage(t *testing.T) {
	text := run(t, draw(t, func(w *bytes.Buffer) error { return paper.WriteCertificate(w, certificate()) }), "pdftotext", "-layout")
	if strings.Count(text, "\f") != 1 {
		t.Errorf("it has %d pages", strings.Count(text, "\f"))
	}
	for _, want := range []string{"Officer 4711", "Foundations: see fairly, write fairly", "version 2", "23 Nov 2026", "23 Nov 2028", "3f2a-9c17-0000-1111-2222-3333-4444-5555", strings.Repeat("R", 100)} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q", want)
		}
	}
}

func TestALetterThatCannotBeDrawnIsNamed(t *testing.T) {
	for _, letter := range []rune{'ش', '漢', '😀'} {
		f, c := form(1), certificate()
		f.Sections[0].Items[0].Guidance[0] += string(letter)
		c.Name += string(letter)
		for _, err := range []error{paper.WriteForm(&bytes.Buffer{}, f), paper.WriteCertificate(&bytes.Buffer{}, c)} {
			var named *paper.LetterError
			if !errors.Is(err, paper.ErrCannotDraw) || !errors.As(err, &named) || named.Letter != letter {
				t.Errorf("%q gave %v", letter, err)
			}
		}
	}
}

// A writer that fails is reported.
func TestAFullDiskIsReported(t *testing.T) {
	full := errors.New("the disk is full")
	if err := paper.WriteForm(failing{full}, form(1)); !errors.Is(err, full) {
		t.Errorf("the form gave %v", err)
	}
	if err := paper.WriteCertificate(failing{full}, certificate()); !errors.Is(err, full) {
		t.Errorf("the certificate gave %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
