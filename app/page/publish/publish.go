// Package publish is where trainers turn a content folder into a signed bundle, and see which workstation has it.
package publish

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/exchange"
)

// Exchange publishes and keeps what was published.
type Exchange interface {
	PreviewPublish(ctx context.Context, folder string) (exchange.PublishPreview, error)
	Publish(ctx context.Context, request exchange.PublishRequest) (exchange.Published, error)
	ExportContent(ctx context.Context, out string, items []string, progress exchange.Progress) (exchange.Published, error)
	Publications(ctx context.Context) ([]exchange.Publication, error)
	Deliveries(ctx context.Context, publicationID string) ([]exchange.Delivery, error)
	HandOver(ctx context.Context, publicationID, workstation string) error
	ConfirmByFile(ctx context.Context, path string) (exchange.Receipt, error)
	ConfirmByWords(ctx context.Context, publicationID, workstation, said string) error
}

// Page is the Publish page. Its routes are: no item, what was published; item "folder:PATH", a folder before it is
// published; item a publication's id, that publication.
type Page struct {
	host     page.Host
	exchange Exchange
	library  page.Library // nil: items of a publication are named by their ids
	typed    typed
}

const itemFolder = "folder:"

// View is what Load found.
type View struct {
	Publications []exchange.Publication
	Folder       string
	Preview      *exchange.PublishPreview
	Publication  *exchange.Publication
	Items        []page.Titled // of Publication
	Deliveries   []exchange.Delivery
}

// New makes the page.
func New(host page.Host, bundles Exchange) *Page { return &Page{host: host, exchange: bundles} }

// WithTitles lets publications name what they hold by its title, and returns the page.
func (p *Page) WithTitles(library page.Library) *Page {
	p.library = library
	return p
}

// Leave forgets what was typed into dialogs.
func (p *Page) Leave() { p.typed = typed{} }

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (v View, err error) {
	if folder, ok := strings.CutPrefix(route.Item, itemFolder); ok {
		preview, err := p.exchange.PreviewPublish(ctx, folder)
		return View{Folder: folder, Preview: &preview}, err
	}
	if v.Publications, err = p.exchange.Publications(ctx); err != nil || route.Item == "" {
		return v, err
	}
	for _, publication := range v.Publications {
		if publication.ID != route.Item {
			continue
		}
		v.Publication = &publication
		if v.Items, err = page.Titles(ctx, p.library, publication.Items); err != nil {
			return v, err
		}
		v.Deliveries, err = p.exchange.Deliveries(ctx, publication.ID)
		return v, err
	}
	return v, nil
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	switch {
	case v.Preview != nil:
		return p.showFolder(v.Folder, *v.Preview)
	case v.Publication != nil:
		return p.showPublication(*v.Publication, v.Items, v.Deliveries)
	}
	return p.showList(v.Publications)
}

func (p *Page) back() { p.host.Go(page.Route{Page: page.Publish}) }

func (p *Page) choose() {
	p.host.ChooseFolder(words.Of("publish.choose"), func(path string) { p.host.Go(page.Route{Page: page.Publish, Item: itemFolder + path}) })
}

func (p *Page) showList(publications []exchange.Publication) fyne.CanvasObject {
	choose := widgets.NewPrimary(words.Of("publish.choose"), p.choose)
	if len(publications) == 0 {
		return widgets.Page(widgets.Header{Title: words.Of("rail.publish")}, widgets.EmptyState(words.Of("publish.none"), words.Of("publish.none-next"), choose))
	}
	again := widgets.NewButton(words.Of("publish.again"), p.exportAgain)
	lines := container.NewVBox()
	for _, publication := range publications {
		row := widgets.Row{
			Title: words.With("publish.bundle", map[string]any{"Number": publication.Sequence}), Detail: publication.Note,
			Side: words.Day(publication.At), Icon: theme.UploadIcon(),
		}
		lines.Add(widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Publish, Item: publication.ID}) }))
	}
	header := widgets.Header{Title: words.Of("rail.publish"), Actions: []fyne.CanvasObject{again, choose}}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func (p *Page) exportAgain() {
	p.host.ChooseSave(words.Of("publish.again"), bundleName(), func(path string) {
		p.write(func(ctx context.Context, progress exchange.Progress) (exchange.Published, error) {
			return p.exchange.ExportContent(ctx, path, nil, progress)
		})
	})
}

func bundleName() string { return "wardbook-" + time.Now().Format(time.DateOnly) + ".wardbook" }

// write does the work and shows the publication that came of it.
func (p *Page) write(work func(ctx context.Context, progress exchange.Progress) (exchange.Published, error)) {
	var published exchange.Published
	p.host.Work(words.Of("publish.writing"), func(ctx context.Context, progress page.Progress) (err error) {
		published, err = work(ctx, func(stage string, done, total int64) { progress(words.Of("publish.stage-"+stage), done, total) })
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.host.Say(words.Of("publish.written"), words.With("publish.written-as", map[string]any{
			"Number": published.Sequence, "Path": published.Path, "Size": words.Size(published.Size), "Hash": published.FileHash.String(),
		}))
		p.host.Go(page.Route{Page: page.Publish, Item: published.ID})
	})
}
