package signin

import (
	"context"
	"errors"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
)

// fewAccounts are shown at once; more come in a list that drops down.
const fewAccounts = 6

// showSignIn lists the accounts and asks for the passphrase.
func (p *Page) showSignIn() {
	wrong := problem()
	passphrase := widgets.NewPassphrase(nil)
	account, who := p.accountChoice(func() { p.host.Focus(passphrase.Entry) })
	var enter *widgets.Button
	try := func() {
		if !enter.Disabled() {
			p.signIn(who(), passphrase, wrong, enter)
		}
	}
	enter = widgets.NewPrimary(words.Of("signin.enter"), try)
	enter.Icon = theme.LoginIcon()
	passphrase.Entry.OnSubmitted = func(string) { try() }

	lines := []fyne.CanvasObject{}
	if p.deps.Account != "" {
		lines = append(lines, widgets.Text(words.With("signin.locked", map[string]any{"Name": p.deps.Account})))
	}
	lines = append(
		lines,
		widgets.NewField(words.Of("signin.account"), "", account),
		widgets.NewField(words.Of("signin.passphrase"), "", passphrase),
		wrong,
		widgets.Actions(enter),
		widgets.Gap(theme.TextSize()),
		widgets.Actions(
			widgets.NewQuiet(words.Of("signin.recover.open"), p.showRecover),
			widgets.NewQuiet(words.Of("signin.otherfolder"), p.showWelcome),
		),
		widgets.Small(words.With("signin.folder", map[string]any{"Folder": p.deps.Folder})),
	)
	var first fyne.Focusable = passphrase.Entry
	if choice, ok := account.(*widgets.Choice); ok && who() == "" {
		first = choice.First()
	}
	p.put(p.card(words.Of("signin.title"), lines...), passphrase.Clear, first)
}

// accountChoice is the input for the account, and what was chosen in it.
func (p *Page) accountChoice(chosen func()) (fyne.CanvasObject, func() string) {
	var options []widgets.Option
	before := ""
	for _, a := range p.view.Accounts {
		options = append(options, widgets.Option{Value: a.ID, Text: a.Name})
		if a.Name == p.deps.Account || len(p.view.Accounts) == 1 {
			before = a.ID
		}
	}
	if len(options) > fewAccounts {
		list := widgets.NewSelect(options, func(string) { chosen() })
		list.SetValue(before)
		return list, list.Value
	}
	list := widgets.NewChoice(options, func(string) { chosen() })
	list.SetValues(before)
	return list, list.Value
}

// signIn tries a passphrase. Opening takes about a second by design and cannot be cut short.
func (p *Page) signIn(who string, passphrase *widgets.Passphrase, wrong *widget.Label, enter *widgets.Button) {
	if p.busy {
		return
	}
	if who == "" {
		show(wrong, plainError(words.Of("signin.noaccount")))
		return
	}
	p.busy = true
	wrong.Hide()
	enter.SetText(words.Of("signin.entering"))
	enter.Disable()
	typed := passphrase.Text()
	var session *station.Session
	p.host.Quietly(func(ctx context.Context) error {
		var err error
		session, err = p.deps.Station.SignIn(ctx, who, typed)
		return err
	}, func(err error) {
		p.busy = false
		enter.SetText(words.Of("signin.enter"))
		enter.Enable()
		if err == nil {
			passphrase.Clear()
			p.deps.SignedIn(session)
			return
		}
		passphrase.Clear()
		show(wrong, err)
		var wait *account.BackOffError
		if errors.As(err, &wait) {
			enter.Disable()
			p.countDown(wait.Until, wrong, enter)
			return
		}
		p.host.Focus(passphrase.Entry)
	})
}

// countDown says how long there is still to wait, and lets somebody try again afterwards.
func (p *Page) countDown(until time.Time, wrong *widget.Label, enter *widgets.Button) {
	left := time.Until(until)
	if left <= 0 {
		wrong.SetText(words.Of("signin.again"))
		enter.Enable()
		return
	}
	wrong.SetText(words.With("signin.wait", map[string]any{"Time": duration(left)}))
	wrong.Show()
	p.host.After(time.Second, func() { p.countDown(until, wrong, enter) })
}

// duration writes a time to wait as minutes and seconds: 2:05.
func duration(d time.Duration) string {
	seconds := int(d.Round(time.Second) / time.Second)
	rest := strconv.Itoa(seconds % 60)
	if seconds%60 < 10 {
		rest = "0" + rest
	}
	return strconv.Itoa(seconds/60) + ":" + rest
}
