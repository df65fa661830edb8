package signin

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/station"
)

// keyPrefix begins every recovery key; it carries nothing.
const keyPrefix = "AGE-SECRET-KEY-1"

// grouped writes a key so that its end, which is typed back, is a group of its own.
func grouped(key string) string {
	rest, cut := strings.CutPrefix(key, keyPrefix)
	var groups []string
	for len(rest) > 0 {
		from := max(0, len(rest)-station.ConfirmLength)
		groups = append([]string{rest[from:]}, groups...)
		rest = rest[:from]
	}
	if cut {
		groups = append([]string{keyPrefix}, groups...)
	}
	return strings.Join(groups, " ")
}

// showKeys shows the recovery keys, the only time that anybody can see them.
func (p *Page) showKeys(keys station.Recovery, session *station.Session) {
	one := func(title, what, key string) fyne.CanvasObject {
		size := 12 * theme.TextSize()
		return widgets.Section(title, widgets.Small(what), widgets.Actions(widgets.QR(key, size)), widgets.Mono(grouped(key)))
	}
	stored := widgets.NewPrimary(words.Of("signin.keys.stored"), func() { p.confirmKeys(keys, session) })
	p.put(p.wideCard(
		words.Of("signin.keys.title"),
		widgets.NewNotice(words.Of("signin.keys.once"), widgets.Attention),
		container.NewGridWithColumns(2,
			one(words.Of("signin.keys.library"), words.Of("signin.keys.librarywhat"), keys.Library),
			one(words.Of("signin.keys.casework"), words.Of("signin.keys.caseworkwhat"), keys.Casework)),
		widgets.Text(words.Of("signin.keys.how")),
		widgets.Actions(stored),
		widgets.Gap(12),
	), nil, nil)
}

// confirmKeys asks for the end of each key: whoever can type it has it on paper.
func (p *Page) confirmKeys(keys station.Recovery, session *station.Session) {
	wrong := problem()
	library, casework := widgets.NewEntry(), widgets.NewEntry()
	ending := map[string]any{"Count": station.ConfirmLength}
	check := func() {
		if !keys.Confirm(library.Text + casework.Text) {
			show(wrong, plainError(words.Of("signin.keys.differ")))
			return
		}
		p.host.Quietly(session.ConfirmRecovery, func(err error) {
			if err != nil {
				show(wrong, err)
				return
			}
			p.deps.SignedIn(session)
		})
	}
	library.OnSubmitted = func(string) { p.host.Focus(casework) }
	casework.OnSubmitted = func(string) { check() }
	p.put(p.card(
		words.Of("signin.keys.confirmtitle"),
		widgets.Text(words.With("signin.keys.confirmtext", ending)),
		widgets.NewField(words.Of("signin.keys.library"), words.With("signin.keys.ending", ending), library),
		widgets.NewField(words.Of("signin.keys.casework"), words.With("signin.keys.ending", ending), casework),
		wrong,
		widgets.Actions(
			widgets.NewButton(words.Of("signin.keys.again"), func() { p.showKeys(keys, session) }),
			widgets.NewPrimary(words.Of("signin.keys.confirm"), check),
		),
	), nil, library)
}

// showRecover is for when nobody can sign in any more: the library's recovery key makes a new administrator.
func (p *Page) showRecover() {
	wrong := problem()
	key, name := widgets.NewMultiLine(3), widgets.NewEntry()
	passphrase := widgets.NewPassphrase(func(typed string) (string, bool) { return page.PassphraseStrength(typed, name.Text) })
	again := widgets.NewPassphrase(nil)
	passField := widgets.NewField(words.Of("signin.passphrase"), words.Of("signin.setup.passhint"), passphrase)
	againField := widgets.NewField(words.Of("signin.setup.again"), "", again)
	clear := func() {
		key.SetText("")
		passphrase.Clear()
		again.Clear()
	}
	recover := func() {
		show(wrong, nil)
		passField.SetProblem("")
		againField.SetProblem("")
		switch {
		case !passphrase.Good():
			passField.SetProblem(words.Of("signin.setup.weak"))
			p.host.Focus(passphrase.Entry)
			return
		case again.Text() != passphrase.Text():
			againField.SetProblem(words.Of("signin.setup.differs"))
			p.host.Focus(again.Entry)
			return
		case p.busy:
			return
		}
		p.busy = true
		request := station.RecoverRequest{RecoveryKey: strings.Join(strings.Fields(key.Text), ""), AccountName: name.Text, Passphrase: passphrase.Text()}
		var session *station.Session
		p.host.Quietly(func(ctx context.Context) error {
			var err error
			session, err = p.deps.Station.Recover(ctx, request)
			return err
		}, func(err error) {
			p.busy = false
			if err != nil {
				show(wrong, err)
				return
			}
			clear()
			p.deps.SignedIn(session)
		})
	}
	p.put(p.card(
		words.Of("signin.recover.title"),
		widgets.Text(words.Of("signin.recover.what")),
		widgets.NewField(words.Of("signin.keys.library"), words.Of("signin.recover.keyhint"), key),
		widgets.NewField(words.Of("signin.recover.name"), words.Of("signin.setup.namehint"), name),
		passField, againField, wrong,
		widgets.Actions(widgets.NewButton(words.Of("widget.back"), p.showSignIn), widgets.NewPrimary(words.Of("signin.recover.do"), recover)),
		widgets.Gap(12),
	), clear, key)
}
