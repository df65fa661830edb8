// Package pagetest stands in for the shell in the tests of pages: everything runs at once and on one goroutine, and
// what a page asks for is kept to be looked at.
package pagetest

import (
	"context"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/resources"
)

// Host is a page.Host for tests.
type Host struct {
	t      testing.TB
	app    fyne.App
	window fyne.Window
	reload func()

	Went     []page.Route // where the page asked to go
	Reloads  int
	Told     []error  // errors shown
	Said     []string // titles of messages shown
	Asked    []string // titles of confirmations and forms
	Answer   bool     // whether confirmations and forms are answered with yes; true at first
	Path     string   // what a file chooser gives; "" is Cancel
	Applied  []page.Appearance
	Pending  []func() // what waits for its time (After); RunPending runs it
	AskError error    // what the last form's submit returned
}

var _ page.Host = (*Host)(nil)

// NewHost makes a host with a test app and a window of 1024×600, and loads the texts.
func NewHost(t testing.TB) *Host {
	t.Helper()
	app := test.NewTempApp(t)
	if err := words.Load(resources.Translations()); err != nil {
		t.Fatal(err)
	}
	window := app.NewWindow("Wardbook")
	window.Resize(fyne.NewSize(1024, 600))
	t.Cleanup(window.Close)
	return &Host{t: t, app: app, window: window, Answer: true}
}

// Window is where pages are shown.
func (h *Host) Window() fyne.Window { return h.window }

// Open loads and shows a page, and returns what it drew. An error of Load fails the test.
func Open[V any](t testing.TB, h *Host, p page.Page[V], route page.Route) fyne.CanvasObject {
	t.Helper()
	var drawn fyne.CanvasObject
	h.reload = func() {
		view, err := p.Load(context.Background(), route)
		if err != nil {
			t.Fatalf("load %+v: %v", route, err)
		}
		drawn = p.Show(view)
		h.window.SetContent(drawn)
		h.window.Resize(fyne.NewSize(1024, 600))
	}
	h.reload()
	return drawn
}

// Content is what the window shows now.
func (h *Host) Content() fyne.CanvasObject { return h.window.Content() }

// RunPending runs everything that waits for its time.
func (h *Host) RunPending() {
	waiting := h.Pending
	h.Pending = nil
	for _, do := range waiting {
		if do != nil {
			do()
		}
	}
}

// Go notes where the page wants to go.
func (h *Host) Go(route page.Route) { h.Went = append(h.Went, route) }

// Reload loads and shows the page again.
func (h *Host) Reload() {
	h.Reloads++
	if h.reload != nil {
		h.reload()
	}
}

// Work runs the work at once.
func (h *Host) Work(_ string, work func(ctx context.Context, progress page.Progress) error, done func(error)) {
	h.finish(work(context.Background(), func(string, int64, int64) {}), done)
}

// Quietly runs the work at once.
func (h *Host) Quietly(work func(ctx context.Context) error, done func(error)) {
	h.finish(work(context.Background()), done)
}

func (h *Host) finish(err error, done func(error)) {
	switch {
	case done != nil:
		done(err)
	case err != nil:
		h.Tell(err)
	}
}

// Tell notes an error that is shown.
func (h *Host) Tell(err error) {
	if err != nil {
		h.Told = append(h.Told, err)
	}
}

// Say notes a message.
func (h *Host) Say(title, message string) { h.Said = append(h.Said, title+": "+message) }

// Confirm answers as Answer says.
func (h *Host) Confirm(title, message, _ string, do func()) {
	h.Asked = append(h.Asked, title+": "+message)
	if h.Answer {
		do()
	}
}

// Ask submits the form at once if Answer is true. A test that fills the form first sets Answer to false, fills what it
// kept, and calls submit itself.
func (h *Host) Ask(title, _ string, _ fyne.CanvasObject, submit func() error) {
	h.Asked = append(h.Asked, title)
	if h.Answer {
		h.AskError = submit()
	}
}

func (h *Host) choose(chosen func(string)) {
	if h.Path != "" {
		chosen(h.Path)
	}
}

// ChooseOpen gives Path.
func (h *Host) ChooseOpen(_ string, _ []string, chosen func(path string)) { h.choose(chosen) }

// ChooseSave gives Path.
func (h *Host) ChooseSave(_, _ string, chosen func(path string)) { h.choose(chosen) }

// ChooseFolder gives Path.
func (h *Host) ChooseFolder(_ string, chosen func(path string)) { h.choose(chosen) }

// Focus moves the keyboard focus.
func (h *Host) Focus(target fyne.Focusable) { h.window.Canvas().Focus(target) }

// After keeps do until RunPending.
func (h *Host) After(_ time.Duration, do func()) (stop func()) {
	at := len(h.Pending)
	h.Pending = append(h.Pending, do)
	return func() {
		if at < len(h.Pending) {
			h.Pending[at] = nil
		}
	}
}

// Apply notes the look.
func (h *Host) Apply(look page.Appearance) { h.Applied = append(h.Applied, look) }

// Button finds the first button with a text anywhere in an object, or fails the test.
func Button(t testing.TB, root fyne.CanvasObject, text string) *widget.Button {
	t.Helper()
	var found *widget.Button
	Walk(root, func(object fyne.CanvasObject) {
		var button *widget.Button
		switch o := object.(type) {
		case *widget.Button:
			button = o
		case *widgets.Button:
			button = &o.Button
		}
		if button != nil && found == nil && button.Text == text && button.Visible() {
			found = button
		}
	})
	if found == nil {
		t.Fatalf("there is no button %q", text)
	}
	return found
}

// Texts returns every visible text of an object, in drawing order.
func Texts(root fyne.CanvasObject) []string {
	var texts []string
	Walk(root, func(object fyne.CanvasObject) {
		switch o := object.(type) {
		case *widget.Label:
			texts = append(texts, o.Text)
		case *widget.Button:
			texts = append(texts, o.Text)
		case *widgets.Button:
			texts = append(texts, o.Text)
		case *widgets.Prose:
			texts = append(texts, o.Text())
		case *widget.RichText:
			texts = append(texts, o.String())
		}
	})
	return texts
}

// Walk visits every visible object below and including root, as it is drawn.
func Walk(root fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if root == nil || !root.Visible() {
		return
	}
	visit(root)
	switch o := root.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			Walk(child, visit)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			Walk(child, visit)
		}
	}
}
