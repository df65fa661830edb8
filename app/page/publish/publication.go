package publish

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/exchange"
)

// typed is what was typed into a dialog whose answer was refused: it stands there again the next time.
type typed struct{ workstation, said string }

// missingError says what was not typed. Nothing was done yet.
type missingError struct{ said string }

func (e missingError) Error() string { return e.said }

// Is makes it what the service would say of a workstation without a name.
func (missingError) Is(target error) bool { return target == exchange.ErrNoSuchItem }

func (p *Page) showPublication(publication exchange.Publication, items []page.Titled, deliveries []exchange.Delivery) fyne.CanvasObject {
	lines := container.NewVBox(widgets.Facts(
		words.Of("publish.note"), publication.Note, words.Of("updates.by"), publication.AccountName, words.Of("updates.at"), words.Moment(publication.At),
		words.Of("updates.size"), words.Size(publication.Size), words.Of("publish.hash"), publication.FileHash,
	))
	lines.Add(widgets.Heading(words.Of("publish.workstations")))
	if len(deliveries) == 0 {
		lines.Add(widgets.Text(words.Of("publish.no-workstations")))
	}
	for _, d := range deliveries {
		lines.Add(p.delivery(publication, d))
	}
	lines.Add(widgets.Actions(
		widgets.NewButton(words.Of("publish.hand-over"), func() { p.handOver(publication) }),
		widgets.NewButton(words.Of("publish.confirm-words"), func() { p.confirmWords(publication, "") }),
		widgets.NewButton(words.Of("publish.confirm-file"), p.confirmFile),
	))
	lines.Add(widgets.Heading(words.Of("updates.items")))
	for _, item := range items {
		lines.Add(widgets.Text(item.Named()))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{Title: words.With("publish.bundle", map[string]any{"Number": publication.Sequence}), Back: p.back}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// delivery is a workstation; one that has not confirmed leads to the dialog for its words.
func (p *Page) delivery(publication exchange.Publication, d exchange.Delivery) fyne.CanvasObject {
	if d.Confirmed.IsZero() {
		return widgets.NewLink(widgets.Row{Title: d.Workstation, Detail: deliveryState(d)}, func() { p.confirmWords(publication, d.Workstation) })
	}
	line := widgets.Text(d.Workstation + " — " + deliveryState(d))
	if !d.OtherKey {
		return line
	}
	return container.NewVBox(line, widgets.NewNotice(words.With("publish.other-key", map[string]any{"Workstation": d.Workstation}), widgets.Attention))
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
	name.SetText(p.typed.workstation)
	field := widgets.NewField(words.Of("publish.workstation"), words.Of("publish.workstation-hint"), name)
	p.host.Ask(words.Of("publish.hand-over"), words.Of("publish.note-it"), field, func() error {
		p.typed.workstation = strings.TrimSpace(name.Text)
		workstation := p.typed.workstation
		if workstation == "" {
			return missingError{words.Of("publish.workstation-needed")}
		}
		p.host.Quietly(func(ctx context.Context) error { return p.exchange.HandOver(ctx, publication.ID, workstation) }, p.reloadOrTell)
		return nil
	})
}

// confirmWords asks for the words of a workstation's receipt; workstation may be "".
func (p *Page) confirmWords(publication exchange.Publication, workstation string) {
	name, said := widgets.NewEntry(), widgets.NewEntry()
	if workstation == "" || workstation == p.typed.workstation {
		workstation = p.typed.workstation
		said.SetText(p.typed.said)
	}
	name.SetText(workstation)
	form := container.NewVBox(
		widgets.NewField(words.Of("publish.workstation"), words.Of("publish.workstation-exact"), name),
		widgets.NewField(words.Of("publish.words"), words.Of("publish.words-hint"), said),
	)
	p.host.Ask(words.Of("publish.confirm-words"), words.Of("publish.confirm"), form, func() error {
		p.typed = typed{strings.TrimSpace(name.Text), strings.TrimSpace(said.Text)}
		given := p.typed
		switch {
		case given.workstation == "":
			return missingError{words.Of("publish.workstation-needed")}
		case given.said == "":
			return missingError{words.Of("publish.words-needed")}
		}
		p.host.Quietly(func(ctx context.Context) error {
			return p.exchange.ConfirmByWords(ctx, publication.ID, given.workstation, given.said)
		}, p.reloadOrTell)
		return nil
	})
}

func (p *Page) confirmFile() {
	p.host.ChooseOpen(words.Of("publish.confirm-file"), []string{".json"}, func(path string) {
		var receipt exchange.Receipt
		p.host.Quietly(func(ctx context.Context) (err error) {
			receipt, err = p.exchange.ConfirmByFile(ctx, path)
			return err
		}, func(err error) {
			p.reloadOrTell(err)
			if err == nil {
				p.host.Say(words.Of("publish.confirmed"), words.With("publish.confirmed-of", map[string]any{
					"Workstation": receipt.Workstation, "Number": receipt.Sequence,
				}))
			}
		})
	})
}

func (p *Page) reloadOrTell(err error) {
	if err != nil {
		p.host.Tell(err)
		return
	}
	p.typed = typed{}
	p.host.Reload()
}
