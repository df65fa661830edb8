// Package log shows the tamper-evident log of acts, and verifies it.
package log

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework/blank"
)

// Log reads and verifies the chains.
type Log interface {
	List(ctx context.Context, filter audit.Filter) ([]audit.Entry, error)
	Verify(ctx context.Context) (audit.Report, error)
}

// Accounts lists accounts.
type Accounts interface {
	List(ctx context.Context) ([]account.Account, error)
}

// pageSize is how many entries are read at a time.
const pageSize = 200

// Page is the Log page. Its routes' item is the store, part the act to show alone.
type Page struct {
	host        page.Host
	log         Log
	hasCasework bool
	accounts    Accounts // nil: entries are not filtered by account, and accounts that they are about not named

	// Whose entries of which day are shown; kept as long as the session, so that a look at another page does not lose it.
	accountID string
	day       string // 2026-11-23, or ""
}

// View is what Load found.
type View struct {
	Stores   []string // whose chains the account may read
	Accounts []account.Account
	Filter   audit.Filter
	Entries  []audit.Entry
	More     bool // older entries that fit may follow
}

// New makes the page; hasCasework tells whether the account may read the casework chain.
func New(host page.Host, entries Log, hasCasework bool) *Page {
	return &Page{host: host, log: entries, hasCasework: hasCasework}
}

// WithAccounts lets entries be filtered by account, and names the accounts that they are about.
func (p *Page) WithAccounts(accounts Accounts) *Page {
	p.accounts = accounts
	return p
}

// Leave does nothing: nothing is typed here.
func (p *Page) Leave() {}

// Load reads the newest entries.
func (p *Page) Load(ctx context.Context, route page.Route) (v View, err error) {
	if p.accounts != nil {
		if v.Accounts, err = p.accounts.List(ctx); err != nil {
			return v, err
		}
	}
	if v.Stores, err = p.stores(ctx); err != nil || len(v.Stores) == 0 {
		return v, err
	}
	v.Filter = audit.Filter{Store: route.Item, Act: audit.Act(route.Part), AccountID: p.accountID}
	v.Filter.From, v.Filter.To = spanOf(p.day)
	if v.Filter.Store == "" {
		v.Filter.Store = v.Stores[0]
	}
	v.Entries, v.More, err = p.read(ctx, v.Filter)
	return v, err
}

// stores are those whose chain the account may read, as the service says.
func (p *Page) stores(ctx context.Context) ([]string, error) {
	wanted := []string{audit.Library}
	if p.hasCasework {
		wanted = append(wanted, audit.Casework)
	}
	var may []string
	for _, store := range wanted {
		_, err := p.log.List(ctx, audit.Filter{Store: store, Limit: 1})
		switch {
		case err == nil:
			may = append(may, store)
		case !errors.Is(err, account.ErrNotAllowed):
			return nil, err
		}
	}
	return may, nil
}

// read reads one page of entries and says whether older ones follow.
func (p *Page) read(ctx context.Context, filter audit.Filter) ([]audit.Entry, bool, error) {
	filter.Limit = pageSize + 1
	entries, err := p.log.List(ctx, filter)
	if len(entries) > pageSize {
		return entries[:pageSize], true, err
	}
	return entries, false, err
}

// spanOf is the beginning of a day and of the next one, by this computer's clock.
func spanOf(day string) (from, to time.Time) {
	from, err := time.ParseInLocation(time.DateOnly, day, time.Local)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return from, from.AddDate(0, 0, 1)
}

// Show draws a list with a detail beside it.
func (p *Page) Show(v View) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("rail.log")}
	if len(v.Stores) == 0 {
		return widgets.Page(header, widgets.EmptyState(words.Of("log.not-yours"), words.Of("log.not-yours-next")))
	}
	names := map[string]string{}
	for _, a := range v.Accounts {
		names[a.ID] = a.Name
	}
	detail := container.NewStack(widgets.Text(words.Of("log.choose")))
	list := widgets.NewList(func() int { return len(v.Entries) }, func(i int) widgets.Row { return row(v.Entries[i], names) }, func(i int) {
		detail.Objects = []fyne.CanvasObject{container.NewVScroll(entryFacts(v.Entries[i], names))}
		detail.Refresh()
	})
	more := widgets.NewButton(words.Of("log.more"), nil)
	more.OnTapped = func() { p.more(&v, list, more) }
	if !v.More {
		more.Hide()
	}
	left := container.NewBorder(nil, more, nil, nil, list)
	if len(v.Entries) == 0 {
		left = container.NewStack(widgets.EmptyState(words.Of("log.none"), words.Of("log.none-next")))
	}
	split := widgets.ListAndDetail(left, container.NewPadded(detail))
	split.SetOffset(0.45)
	header.Actions = []fyne.CanvasObject{widgets.NewPrimary(words.Of("log.verify"), p.verify)}
	return widgets.Page(header, container.NewBorder(p.filters(v), nil, nil, nil, split))
}

// anything is the value of the option that filters nothing: a Select has no empty one.
const anything = "*"

// filters choose by store, act, account and day.
func (p *Page) filters(v View) fyne.CanvasObject {
	goTo := func(store, act string) { p.host.Go(page.Route{Page: page.Log, Item: store, Part: act}) }
	var fields []fyne.CanvasObject
	add := func(label string, options []widgets.Option, chosen string, choose func(value string)) {
		chooser := widgets.NewSelect(options, func(value string) {
			if value == anything {
				value = ""
			}
			choose(value)
		})
		if chosen == "" {
			chosen = anything
		}
		chooser.SetValue(chosen)
		fields = append(fields, widgets.NewField(label, "", chooser))
	}
	if len(v.Stores) > 1 {
		var stores []widgets.Option
		for _, store := range v.Stores {
			stores = append(stores, widgets.Option{Value: store, Text: words.Of("log." + store)})
		}
		add(words.Of("log.store"), stores, v.Filter.Store, func(store string) { goTo(store, "") })
	}
	acts := []widgets.Option{{Value: anything, Text: words.Of("log.all")}}
	for _, act := range actsOf(v.Filter.Store) {
		acts = append(acts, widgets.Option{Value: string(act), Text: actName(string(act))})
	}
	add(words.Of("log.act"), acts, string(v.Filter.Act), func(act string) { goTo(v.Filter.Store, act) })
	if len(v.Accounts) > 0 {
		accounts := []widgets.Option{{Value: anything, Text: words.Of("log.all-accounts")}}
		for _, a := range v.Accounts {
			accounts = append(accounts, widgets.Option{Value: a.ID, Text: a.Name})
		}
		add(words.Of("log.who"), accounts, v.Filter.AccountID, func(id string) {
			p.accountID = id
			p.host.Reload()
		})
	}
	day := widgets.NewDateField(nil)
	day.SetDay(p.day)
	take := func() {
		if day.Day() == p.day || day.Day() == "" && strings.TrimSpace(day.Text) != "" {
			return // as it was, or not a day yet
		}
		p.day = day.Day()
		p.host.Reload()
	}
	day.OnSubmitted = func(string) { take() }
	fields = append(fields, widgets.NewField(words.Of("log.day"), "", container.NewBorder(nil, nil, nil, widgets.NewButton(words.Of("log.show"), take), day)))
	return container.NewGridWithColumns(len(fields), fields...)
}

// actsOf are the acts of a store's chain, in the order in which they are offered.
func actsOf(store string) []audit.Act {
	if store == audit.Casework {
		return []audit.Act{
			audit.ActRecordSubmit, audit.ActRecordTakeBack, audit.ActRecordOpen, audit.ActReadingBegin, audit.ActUrgentNote, audit.ActDraftRemove,
			audit.ActRecordPrint, audit.ActSignIn, audit.ActLock, audit.ActSetUp,
		}
	}
	return []audit.Act{
		audit.ActSignIn, audit.ActSignInFailed, audit.ActLock, audit.ActSetUp,
		audit.ActAccountAdd, audit.ActAccountGrant, audit.ActAccountDeactivate, audit.ActCaseworkGrant, audit.ActPassphraseChange, audit.ActPassphraseKnown,
		audit.ActRecoveryConfirm, audit.ActRecoveryUse, audit.ActKeyFileRepair, audit.ActSettingChange,
		audit.ActPublisherTrust, audit.ActPublisherRevoke, audit.ActBundleImport, audit.ActBundleRefuse, audit.ActExpiryOverride, audit.ActReceipt,
		audit.ActPublish, audit.ActBundleExport, audit.ActContentWithdraw, audit.ActQuizSubmit, audit.ActCertificateIssue, blank.ActBlankPrint,
	}
}

// actName names an act in words; one that is not known here is shown as it is.
func actName(act string) string {
	key := "act." + act
	if text := words.Of(key); text != key {
		return text
	}
	return act
}

func row(e audit.Entry, names map[string]string) widgets.Row {
	detail := words.Moment(e.At) + " · " + e.AccountName
	if name, known := names[e.Object]; known && e.Object != e.AccountID {
		detail += " · " + words.With("log.about", map[string]any{"Name": name})
	}
	return widgets.Row{Title: actName(string(e.Act)), Detail: detail, Side: strconv.FormatInt(e.Sequence, 10)}
}

func entryFacts(e audit.Entry, names map[string]string) fyne.CanvasObject {
	pairs := []string{words.Of("log.when"), words.Moment(e.At), words.Of("log.who"), e.AccountName}
	if e.Object != "" {
		object := e.Object
		if name, known := names[object]; known {
			object = name
		}
		pairs = append(pairs, words.Of("log.object"), object)
	}
	if e.Reason != "" {
		pairs = append(pairs, words.Of("log.reason"), e.Reason)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		pairs = append(pairs, detailName(name), e.Details[name])
	}
	pairs = append(pairs, words.Of("log.number"), strconv.FormatInt(e.Sequence, 10))
	lines := container.NewVBox(widgets.Heading(actName(string(e.Act))))
	for i := 0; i+1 < len(pairs); i += 2 {
		value := widgets.Text(pairs[i+1])
		if !strings.Contains(pairs[i+1], " ") {
			value.Wrapping = fyne.TextWrapBreak // ids and hashes have no place to break at
		}
		lines.Add(widgets.NewField(pairs[i], "", value))
	}
	return lines
}

// detailName names a detail in words; one that is not known here is shown as it is.
func detailName(name string) string {
	key := "log.detail-" + name
	if text := words.Of(key); text != key {
		return text
	}
	return name
}

func (p *Page) more(v *View, list *widgets.List, more *widgets.Button) {
	if len(v.Entries) == 0 || more.Disabled() {
		return
	}
	more.Disable() // until these have come
	filter := v.Filter
	filter.Before = v.Entries[len(v.Entries)-1].Sequence
	var next []audit.Entry
	var follow bool
	p.host.Quietly(func(ctx context.Context) (err error) {
		next, follow, err = p.read(ctx, filter)
		return err
	}, func(err error) {
		more.Enable()
		if err != nil {
			p.host.Tell(err)
			return
		}
		v.Entries, v.More = append(v.Entries, next...), follow
		if !follow {
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
				lines = append(lines, words.With("log.whole", map[string]any{"Store": name, "Entries": words.Count("log.entries", int(chain.Entries))}))
			} else {
				lines = append(lines, words.With("log.not-whole", map[string]any{"Store": name, "Problem": chain.Problem}))
			}
		}
		p.host.Say(words.Of("log.verify"), strings.Join(append(lines, report.NotChecked...), "\n"))
	})
}
