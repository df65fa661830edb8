// Package windowtest drives the real program in a real window on a virtual screen the way a person does: it reads
// the words in a picture of the screen, clicks them, and types. It knows nothing of the program's insides.
package windowtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Screen is a virtual X display of its own.
type Screen struct {
	t        testing.TB
	display  string
	size     image.Point
	pictures string // folder for pictures of the screen
	last     []word // what the newest picture said, read twice
}

// word is a piece of text on the screen, in pixels.
type word struct {
	text    string
	box     image.Rectangle
	reading int // which of the readings of the picture it is from
}

// StartScreen starts a virtual screen of the given size in pixels; it ends with the test. Pictures go into the folder.
func StartScreen(t testing.TB, size image.Point, pictures string) *Screen {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", size.X, size.Y), "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatalf("start the virtual screen: %v", err)
	}
	write.Close()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("the virtual screen did not start: %v", err)
	}
	return &Screen{t: t, display: ":" + strings.TrimSpace(number), size: size, pictures: pictures}
}

// Program is a running window.
type Program struct {
	screen  *Screen
	command *exec.Cmd
	output  bytes.Buffer
	done    chan error
}

// Start runs the program on the screen with its own home folder, and waits for its window.
func (s *Screen) Start(binary, home string, args ...string) *Program {
	s.t.Helper()
	p := &Program{screen: s, command: exec.Command(binary, args...), done: make(chan error, 1)}
	p.command.Env = append(os.Environ(), "DISPLAY="+s.display, "LANG=en_US.UTF-8", "HOME="+home,
		"XDG_CONFIG_HOME="+filepath.Join(home, "config"), "LIBGL_ALWAYS_SOFTWARE=1", "WAYLAND_DISPLAY=", "FYNE_SCALE=1")
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if err := p.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { p.done <- p.command.Wait() }()
	s.t.Cleanup(func() {
		_ = p.command.Process.Kill()
		if s.t.Failed() {
			s.t.Logf("the program said:\n%s", p.output.String())
		}
	})
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		id, err := s.tool("xdotool", "search", "--onlyvisible", "--name", "Wardbook")
		if id = strings.TrimSpace(id); err == nil && id != "" {
			first, _, _ := strings.Cut(id, "\n")
			if _, err := s.tool("xdotool", "windowfocus", "--sync", first); err == nil {
				s.must("xdotool", "windowmove", first, "0", "0", "windowsize", first, strconv.Itoa(s.size.X), strconv.Itoa(s.size.Y))
				return p
			}
		}
		select {
		case err := <-p.done:
			s.t.Fatalf("the program ended before its window came: %v\n%s", err, p.output.String())
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("no window within a minute\n%s", p.output.String())
		}
	}
}

// Close ends the program as the window's close button does and waits for it.
func (p *Program) Close() {
	p.screen.t.Helper()
	_ = p.command.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.screen.t.Fatalf("the program did not end within 20 seconds\n%s", p.output.String())
	}
}

func (s *Screen) tool(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Env = append(os.Environ(), "DISPLAY="+s.display, "OMP_THREAD_LIMIT=1")
	output, err := command.Output()
	return string(output), err
}

func (s *Screen) must(name string, args ...string) string {
	s.t.Helper()
	output, err := s.tool(name, args...)
	if err != nil {
		s.t.Fatalf("%s %v: %v", name, args, err)
	}
	return output
}

// Picture keeps a picture of the screen as NAME.png and returns its path.
func (s *Screen) Picture(name string) string {
	s.t.Helper()
	path := filepath.Join(s.pictures, name+".png")
	s.must("import", "-window", "root", path)
	return path
}

const enlargement = 2.5

// look reads the words on the screen: once as they are, and once as what differs from its surroundings, which finds the
// labels of buttons, whatever is lighter.
func (s *Screen) look() []word {
	s.t.Helper()
	folder := s.t.TempDir()
	raw := filepath.Join(folder, "screen.png")
	s.must("import", "-window", "root", raw)
	s.last = nil
	for reading, prepare := range [][]string{nil, {"(", "+clone", "-statistic", "Median", "13x13", ")", "-compose", "difference", "-composite", "-negate", "-auto-level"}} {
		enlarged := filepath.Join(folder, "enlarged.png")
		args := append([]string{raw, "-colorspace", "Gray"}, prepare...)
		s.must("convert", append(args, "-resize", fmt.Sprintf("%.0f%%", enlargement*100), enlarged)...)
		for _, w := range parseWords(s.must("tesseract", enlarged, "stdout", "--psm", "12", "tsv")) {
			w.reading = reading
			s.last = append(s.last, w)
		}
	}
	return s.last
}

// parseWords reads tesseract's table: level page block par line word left top width height confidence text.
func parseWords(table string) []word {
	var words []word
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(cells) != 12 || cells[0] != "5" || strings.TrimSpace(cells[11]) == "" {
			continue
		}
		var at [4]int
		for i := range at {
			value, err := strconv.ParseFloat(cells[6+i], 64)
			if err != nil {
				continue
			}
			at[i] = int(value / enlargement)
		}
		words = append(words, word{text: cells[11], box: image.Rect(at[0], at[1], at[0]+at[2], at[1]+at[3])})
	}
	return words
}

// plain leaves what a misread dot or quote cannot change.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.ToLower(text))
}

// find returns where the phrase stands: its letters on one line, close to each other. Where one word ends and the next
// begins is not held against it: a reader of pictures misses spaces.
func find(words []word, phrase string) []image.Rectangle {
	wanted := plain(phrase)
	var found []image.Rectangle
	for _, start := range words {
		box, last, read := start.box, start, plain(start.text)
		for read != "" && len(read) < len(wanted) && strings.HasPrefix(wanted, read) {
			next, ok := follower(words, last)
			if !ok {
				break
			}
			box, last, read = box.Union(next.box), next, read+plain(next.text)
		}
		if read == wanted {
			found = append(found, box)
		}
	}
	return found
}

// follower is the next word on the line.
func follower(words []word, after word) (word, bool) {
	var nearest word
	found := false
	for _, candidate := range words {
		gap := candidate.box.Min.X - after.box.Max.X
		middle := (candidate.box.Min.Y + candidate.box.Max.Y) / 2
		if candidate.reading != after.reading || gap <= -3 || gap >= 30 || middle < after.box.Min.Y-6 || middle > after.box.Max.Y+6 || plain(candidate.text) == "" {
			continue
		}
		if !found || candidate.box.Min.X < nearest.box.Min.X {
			nearest, found = candidate, true
		}
	}
	return nearest, found
}

// WaitFor looks until one of the phrases is on the screen and returns the one that is.
func (s *Screen) WaitFor(phrases ...string) string {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		words := s.look()
		for _, phrase := range phrases {
			if len(find(words, phrase)) > 0 {
				return phrase
			}
		}
	}
	s.fail("none of %q came within a minute", phrases)
	return ""
}

// Codes returns the texts of the two QR codes on the screen, the left one first.
func (s *Screen) Codes() []string {
	s.t.Helper()
	path := s.Picture("codes")
	defer os.Remove(path) // a picture of keys is not kept
	all := strings.Fields(s.must("zbarimg", "-q", "--raw", path))
	// The reader does not say where a code stands: the left one is alone left of some line.
	for line := 200; line < s.size.X; line += 50 {
		part := filepath.Join(s.t.TempDir(), "left.png")
		s.must("convert", path, "-crop", fmt.Sprintf("%dx%d+0+0", line, s.size.Y), "+repage", part)
		left, err := s.tool("zbarimg", "-q", "--raw", part)
		if found := strings.Fields(left); err == nil && len(found) == 1 {
			return append(found, slices.DeleteFunc(all, func(code string) bool { return code == found[0] })...)
		}
	}
	return all
}

// ScrollTo turns the wheel until the phrase is on the screen.
func (s *Screen) ScrollTo(phrase string) {
	s.t.Helper()
	for range 30 {
		if s.Sees(phrase) {
			return
		}
		s.Scroll(s.size.X-60, s.size.Y/2, 10)
	}
	s.fail("%q did not come by scrolling", phrase)
}

// Sees tells whether the phrase is on the screen now.
func (s *Screen) Sees(phrase string) bool { return len(find(s.look(), phrase)) > 0 }

func (s *Screen) fail(format string, args ...any) {
	s.t.Helper()
	var said []string
	for _, w := range s.last {
		said = append(said, w.text)
	}
	s.t.Fatalf("%s; the screen (%s) says: %s", fmt.Sprintf(format, args...), s.Picture("failed"), strings.Join(said, " "))
}

// Click waits for the phrase and clicks its first occurrence from the top.
func (s *Screen) Click(phrase string) { s.t.Helper(); s.click(phrase, 0, 0, 0) }

// ClickNth clicks the nth occurrence (0 is topmost; -1 the lowest).
func (s *Screen) ClickNth(phrase string, nth int) { s.t.Helper(); s.click(phrase, nth, 0, 0) }

// ClickBeside clicks away from the phrase's middle, by pixels: a field below or beside its label.
func (s *Screen) ClickBeside(phrase string, right, down int) {
	s.t.Helper()
	s.click(phrase, 0, right, down)
}

func (s *Screen) click(phrase string, nth, right, down int) {
	s.t.Helper()
	s.WaitFor(phrase)
	boxes := distinct(find(s.last, phrase))
	if nth < 0 {
		nth += len(boxes)
	}
	if nth < 0 || nth >= len(boxes) {
		s.fail("%q is there %d times, number %d was wanted", phrase, len(boxes), nth)
	}
	box := boxes[nth]
	s.ClickAt((box.Min.X+box.Max.X)/2+right, (box.Min.Y+box.Max.Y)/2+down)
}

// distinct drops what both readings of a picture saw, and sorts from the top.
func distinct(boxes []image.Rectangle) []image.Rectangle {
	var kept []image.Rectangle
	for _, box := range boxes {
		known := false
		for _, k := range kept {
			known = known || k.Overlaps(box)
		}
		if !known {
			kept = append(kept, box)
		}
	}
	for i := range kept {
		for j := i + 1; j < len(kept); j++ {
			if kept[j].Min.Y < kept[i].Min.Y {
				kept[i], kept[j] = kept[j], kept[i]
			}
		}
	}
	return kept
}

// ClickAt clicks a point of the screen and gives the program a moment to answer.
func (s *Screen) ClickAt(x, y int) {
	s.t.Helper()
	s.must("xdotool", "mousemove", strconv.Itoa(x), strconv.Itoa(y), "sleep", "0.05", "click", "1")
	time.Sleep(250 * time.Millisecond)
}

// Scroll turns the wheel at a point of the screen; positive steps go down.
func (s *Screen) Scroll(x, y, steps int) {
	s.t.Helper()
	button, count := "5", steps
	if steps < 0 {
		button, count = "4", -steps
	}
	s.must("xdotool", "mousemove", strconv.Itoa(x), strconv.Itoa(y), "click", "--repeat", strconv.Itoa(count), "--delay", "15", button)
	time.Sleep(250 * time.Millisecond)
}

// Type types text into what has the focus.
func (s *Screen) Type(text string) {
	s.t.Helper()
	s.must("xdotool", "type", "--delay", "25", "--", text)
	time.Sleep(150 * time.Millisecond)
}

// Key presses keys by their X names, for example "Tab" or "ctrl+a".
func (s *Screen) Key(names ...string) {
	s.t.Helper()
	s.must("xdotool", append([]string{"key", "--delay", "40"}, names...)...)
	time.Sleep(150 * time.Millisecond)
}
