package updates

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

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

func (p *Page) showPreview(v exchange.Preview, before string) fyne.CanvasObject {
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
		for _, item := range inOrder(v.Items) {
			lines.Add(itemLine(item))
		}
	}
	for _, o := range p.decision(v, before) {
		lines.Add(o)
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	title := words.Of("updates.preview")
	if known {
		title = bundleOf(v.Manifest.Sequence, v.Publisher.Name)
	}
	return widgets.Page(widgets.Header{Title: title, Subtitle: v.Path, Back: p.back}, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func notices(v exchange.Preview) []string {
	var texts []string
	if v.Expired && !errors.Is(v.Refusal, bundle.ErrExpired) {
		texts = append(texts, words.With("updates.expired", expiryDays(v)))
	}
	if v.ClockWarning {
		texts = append(texts, words.With("updates.clock", map[string]any{"Today": words.Day(time.Now())}))
	}
	if v.LowerSequence && !v.AlreadyHere {
		texts = append(texts, words.Of("updates.lower"))
	}
	if v.WentBack {
		texts = append(texts, words.Of("updates.went-back"))
	}
	if v.Missed > 0 {
		texts = append(texts, words.Count("updates.missed", v.Missed))
	}
	return texts
}

// expiryDays are the days that a person compares before deciding about a bundle that has expired.
func expiryDays(v exchange.Preview) map[string]any {
	today := time.Now()
	if expired, ok := errors.AsType[*bundle.ExpiredError](v.Refusal); ok {
		today = expired.Now
	}
	return map[string]any{"Expires": words.Day(v.Manifest.Expires), "Today": words.Day(today)}
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
		words.Of("updates.file"), v.Path,
	}
	if v.Manifest.Note != "" {
		pairs = append(pairs, words.Of("updates.note"), v.Manifest.Note)
	}
	if v.Encrypted {
		pairs = append(pairs, words.Of("updates.encryption"), words.Of("updates.encrypted"))
	}
	return widgets.Facts(pairs...)
}

// inOrder puts first what the import changes, and last what is here already.
func inOrder(items []exchange.PreviewItem) []exchange.PreviewItem {
	order := []exchange.Change{exchange.ChangeWithdrawn, exchange.ChangeNew, exchange.ChangeChanged, exchange.ChangeOlder, exchange.ChangeSame}
	return slices.SortedStableFunc(slices.Values(items), func(a, b exchange.PreviewItem) int {
		return cmp.Compare(slices.Index(order, a.Change), slices.Index(order, b.Change))
	})
}

func itemLine(item exchange.PreviewItem) fyne.CanvasObject {
	change := words.With("updates.change-"+string(item.Change), map[string]any{"Version": item.Version, "Here": item.Here})
	line := widgets.Text(words.Of("learn.kind-"+string(item.Kind)) + ": " + words.In(item.Title) + " — " + change)
	if item.ChangeNote == "" || item.Change == exchange.ChangeSame {
		return line
	}
	return container.NewVBox(line, widgets.Small(words.With("updates.change-note", map[string]any{"Note": item.ChangeNote})))
}

// canTrust tells whether an administrator could make this import possible by trusting the publisher.
func (p *Page) canTrust(v exchange.Preview) bool {
	return errors.Is(v.Refusal, exchange.ErrUnknownPublisher) && p.actor.Has(account.RoleAdministrator)
}

// decision is what can be done with the bundle.
func (p *Page) decision(v exchange.Preview, before string) []fyne.CanvasObject {
	options := exchange.ImportOptions{Expect: v.ManifestHash}
	other := widgets.NewButton(words.Of("updates.other"), p.choose)
	switch {
	case v.AlreadyHere && v.Refusal == nil:
		if before == "" {
			return []fyne.CanvasObject{widgets.Actions(other)}
		}
		return []fyne.CanvasObject{widgets.Actions(widgets.NewPrimary(words.Of("updates.show-receipt"), func() { p.toImport(before) }), other)}
	case p.canTrust(v):
		return p.trust(v, options, other)
	case errors.Is(v.Refusal, bundle.ErrExpired) && p.actor.Has(account.RoleAdministrator):
		return []fyne.CanvasObject{widgets.Actions(widgets.NewButton(words.Of("updates.override"), func() { p.confirmExpired(v, options) }), other)}
	case v.Refusal != nil:
		return []fyne.CanvasObject{widgets.Actions(other)}
	}
	return []fyne.CanvasObject{widgets.Actions(widgets.NewPrimary(words.Of("updates.import"), func() { p.run(v, options) }))}
}

// trust lets an administrator compare the fingerprint and then trust the publisher.
func (p *Page) trust(v exchange.Preview, options exchange.ImportOptions, other fyne.CanvasObject) []fyne.CanvasObject {
	options.TrustFingerprint = v.Publisher.Fingerprint
	trust := widgets.NewPrimary(words.Of("updates.trust-and-import"), func() {
		if v.Expired {
			p.confirmExpired(v, options)
			return
		}
		p.run(v, options)
	})
	trust.Disable()
	compared := widgets.NewCheck(words.Of("updates.compared"), func(yes bool) {
		if yes {
			trust.Enable()
		} else {
			trust.Disable()
		}
	})
	return []fyne.CanvasObject{
		widgets.NewNotice(words.Of("updates.unknown"), widgets.Attention),
		widgets.Fingerprint(strings.ReplaceAll(v.Publisher.Fingerprint, "-", ""), strings.Split(v.Publisher.Words, "-")), compared, widgets.Actions(trust, other),
	}
}

// confirmExpired imports a bundle that has expired once an administrator has looked at the computer's date.
func (p *Page) confirmExpired(v exchange.Preview, options exchange.ImportOptions) {
	options.OverrideExpiry = true
	p.host.Confirm(words.Of("updates.override"), words.With("updates.override-message", expiryDays(v)), words.Of("updates.override"), func() { p.run(v, options) })
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
			p.toImport(result.ImportID)
		}
	})
}
