// Package updates is where bundles come in: choosing a file, the preview of what it would change, trust, the import,
// its receipt, and the history of all imports and refusals.
package updates

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/exchange"
)

// Exchange imports bundles and keeps their history.
type Exchange interface {
	Preview(ctx context.Context, path string) (exchange.Preview, error)
	Import(ctx context.Context, path string, options exchange.ImportOptions) (exchange.ImportResult, error)
	History(ctx context.Context) ([]exchange.ImportEntry, error)
	Receipt(ctx context.Context, importID string) (exchange.Receipt, error)
	WriteReceipt(ctx context.Context, importID, path string) error
}

// Actor is who is signed in.
type Actor interface {
	Has(roles ...account.Role) bool
}

// Page is the Updates page. Its routes are: no item, the history; item a path, the preview of that file; item
// "import:ID", an import of the history.
type Page struct {
	host     page.Host
	exchange Exchange
	actor    Actor
	library  page.Library // nil: items of the history are named by their ids
}

const itemImport = "import:"

// View is what Load found.
type View struct {
	History []exchange.ImportEntry
	Preview *exchange.Preview
	Before  string // the earlier import of the previewed bundle, if it is here already
	Entry   *exchange.ImportEntry
	Items   []page.Titled // of Entry
	Receipt *exchange.Receipt
}

// New makes the page.
func New(host page.Host, bundles Exchange, actor Actor) *Page {
	return &Page{host: host, exchange: bundles, actor: actor}
}

// WithTitles lets the history name what came by its title, and returns the page.
func (p *Page) WithTitles(library page.Library) *Page {
	p.library = library
	return p
}

// Leave does nothing: nothing typed here is kept.
func (p *Page) Leave() {}

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (View, error) {
	id, isImport := strings.CutPrefix(route.Item, itemImport)
	if route.Item != "" && !isImport {
		return p.loadPreview(ctx, route.Item)
	}
	history, err := p.exchange.History(ctx)
	v := View{History: history}
	if err != nil || !isImport {
		return v, err
	}
	for _, entry := range history {
		if entry.ID != id {
			continue
		}
		v.Entry = &entry
		if v.Items, err = page.Titles(ctx, p.library, entry.Items); err != nil || !entry.Imported {
			return v, err
		}
		receipt, err := p.exchange.Receipt(ctx, id)
		v.Receipt = &receipt
		return v, err
	}
	return v, nil
}

func (p *Page) loadPreview(ctx context.Context, path string) (View, error) {
	preview, err := p.exchange.Preview(ctx, path)
	v := View{Preview: &preview}
	if err != nil || !preview.AlreadyHere {
		return v, err
	}
	history, err := p.exchange.History(ctx)
	for _, entry := range history {
		if entry.Imported && entry.ManifestHash == preview.ManifestHash.String() {
			v.Before = entry.ID
		}
	}
	return v, err
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	switch {
	case v.Preview != nil:
		return p.showPreview(*v.Preview, v.Before)
	case v.Entry != nil:
		return p.showEntry(*v.Entry, v.Items, v.Receipt)
	}
	return p.showHistory(v.History)
}

func (p *Page) back() { p.host.Go(page.Route{Page: page.Updates}) }

func (p *Page) toImport(id string) { p.host.Go(page.Route{Page: page.Updates, Item: itemImport + id}) }

func (p *Page) choose() {
	p.host.ChooseOpen(words.Of("updates.choose"), []string{".wardbook"}, func(path string) {
		p.host.Go(page.Route{Page: page.Updates, Item: path})
	})
}

func (p *Page) showHistory(history []exchange.ImportEntry) fyne.CanvasObject {
	choose := widgets.NewPrimary(words.Of("updates.choose"), p.choose)
	if len(history) == 0 {
		return widgets.Page(widgets.Header{Title: words.Of("rail.updates")}, widgets.EmptyState(words.Of("updates.none"), words.Of("updates.none-next"), choose))
	}
	lines := container.NewVBox()
	for _, entry := range history {
		lines.Add(widgets.NewLink(historyRow(entry), func() { p.toImport(entry.ID) }))
	}
	header := widgets.Header{Title: words.Of("rail.updates"), Actions: []fyne.CanvasObject{choose}}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func historyRow(entry exchange.ImportEntry) widgets.Row {
	row := widgets.Row{
		Title: bundleOf(entry.Sequence, entry.Publisher), Detail: words.Moment(entry.At) + " · " + entry.AccountName,
		Side: words.Of("updates.imported"), Tone: widgets.Good, Icon: theme.DownloadIcon(),
	}
	if !entry.Imported {
		row.Side, row.Tone = words.Of("updates.refused"), widgets.Problem
		row.Detail += " · " + refusal(entry)
		return row
	}
	if entry.Note != "" {
		row.Detail += " · " + entry.Note
	}
	return row
}

// refusal is why a bundle was refused, as it was kept, with what to do.
func refusal(entry exchange.ImportEntry) string {
	return sentence.Of(errors.New(entry.Refusal), func(string) string { return "" })
}

func bundleOf(number uint64, publisher string) string {
	return words.With("updates.bundle-of", map[string]any{"Number": number, "Publisher": publisher})
}
