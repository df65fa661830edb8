// Package publish is where trainers turn a content folder into a signed bundle, and see which workstation has it.
package publish

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
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
}

const itemFolder = "folder:"

// View is what Load found.
type View struct {
	Publications []exchange.Publication
	Folder       string
	Preview      *exchange.PublishPreview
	Publication  *exchange.Publication
	Deliveries   []exchange.Delivery
}

// New makes the page.
func New(host page.Host, bundles Exchange) *Page { return &Page{host: host, exchange: bundles} }

// Leave does nothing: what is typed here is not kept.
func (p *Page) Leave() {}

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
		if publication.ID == route.Item {
			v.Publication = &publication
			v.Deliveries, err = p.exchange.Deliveries(ctx, publication.ID)
		}
	}
	return v, err
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	switch {
	case v.Preview != nil:
		return p.showFolder(v.Folder, *v.Preview)
	case v.Publication != nil:
		return p.showPublication(*v.Publication, v.Deliveries)
	}
	return p.showList(v.Publications)
}

func (p *Page) back() { p.host.Go(page.Route{Page: page.Publish}) }

func (p *Page) showList(publications []exchange.Publication) fyne.CanvasObject {
	choose := widgets.NewPrimary(words.Of("publish.choose"), func() {
		p.host.ChooseFolder(words.Of("publish.choose"), func(path string) { p.host.Go(page.Route{Page: page.Publish, Item: itemFolder + path}) })
	})
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
	p.host.ChooseSave(words.Of("publish.again"), "wardbook-content.wardbook", func(path string) {
		p.write(func(ctx context.Context, progress exchange.Progress) (exchange.Published, error) {
			return p.exchange.ExportContent(ctx, path, nil, progress)
		})
	})
}

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
			"Path": published.Path, "Size": words.Size(published.Size), "Hash": published.FileHash.String(),
		}))
		p.host.Go(page.Route{Page: page.Publish, Item: published.ID})
	})
}

func (p *Page) showFolder(folder string, v exchange.PublishPreview) fyne.CanvasObject {
	lines := container.NewVBox()
	again := widgets.NewButton(words.Of("publish.check-again"), p.host.Reload)
	if v.Blocked {
		lines.Add(widgets.NewNotice(words.Of("publish.blocked"), widgets.Problem, again))
	}
	for _, severity := range []content.Severity{content.SeverityError, content.SeverityWarning, content.SeverityQuestion} {
		for _, o := range findings(v.Findings, severity) {
			lines.Add(o)
		}
	}
	lines.Add(widgets.Heading(words.Of("publish.items")))
	changed := 0
	for _, item := range v.Items {
		if item.Change != exchange.ChangeSame {
			changed++
		}
		lines.Add(itemLines(item))
	}
	switch {
	case v.Blocked:
	case changed == 0:
		lines.Add(widgets.NewNotice(words.Of("publish.same"), widgets.Neutral, again))
	default:
		lines.Add(p.form(folder, v))
	}
	lines.Add(widgets.Gap(2 * theme.TextSize()))
	return widgets.Page(widgets.Header{Title: words.Of("publish.folder"), Subtitle: folder, Back: p.back}, widgets.NewForm(lines))
}

func findings(all []content.Finding, severity content.Severity) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for _, f := range all {
		if f.Severity != severity {
			continue
		}
		if lines == nil {
			lines = append(lines, widgets.Heading(words.Of("publish.severity-"+string(severity))))
		}
		place := f.File
		if f.Line > 0 {
			place = fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		lines = append(lines, widgets.Text(place+" — "+f.Sentence))
	}
	return lines
}

func itemLines(item exchange.PublishItem) fyne.CanvasObject {
	change := words.With("publish.change-"+string(item.Change), map[string]any{"Version": item.Version, "Previous": item.Previous})
	column := container.NewVBox(widgets.Text(words.Of("learn.kind-"+string(item.Kind)) + ": " + words.In(item.Title) + " — " + change))
	for _, line := range item.Diff {
		column.Add(widgets.Small("    " + line))
	}
	return column
}

// form asks for what a trainer decides when publishing.
func (p *Page) form(folder string, v exchange.PublishPreview) fyne.CanvasObject {
	request := exchange.PublishRequest{Folder: folder, Older: map[string]content.State{}}
	note := widgets.NewMultiLine(3)
	effective, expires := "", ""
	from := widgets.NewDateField(func(day string) { effective = day })
	from.SetDay(time.Now().Format(time.DateOnly))
	until := widgets.NewDateField(func(day string) { expires = day })
	column := container.NewVBox(
		widgets.Heading(words.Of("publish.decide")),
		widgets.NewField(words.Of("publish.note"), words.Of("publish.note-hint"), note),
		widgets.NewField(words.Of("publish.effective"), "", from),
		widgets.NewField(words.Of("publish.expires"), words.Of("publish.expires-hint"), until),
	)
	for _, item := range v.Items {
		if item.Change != exchange.ChangeChanged {
			continue
		}
		choice := widgets.NewChoice([]widgets.Option{
			{Value: string(content.StateSuperseded), Text: words.Of("publish.superseded")},
			{Value: string(content.StateWithdrawn), Text: words.Of("publish.withdrawn")},
		}, func(state string) { request.Older[item.ID] = content.State(state) })
		choice.SetValues(string(content.StateSuperseded))
		column.Add(widgets.NewField(words.With("publish.older", map[string]any{"Title": words.In(item.Title), "Version": item.Previous}), "", choice))
	}
	column.Add(container.NewHBox(widgets.NewPrimary(words.Of("publish.publish"), func() {
		request.Note = strings.TrimSpace(note.Text)
		if request.Note == "" {
			p.host.Tell(exchange.ErrNoNote)
			return
		}
		request.Effective = effective
		if day, err := time.ParseInLocation(time.DateOnly, expires, time.Local); err == nil {
			request.Expires = day.AddDate(0, 0, 1) // the whole day counts
		}
		name := "wardbook-" + time.Now().Format(time.DateOnly) + ".wardbook"
		p.host.ChooseSave(words.Of("publish.publish"), name, func(path string) {
			request.Out = path
			p.write(func(ctx context.Context, progress exchange.Progress) (exchange.Published, error) {
				request.Progress = progress
				return p.exchange.Publish(ctx, request)
			})
		})
	})))
	return column
}

func (p *Page) showPublication(publication exchange.Publication, deliveries []exchange.Delivery) fyne.CanvasObject {
	lines := container.NewVBox(widgets.Facts(
		words.Of("publish.note"), publication.Note, words.Of("updates.by"), publication.AccountName, words.Of("updates.at"), words.Moment(publication.At),
		words.Of("updates.size"), words.Size(publication.Size), words.Of("publish.hash"), publication.FileHash,
	))
	lines.Add(widgets.Heading(words.Of("publish.workstations")))
	if len(deliveries) == 0 {
		lines.Add(widgets.Text(words.Of("publish.no-workstations")))
	}
	for _, d := range deliveries {
		lines.Add(widgets.Text(d.Workstation + " — " + deliveryState(d)))
		if d.OtherKey {
			lines.Add(widgets.NewNotice(words.With("publish.other-key", map[string]any{"Workstation": d.Workstation}), widgets.Attention))
		}
	}
	lines.Add(widgets.Actions(
		widgets.NewButton(words.Of("publish.hand-over"), func() { p.handOver(publication) }),
		widgets.NewButton(words.Of("publish.confirm-words"), func() { p.confirmWords(publication) }),
		widgets.NewButton(words.Of("publish.confirm-file"), p.confirmFile),
	))
	lines.Add(widgets.Heading(words.Of("updates.items")))
	for _, item := range publication.Items {
		lines.Add(widgets.Text(words.With("updates.item", map[string]any{"ID": item.ID, "Version": item.Version})))
	}
	header := widgets.Header{Title: words.With("publish.bundle", map[string]any{"Number": publication.Sequence}), Back: p.back}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func deliveryState(d exchange.Delivery) string {
	switch {
	case !d.Confirmed.IsZero():
		return words.With("publish.confirmed-"+d.ConfirmedBy, map[string]any{"Day": words.Day(d.Confirmed)})
	case !d.HandedOver.IsZero():
		return words.With("publish.handed-over", map[string]any{"Day": words.Day(d.HandedOver)})
	}
	return words.Of("publish.unconfirmed")
}

func (p *Page) handOver(publication exchange.Publication) {
	name := widgets.NewEntry()
	field := widgets.NewField(words.Of("publish.workstation"), words.Of("publish.workstation-hint"), name)
	p.host.Ask(words.Of("publish.hand-over"), words.Of("publish.note-it"), field, func() error {
		typed := name.Text
		p.host.Quietly(func(ctx context.Context) error { return p.exchange.HandOver(ctx, publication.ID, typed) }, p.reloadOrTell)
		return nil
	})
}

func (p *Page) confirmWords(publication exchange.Publication) {
	name, said := widgets.NewEntry(), widgets.NewEntry()
	form := container.NewVBox(
		widgets.NewField(words.Of("publish.workstation"), words.Of("publish.workstation-exact"), name),
		widgets.NewField(words.Of("publish.words"), words.Of("publish.words-hint"), said),
	)
	p.host.Ask(words.Of("publish.confirm-words"), words.Of("publish.confirm"), form, func() error {
		workstation, text := name.Text, said.Text
		p.host.Quietly(func(ctx context.Context) error {
			return p.exchange.ConfirmByWords(ctx, publication.ID, workstation, text)
		}, p.reloadOrTell)
		return nil
	})
}

func (p *Page) confirmFile() {
	p.host.ChooseOpen(words.Of("publish.confirm-file"), []string{".json"}, func(path string) {
		p.host.Quietly(func(ctx context.Context) error {
			_, err := p.exchange.ConfirmByFile(ctx, path)
			return err
		}, p.reloadOrTell)
	})
}

func (p *Page) reloadOrTell(err error) {
	if err != nil {
		p.host.Tell(err)
		return
	}
	p.host.Reload()
}
