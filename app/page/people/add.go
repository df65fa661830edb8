package people

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
)

// addForm is the form for a new account.
type addForm struct {
	page                   *Page
	name                   *widgets.Entry
	passphrase, again      *widgets.Passphrase
	choice                 *widgets.Choice
	roles                  []account.Role
	nameField, passField   *widgets.Field
	againField, rolesField *widgets.Field
}

func (p *Page) showAdd() fyne.CanvasObject {
	f := &addForm{page: p, name: widgets.NewEntry(), again: widgets.NewPassphrase(nil)}
	f.passphrase = widgets.NewPassphrase(func(typed string) (string, bool) { return page.PassphraseStrength(typed, f.name.Text) })
	f.name.OnChanged = func(string) { f.passphrase.Recheck() }
	f.again.Entry.OnSubmitted = func(string) { f.submit() }
	f.choice = roleChoice(nil, func(chosen []account.Role) { f.roles = chosen })
	p.forget = func() {
		f.passphrase.Clear()
		f.again.Clear()
	}
	f.nameField = widgets.NewField(words.Of("people.name"), words.Of("people.name-hint"), f.name)
	f.rolesField = widgets.NewField(words.Of("people.roles"), words.Of("people.roles-hint"), f.choice)
	f.passField = widgets.NewField(words.Of("people.passphrase"), words.Of("people.passphrase-hint"), f.passphrase)
	f.againField = widgets.NewField(words.Of("people.again"), "", f.again)
	form := widgets.NewForm(f.nameField, f.rolesField, f.passField, f.againField,
		widgets.Actions(widgets.NewPrimary(words.Of("people.add"), f.submit)), widgets.Gap(2*theme.TextSize()))
	return widgets.Page(widgets.Header{Title: words.Of("people.add"), Back: p.back}, form)
}

// check points to the fields that are not filled yet. The rules themselves are the service's.
func (f *addForm) check() bool {
	var first fyne.Focusable
	mark := func(field *widgets.Field, input fyne.Focusable, wrong bool, key string) {
		if !wrong {
			field.SetProblem("")
			return
		}
		field.SetProblem(words.Of(key))
		if first == nil {
			first = input
		}
	}
	mark(f.nameField, f.name, strings.TrimSpace(f.name.Text) == "", "people.name-empty")
	mark(f.rolesField, f.choice.First(), len(f.roles) == 0, "people.roles-empty")
	mark(f.passField, f.passphrase.Entry, !f.passphrase.Good(), "people.weak")
	mark(f.againField, f.again.Entry, f.again.Text() != f.passphrase.Text(), "people.differs")
	if first != nil {
		f.page.host.Focus(first)
	}
	return first == nil
}

func (f *addForm) submit() {
	if !f.check() {
		return
	}
	p := f.page
	name, typed, roles := f.name.Text, f.passphrase.Text(), f.roles
	var added account.Account
	p.host.Work(words.Of("people.add"), func(ctx context.Context, progress page.Progress) (err error) {
		progress(words.Of("people.adding"), 0, 0)
		added, err = p.accounts.Add(ctx, name, typed, roles)
		return err
	}, func(err error) {
		if field := f.fieldOf(err); field != nil {
			field.SetProblem(sentence.Of(err, words.Of))
			widgets.Reveal(field)
			return
		}
		if err != nil {
			p.host.Tell(err)
		}
		if added.ID != "" { // it is there, even if something after it went wrong
			p.goTo(added.ID)
		}
	})
}

// fieldOf is the field that an error is about, or nil.
func (f *addForm) fieldOf(err error) *widgets.Field {
	switch {
	case errors.Is(err, account.ErrBadName), errors.Is(err, account.ErrNameTaken):
		return f.nameField
	case errors.Is(err, account.ErrPassphraseTooShort), errors.Is(err, account.ErrPassphraseTooWeak), errors.Is(err, account.ErrPassphraseTooLong):
		return f.passField
	}
	return nil
}
