// Package log shows the tamper-evident log of acts, and verifies it.
package log

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/audit"
)

// Log reads and verifies the chains.
type Log interface {
	List(ctx context.Context, filter audit.Filter) ([]audit.Entry, error)
	Verify(ctx context.Context) (audit.Report, error)
}

// pageSize is how many entries are read at a time.
const pageSize = 200

// Page is the Log page. Its routes' item is the store, part the act to show alone.
type Page struct {
	host        page.Host
	log         Log
	hasCasework bool
}

// View is what Load found.
type View struct {
	Store   string
	Act     audit.Act
	Entries []audit.Entry
}

// New makes the page; hasCasework tells whether the account may read the casework chain.
func New(host page.Host, entries Log, hasCasework bool) *Page {
	return &Page{host: host, log: entries, hasCasework: hasCasework}
}

// Leave does nothing: nothing is typed here.
func (p *Page) Leave() {}

// Load reads the newest entries.
func (p *Page) Load(ctx context.Context, route page.Route) (v View, err error) {
	v.Store, v.Act = route.Item, audit.Act(route.Part)
	if v.Store == "" {
		v.Store = audit.Library
	}
	v.Entries, err = p.log.List(ctx, audit.Filter{Store: v.Store, Act: v.Act, Limit: pageSize})
	return v, err
}

// Show draws a list with a detail beside it.
func (p *Page) Show(v View) fyne.CanvasObject {
	detail := container.NewStack(widgets.Text(words.Of("log.choose")))
	list := widgets.NewList(func() int { return len(v.Entries) }, func(i int) widgets.Row { return row(v.Entries[i]) }, func(i int) {
		detail.Objects = []fyne.CanvasObject{container.NewVScroll(entryFacts(v.Entries[i]))}
		detail.Refresh()
	})
	more := widgets.NewButton(words.Of("log.more"), nil)
	more.OnTapped = func() { p.more(&v, list, more) }
	if len(v.Entries) < pageSize {
		more.Hide()
	}
	left := container.NewBorder(p.filters(v), more, nil, nil, list)
	if len(v.Entries) == 0 {
		left = container.NewBorder(p.filters(v), nil, nil, nil, widgets.EmptyState(words.Of("log.none"), words.Of("log.none-next")))
	}
	verify := widgets.NewPrimary(words.Of("log.verify"), p.verify)
	header := widgets.Header{Title: words.Of("rail.log"), Actions: []fyne.CanvasObject{verify}}
	return widgets.Page(header, widgets.ListAndDetail(left, container.NewPadded(detail)))
}

func (p *Page) filters(v View) fyne.CanvasObject {
	acts := []widgets.Option{{Value: "", Text: words.Of("log.all")}}
	for _, act := range knownActs(v) {
		acts = append(acts, widgets.Option{Value: act, Text: actName(act)})
	}
	act := widgets.NewSelect(acts, func(value string) { p.host.Go(page.Route{Page: page.Log, Item: v.Store, Part: value}) })
	act.SetValue(string(v.Act))
	row := container.NewVBox(act)
	if p.hasCasework {
		stores := widgets.NewChoiceRow([]widgets.Option{
			{Value: audit.Library, Text: words.Of("log.library")}, {Value: audit.Casework, Text: words.Of("log.casework")},
		}, func(value string) { p.host.Go(page.Route{Page: page.Log, Item: value}) })
		stores.SetValues(v.Store)
		row.Add(stores)
	}
	return row
}

// knownActs are the acts among the entries, and the chosen one.
func knownActs(v View) []string {
	found := map[string]bool{}
	if v.Act != "" {
		found[string(v.Act)] = true
	}
	for _, entry := range v.Entries {
		found[string(entry.Act)] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// actName names an act in words; one that is not known here is shown as it is.
func actName(act string) string {
	key := "act." + act
	if text := words.Of(key); text != key {
		return text
	}
	return act
}

func row(e audit.Entry) widgets.Row {
	return widgets.Row{Title: actName(string(e.Act)), Detail: words.Moment(e.At) + " · " + e.AccountName, Side: strconv.FormatInt(e.Sequence, 10)}
}

func entryFacts(e audit.Entry) fyne.CanvasObject {
	pairs := []string{
		words.Of("log.act"), actName(string(e.Act)), words.Of("log.when"), words.Moment(e.At), words.Of("log.who"), e.AccountName,
		words.Of("log.number"), strconv.FormatInt(e.Sequence, 10),
	}
	if e.Object != "" {
		pairs = append(pairs, words.Of("log.object"), e.Object)
	}
	if e.Reason != "" {
		pairs = append(pairs, words.Of("log.reason"), e.Reason)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		pairs = append(pairs, name, e.Details[name])
	}
	return widgets.Facts(pairs...)
}

func (p *Page) more(v *View, list *widgets.List, more *widgets.Button) {
	if len(v.Entries) == 0 {
		return
	}
	before := v.Entries[len(v.Entries)-1].Sequence
	var next []audit.Entry
	p.host.Quietly(func(ctx context.Context) (err error) {
		next, err = p.log.List(ctx, audit.Filter{Store: v.Store, Act: v.Act, Before: before, Limit: pageSize})
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		v.Entries = append(v.Entries, next...)
		if len(next) < pageSize {
			more.Hide()
		}
		list.Refresh()
	})
}

func (p *Page) verify() {
	var report audit.Report
	p.host.Work(words.Of("log.verify"), func(ctx context.Context, _ page.Progress) (err error) {
		report, err = p.log.Verify(ctx)
		return err
	}, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		var lines []string
		for _, chain := range report.Chains {
			name := words.Of("log." + chain.Store)
			if chain.OK {
				lines = append(lines, words.With("log.whole", map[string]any{"Store": name, "Entries": chain.Entries}))
			} else {
				lines = append(lines, words.With("log.not-whole", map[string]any{"Store": name, "Problem": chain.Problem}))
			}
		}
		p.host.Say(words.Of("log.verify"), strings.Join(append(lines, report.NotChecked...), "\n"))
	})
}
