package updates

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/exchange"
)

// showEntry draws an import of the history, or a refusal.
func (p *Page) showEntry(entry exchange.ImportEntry, items []page.Titled, receipt *exchange.Receipt) fyne.CanvasObject {
	lines := container.NewVBox()
	if entry.Imported {
		lines.Add(widgets.NewNotice(words.Of("updates.done"), widgets.Good))
	} else {
		why := sentence.Of(errors.New(entry.Refusal), func(string) string { return words.Of("updates.refused-next") })
		lines.Add(widgets.NewNotice(why, widgets.Problem))
	}
	if receipt != nil {
		lines.Add(p.receipt(entry, *receipt))
	}
	pairs := []string{
		words.Of("updates.publisher"), entry.Publisher, words.Of("updates.fingerprint"), entry.Fingerprint,
		words.Of("updates.at"), words.Moment(entry.At), words.Of("updates.by"), entry.AccountName,
		words.Of("updates.created"), words.Moment(entry.Created), words.Of("updates.size"), words.Size(entry.Size),
	}
	if entry.Note != "" {
		pairs = append(pairs, words.Of("updates.note"), entry.Note)
	}
	lines.Add(widgets.Facts(pairs...))
	if len(items) > 0 {
		lines.Add(widgets.Heading(words.Of("updates.items")))
		for _, item := range items {
			lines.Add(widgets.Text(item.Named()))
		}
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{Title: bundleOf(entry.Sequence, entry.Publisher), Back: p.back}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// receipt shows the words large, with the workstation's name, without which they prove nothing.
func (p *Page) receipt(entry exchange.ImportEntry, receipt exchange.Receipt) fyne.CanvasObject {
	said := widget.NewLabelWithStyle(receipt.Words, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	said.SizeName = theme.SizeNameHeadingText
	said.Wrapping = fyne.TextWrapWord
	said.Selectable = true
	save := widgets.NewButton(words.Of("updates.save-receipt"), func() { p.saveReceipt(entry, receipt) })
	return widgets.Section(words.Of("updates.receipt"), widgets.Text(words.Of("updates.receipt-why")), said,
		widgets.Text(words.With("updates.receipt-of", map[string]any{"Workstation": receipt.Workstation})), widgets.Actions(save))
}

func (p *Page) saveReceipt(entry exchange.ImportEntry, receipt exchange.Receipt) {
	p.host.ChooseSave(words.Of("updates.save-receipt"), receiptName(receipt), func(path string) {
		p.host.Quietly(func(ctx context.Context) error { return p.exchange.WriteReceipt(ctx, entry.ID, path) }, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Say(words.Of("updates.saved"), path)
		})
	})
}

// receiptName tells the receipts of several workstations on one stick apart.
func receiptName(receipt exchange.Receipt) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '-'
	}, receipt.Workstation)
	if short := []rune(name); len(short) > 40 {
		name = string(short[:40])
	}
	return fmt.Sprintf("receipt-%d-%s.json", receipt.Sequence, strings.Trim(name, "-"))
}
