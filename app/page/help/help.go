// Package help is the help page: what the program is, what it never does, its keys, and the way out of trouble.
package help

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/format/markdown"
)

// Deps are what the page is given.
type Deps struct {
	Version string
	Folder  string // the data folder
}

// View is the text.
type View struct{ Blocks []markdown.Block }

// Page is the help page.
type Page struct {
	host   page.Host
	deps   Deps
	reader *widgets.Reader
}

// New makes the page.
func New(host page.Host, deps Deps) *Page { return &Page{host: host, deps: deps} }

// Leave does nothing: nothing is typed here.
func (p *Page) Leave() {}

// Load puts the text together.
func (p *Page) Load(context.Context, page.Route) (View, error) {
	about := map[string]any{"Version": p.deps.Version, "Folder": markdownSafe(p.deps.Folder)}
	parts := []string{
		words.Of("help.what"), words.Of("help.never"), words.Of("help.keys"), words.Of("help.trouble"), words.Of("help.words"),
		words.With("help.about", about), words.Of("help.licences"),
	}
	return View{Blocks: markdown.Blocks(strings.Join(parts, "\n\n"))}, nil
}

// markdownSafe keeps a path from being read as Markdown.
func markdownSafe(path string) string { return "`" + strings.ReplaceAll(path, "`", "'") + "`" }

// Show draws the text with its contents at the side.
func (p *Page) Show(view View) fyne.CanvasObject {
	p.reader = widgets.NewReader()
	p.reader.SetBlocks(view.Blocks, nil)
	var titles []string
	for _, b := range view.Blocks {
		if b.Kind == markdown.Heading {
			titles = append(titles, markdown.Plain(b.Runs))
		}
	}
	contents := widgets.NewShortList(
		func() int { return len(titles) },
		func(i int) widgets.Row { return widgets.Row{Title: titles[i]} },
		p.reader.GoTo,
	)
	split := widgets.ListAndDetail(contents, p.reader)
	split.SetOffset(0.27)
	return widgets.Page(widgets.Header{Title: words.Of("help.title")}, split)
}
