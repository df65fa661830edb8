// Package updates is where bundles come in: choosing a file, the preview of what it would change, trust, the import,
// its receipt, and the history of all imports and refusals.
package updates

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/bundle"
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
}

const itemImport = "import:"

// View is what Load found.
type View struct {
	History []exchange.ImportEntry
	Preview *exchange.Preview
	Entry   *exchange.ImportEntry
	Receipt *exchange.Receipt
}

// New makes the page.
func New(host page.Host, bundles Exchange, actor Actor) *Page {
	return &Page{host: host, exchange: bundles, actor: actor}
}

// Leave does nothing: nothing typed here is kept.
func (p *Page) Leave() {}

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (View, error) {
	id, isImport := strings.CutPrefix(route.Item, itemImport)
	if route.Item != "" && !isImport {
		preview, err := p.exchange.Preview(ctx, route.Item)
		return View{Preview: &preview}, err
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
		if entry.Imported {
			receipt, err := p.exchange.Receipt(ctx, id)
			v.Receipt = &receipt
			return v, err
		}
	}
	return v, nil
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	switch {
	case v.Preview != nil:
		return p.showPreview(*v.Preview)
	case v.Entry != nil:
		return p.showEntry(*v.Entry, v.Receipt)
	}
	return p.showHistory(v.History)
}

func (p *Page) back() { p.host.Go(page.Route{Page: page.Updates}) }

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
		outcome, tone := words.Of("updates.imported"), widgets.Good
		if !entry.Imported {
			outcome, tone = words.Of("updates.refused"), widgets.Problem
		}
		detail := words.Moment(entry.At) + " · " + entry.AccountName
		if entry.Note != "" {
			detail += " · " + entry.Note
		}
		row := widgets.Row{
			Title: words.With("updates.bundle-of", map[string]any{"Number": entry.Sequence, "Publisher": entry.Publisher}), Detail: detail,
			Side: outcome, Tone: tone, Icon: theme.DownloadIcon(),
		}
		lines.Add(widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Updates, Item: itemImport + entry.ID}) }))
	}
	header := widgets.Header{Title: words.Of("rail.updates"), Actions: []fyne.CanvasObject{choose}}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func (p *Page) showPreview(v exchange.Preview) fyne.CanvasObject {
	lines := container.NewVBox()
	known := v.Manifest.ID != ""
	if v.Refusal != nil && !p.canTrust(v) {
		lines.Add(widgets.NewNotice(sentence.Of(v.Refusal, words.Of), widgets.Problem))
	}
	if v.AlreadyHere {
		lines.Add(widgets.NewNotice(words.Of("updates.already-here"), widgets.Neutral))
	}
	for _, notice := range notices(v) {
		lines.Add(widgets.NewNotice(notice, widgets.Attention))
	}
	if known {
		lines.Add(facts(v))
	}
	if len(v.Items) > 0 {
		lines.Add(widgets.Heading(words.Of("updates.changes")))
		for _, item := range v.Items {
			lines.Add(itemLine(item))
		}
	}
	for _, o := range p.decision(v) {
		lines.Add(o)
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	title := words.Of("updates.preview")
	if known {
		title = words.With("updates.bundle-of", map[string]any{"Number": v.Manifest.Sequence, "Publisher": v.Publisher.Name})
	}
	return widgets.Page(widgets.Header{Title: title, Subtitle: v.Path, Back: p.back}, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func notices(v exchange.Preview) []string {
	var texts []string
	if v.ClockWarning {
		texts = append(texts, words.Of("updates.clock"))
	}
	if v.LowerSequence && !v.AlreadyHere {
		texts = append(texts, words.Of("updates.lower"))
	}
	if v.Missed > 0 {
		texts = append(texts, words.Count("updates.missed", v.Missed))
	}
	return texts
}

func facts(v exchange.Preview) fyne.CanvasObject {
	expires := words.Of("updates.never")
	if !v.Manifest.Expires.IsZero() {
		expires = words.Moment(v.Manifest.Expires)
	}
	pairs := []string{
		words.Of("updates.publisher"), v.Publisher.Name + " (" + words.Of("updates.trust-"+string(v.Publisher.State)) + ")",
		words.Of("updates.fingerprint"), v.Publisher.Words,
		words.Of("updates.created"), words.Moment(v.Manifest.Created),
		words.Of("updates.expires"), expires,
		words.Of("updates.size"), words.Size(v.Size),
	}
	if v.Manifest.Note != "" {
		pairs = append(pairs, words.Of("updates.note"), v.Manifest.Note)
	}
	if v.Encrypted {
		pairs = append(pairs, words.Of("updates.encryption"), words.Of("updates.encrypted"))
	}
	return widgets.Facts(pairs...)
}

func itemLine(item exchange.PreviewItem) fyne.CanvasObject {
	change := words.With("updates.change-"+string(item.Change), map[string]any{"Version": item.Version, "Here": item.Here})
	line := words.Of("learn.kind-"+string(item.Kind)) + ": " + words.In(item.Title) + " — " + change
	return widgets.Text(line)
}

// canTrust tells whether an administrator could make this import possible by trusting the publisher.
func (p *Page) canTrust(v exchange.Preview) bool {
	return errors.Is(v.Refusal, exchange.ErrUnknownPublisher) && p.actor.Has(account.RoleAdministrator)
}

// decision is what can be done with the bundle.
func (p *Page) decision(v exchange.Preview) []fyne.CanvasObject {
	options := exchange.ImportOptions{Expect: v.ManifestHash}
	switch {
	case v.AlreadyHere && v.Refusal == nil:
		return nil
	case p.canTrust(v):
		options.TrustFingerprint = v.Publisher.Fingerprint
		trust := widgets.NewPrimary(words.Of("updates.trust-and-import"), func() { p.run(v, options) })
		trust.Disable()
		compared := widgets.NewCheck(words.Of("updates.compared"), func(yes bool) {
			if yes {
				trust.Enable()
			} else {
				trust.Disable()
			}
		})
		return []fyne.CanvasObject{
			widgets.NewNotice(words.Of("updates.unknown"), widgets.Attention), widgets.Fingerprint(v.Publisher.Fingerprint, strings.Split(v.Publisher.Words, "-")),
			compared, container.NewHBox(trust),
		}
	case errors.Is(v.Refusal, bundle.ErrExpired) && p.actor.Has(account.RoleAdministrator):
		options.OverrideExpiry = true
		return []fyne.CanvasObject{container.NewHBox(widgets.NewButton(words.Of("updates.override"), func() {
			p.host.Confirm(words.Of("updates.override"), words.Of("updates.override-message"), words.Of("updates.override"), func() { p.run(v, options) })
		}))}
	case v.Refusal != nil:
		return nil
	}
	return []fyne.CanvasObject{container.NewHBox(widgets.NewPrimary(words.Of("updates.import"), func() { p.run(v, options) }))}
}

func (p *Page) run(v exchange.Preview, options exchange.ImportOptions) {
	var result exchange.ImportResult
	p.host.Work(words.Of("updates.importing"), func(ctx context.Context, progress page.Progress) (err error) {
		options.Progress = func(_ string, done, total int64) {
			progress(words.With("updates.progress", map[string]any{"Done": words.Size(done), "Total": words.Size(total)}), done, total)
		}
		result, err = p.exchange.Import(ctx, v.Path, options)
		return err
	}, func(err error) {
		switch {
		case err != nil:
			p.host.Tell(err)
			p.host.Reload()
		case result.ImportID == "":
			p.host.Reload()
		default:
			p.host.Go(page.Route{Page: page.Updates, Item: itemImport + result.ImportID})
		}
	})
}

func (p *Page) showEntry(entry exchange.ImportEntry, receipt *exchange.Receipt) fyne.CanvasObject {
	lines := container.NewVBox()
	if entry.Imported {
		lines.Add(widgets.NewNotice(words.Of("updates.done"), widgets.Good))
	} else {
		lines.Add(widgets.NewNotice(entry.Refusal, widgets.Problem))
	}
	lines.Add(widgets.Facts(
		words.Of("updates.publisher"), entry.Publisher, words.Of("updates.at"), words.Moment(entry.At), words.Of("updates.by"), entry.AccountName,
		words.Of("updates.created"), words.Moment(entry.Created), words.Of("updates.size"), words.Size(entry.Size), words.Of("updates.note"), entry.Note,
	))
	if receipt != nil {
		save := widgets.NewButton(words.Of("updates.save-receipt"), func() { p.saveReceipt(entry) })
		lines.Add(widgets.Section(words.Of("updates.receipt"), widgets.Text(words.Of("updates.receipt-why")), widgets.Heading(receipt.Words), container.NewHBox(save)))
	}
	if len(entry.Items) > 0 {
		lines.Add(widgets.Heading(words.Of("updates.items")))
		for _, item := range entry.Items {
			lines.Add(widgets.Text(words.With("updates.item", map[string]any{"ID": item.ID, "Version": item.Version})))
		}
	}
	header := widgets.Header{Title: words.With("updates.bundle-of", map[string]any{"Number": entry.Sequence, "Publisher": entry.Publisher}), Back: p.back}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func (p *Page) saveReceipt(entry exchange.ImportEntry) {
	name := "receipt-" + strconv.FormatUint(entry.Sequence, 10) + ".json"
	p.host.ChooseSave(words.Of("updates.save-receipt"), name, func(path string) {
		p.host.Quietly(func(ctx context.Context) error { return p.exchange.WriteReceipt(ctx, entry.ID, path) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Say(words.Of("updates.saved"), path)
		})
	})
}
