// Package settings is the settings page: how the account likes the window, its passphrase, and, for administrators, what
// holds for the whole workstation.
package settings

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
)

// Settings are the workstation's settings and the account's preferences.
type Settings interface {
	Get(ctx context.Context) (station.Values, error)
	Set(ctx context.Context, values station.Values) error
	Personal(ctx context.Context) (station.Personal, error)
	SetPersonal(ctx context.Context, personal station.Personal) error
}

// Accounts changes the own passphrase.
type Accounts interface {
	ChangePassphrase(ctx context.Context, old, fresh string) error
	ReportPassphraseKnown(ctx context.Context) error
}

// Actor is who is signed in.
type Actor interface {
	AccountName() string
	Has(roles ...account.Role) bool
}

// Deps are what the page is given.
type Deps struct {
	Actor       Actor
	Settings    Settings
	Accounts    Accounts
	Workstation string // its name
	Folder      string // the data folder
}

// View is what Load found.
type View struct {
	Values   station.Values
	Personal station.Personal
}

// Page is the settings page.
type Page struct {
	host page.Host
	deps Deps
	hide func() // empties the passphrase fields
}

// New makes the page.
func New(host page.Host, deps Deps) *Page { return &Page{host: host, deps: deps} }

// Leave forgets passphrases that were typed. Settings take effect when they are saved, not by going away.
func (p *Page) Leave() {
	if p.hide != nil {
		p.hide()
	}
}

// Load reads the settings.
func (p *Page) Load(ctx context.Context, _ page.Route) (View, error) {
	values, err := p.deps.Settings.Get(ctx)
	if err != nil {
		return View{}, err
	}
	personal, err := p.deps.Settings.Personal(ctx)
	return View{Values: values, Personal: personal}, err
}

// Show draws the settings.
func (p *Page) Show(v View) fyne.CanvasObject {
	form := widgets.NewForm(
		widgets.Section(words.Of("settings.look"), p.look(v)...),
		widgets.Gap(theme.TextSize()),
		widgets.Section(words.Of("settings.passphrase"), p.passphrase()...),
		widgets.Gap(theme.TextSize()),
		widgets.Section(words.Of("settings.workstation"), p.workstation(v)...),
		widgets.Gap(theme.TextSize()),
	)
	return widgets.Page(widgets.Header{Title: words.Of("settings.title")}, form)
}

// textSizes are the sizes that can be chosen.
func textSizes() []widgets.Option {
	return []widgets.Option{
		{Value: "0.9", Text: words.Of("settings.size.small")},
		{Value: "1", Text: words.Of("settings.size.normal")},
		{Value: "1.25", Text: words.Of("settings.size.large")},
		{Value: "1.5", Text: words.Of("settings.size.larger")},
		{Value: "2", Text: words.Of("settings.size.largest")},
	}
}

// look is chosen, seen at once and kept.
func (p *Page) look(v View) []fyne.CanvasObject {
	personal := v.Personal
	keep := func() {
		p.host.Apply(page.Appearance{TextScale: personal.TextScale, Theme: personal.Theme, Language: personal.Language})
		kept := personal
		p.host.Quietly(func(ctx context.Context) error { return p.deps.Settings.SetPersonal(ctx, kept) }, nil)
	}
	size := widgets.NewChoiceRow(textSizes(), func(value string) {
		scale, err := strconv.ParseFloat(value, 32)
		if err == nil {
			personal.TextScale = float32(scale)
			keep()
		}
	})
	size.SetValues(strconv.FormatFloat(float64(personal.TextScale), 'g', -1, 32))
	colours := widgets.NewChoiceRow([]widgets.Option{
		{Value: station.ThemeSystem, Text: words.Of("settings.theme.system")},
		{Value: station.ThemeLight, Text: words.Of("settings.theme.light")},
		{Value: station.ThemeDark, Text: words.Of("settings.theme.dark")},
	}, func(value string) {
		personal.Theme = value
		keep()
	})
	colours.SetValues(personal.Theme)
	return []fyne.CanvasObject{
		widgets.NewField(words.Of("settings.size"), "", size),
		widgets.NewField(words.Of("settings.theme"), "", colours),
	}
}

func (p *Page) passphrase() []fyne.CanvasObject {
	old, again := widgets.NewPassphrase(nil), widgets.NewPassphrase(nil)
	fresh := widgets.NewPassphrase(func(typed string) (string, bool) {
		return page.PassphraseStrength(typed, p.deps.Actor.AccountName(), p.deps.Workstation)
	})
	oldField := widgets.NewField(words.Of("settings.pass.old"), "", old)
	freshField := widgets.NewField(words.Of("settings.pass.new"), words.Of("settings.pass.hint"), fresh)
	againField := widgets.NewField(words.Of("settings.pass.again"), "", again)
	p.hide = func() {
		old.Clear()
		fresh.Clear()
		again.Clear()
	}
	change := func() {
		for _, f := range []*widgets.Field{oldField, freshField, againField} {
			f.SetProblem("")
		}
		switch {
		case old.Text() == "":
			oldField.SetProblem(words.Of("settings.pass.needold"))
			p.host.Focus(old.Entry)
			return
		case !fresh.Good():
			freshField.SetProblem(words.Of("settings.pass.weak"))
			p.host.Focus(fresh.Entry)
			return
		case fresh.Text() != again.Text():
			againField.SetProblem(words.Of("settings.pass.differs"))
			p.host.Focus(again.Entry)
			return
		}
		before, after := old.Text(), fresh.Text()
		p.host.Work(words.Of("settings.pass.working"), func(ctx context.Context, progress page.Progress) error {
			progress(words.Of("settings.pass.stage"), 0, 0)
			return p.deps.Accounts.ChangePassphrase(ctx, before, after)
		}, func(err error) {
			switch {
			case errors.Is(err, account.ErrWrongPassphrase):
				oldField.SetProblem(sentence.Of(err, words.Of))
				old.Clear()
				p.host.Focus(old.Entry)
			case err != nil:
				p.host.Tell(err)
			default:
				p.hide()
				p.host.Say(words.Of("settings.pass.donetitle"), words.Of("settings.pass.done"))
			}
		})
	}
	again.Entry.OnSubmitted = func(string) { change() }
	known := widgets.NewQuiet(words.Of("settings.known"), func() {
		p.host.Confirm(words.Of("settings.known"), words.Of("settings.known-message"), words.Of("settings.known"), func() {
			p.host.Quietly(p.deps.Accounts.ReportPassphraseKnown, func(err error) {
				if err != nil {
					p.host.Tell(err)
					return
				}
				p.host.Say(words.Of("settings.known"), words.Of("settings.known-done"))
			})
		})
	})
	return []fyne.CanvasObject{
		oldField, freshField, againField, widgets.Actions(widgets.NewButton(words.Of("settings.pass.change"), change), known),
		widgets.Small(words.Of("settings.known-why")),
	}
}

// number is a setting that is a whole number.
type number struct {
	field *widgets.Field
	entry *widgets.Entry
	value *int
}

func newNumber(label, hint string, value *int) *number {
	n := &number{entry: widgets.NewEntry(), value: value}
	n.entry.SetText(strconv.Itoa(*value))
	n.field = widgets.NewField(label, hint, n.entry)
	return n
}

// take reads what was typed; false if it is no number.
func (n *number) take() bool {
	typed, err := strconv.Atoi(strings.TrimSpace(n.entry.Text))
	if err != nil {
		n.field.SetProblem(words.Of("settings.number"))
		return false
	}
	n.field.SetProblem("")
	*n.value = typed
	return true
}

// workstation is what holds for everybody here; only administrators can change it.
func (p *Page) workstation(v View) []fyne.CanvasObject {
	facts := widgets.Facts(words.Of("settings.name"), p.deps.Workstation, words.Of("settings.folder"), p.deps.Folder)
	if !p.deps.Actor.Has(account.RoleAdministrator) {
		return []fyne.CanvasObject{facts, widgets.Text(words.With("settings.readonly", map[string]any{
			"Idle": v.Values.IdleMinutes, "Casework": v.Values.CaseworkIdleMinutes, "Review": v.Values.ReviewMonths, "Retention": v.Values.RetentionMonths,
		}))}
	}
	values := v.Values
	numbers := []*number{
		newNumber(words.Of("settings.idle"), words.Of("settings.idlehint"), &values.IdleMinutes),
		newNumber(words.Of("settings.caseworkidle"), words.Of("settings.caseworkidlehint"), &values.CaseworkIdleMinutes),
		newNumber(words.Of("settings.review"), words.Of("settings.reviewhint"), &values.ReviewMonths),
		newNumber(words.Of("settings.retention"), words.Of("settings.retentionhint"), &values.RetentionMonths),
	}
	outcome := widget.NewLabel("")
	outcome.Wrapping = fyne.TextWrapWord
	outcome.Hide()
	say := func(text string, importance widget.Importance) {
		outcome.Importance = importance
		outcome.SetText(text)
		outcome.Show()
		widgets.Reveal(outcome)
	}
	save := func() {
		outcome.Hide()
		for _, n := range numbers {
			if !n.take() {
				p.host.Focus(n.entry)
				return
			}
		}
		wanted := values
		p.host.Quietly(func(ctx context.Context) error { return p.deps.Settings.Set(ctx, wanted) }, func(err error) {
			if err != nil {
				say(sentence.Of(err, words.Of), widget.DangerImportance)
				return
			}
			say(words.Of("settings.saved"), widget.SuccessImportance)
		})
	}
	box := container.NewVBox(facts)
	for _, n := range numbers {
		n.entry.OnSubmitted = func(string) { save() }
		box.Add(n.field)
	}
	return []fyne.CanvasObject{box, outcome, widgets.Actions(widgets.NewPrimary(words.Of("settings.save"), save))}
}
