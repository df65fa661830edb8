package signin

import (
	"context"
	"errors"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
)

// setUpForm is the form of a new workstation.
type setUpForm struct {
	page                                             *Page
	workstation, name                                *widgets.Entry
	nameField, workstationField, passField, repeated *widgets.Field
	passphrase, again                                *widgets.Passphrase
	roles                                            *widgets.Choice
	starter                                          *widgets.Check
	folder                                           string
	folderText                                       *widget.Label
	wrong                                            *widget.Label
}

// showSetUp asks for what a new workstation needs.
func (p *Page) showSetUp() {
	f := &setUpForm{page: p, workstation: widgets.NewEntry(), name: widgets.NewEntry(), folder: p.deps.Folder, wrong: problem()}
	if p.deps.Station != nil {
		f.folder = "" // that one is taken
	}
	if host, err := os.Hostname(); err == nil {
		f.workstation.SetText(host)
	}
	f.passphrase = widgets.NewPassphrase(func(typed string) (string, bool) {
		return page.PassphraseStrength(typed, f.name.Text, f.workstation.Text)
	})
	f.again = widgets.NewPassphrase(nil)
	f.name.OnChanged = func(string) { f.passphrase.Recheck() }
	f.roles = widgets.NewChoices(roleOptions(account.RoleAdministrator), nil)
	f.starter = widgets.NewCheck(words.Of("signin.setup.starter"), nil)
	f.starter.SetChecked(true)
	f.folderText = widgets.Text("")
	f.showFolder()

	f.workstationField = widgets.NewField(words.Of("signin.setup.workstation"), words.Of("signin.setup.workstationhint"), f.workstation)
	f.nameField = widgets.NewField(words.Of("signin.setup.name"), words.Of("signin.setup.namehint"), f.name)
	f.passField = widgets.NewField(words.Of("signin.passphrase"), words.Of("signin.setup.passhint"), f.passphrase)
	f.repeated = widgets.NewField(words.Of("signin.setup.again"), "", f.again)
	place := widgets.NewButton(words.Of("signin.setup.otherplace"), func() {
		p.host.ChooseFolder(words.Of("signin.setup.otherplace"), func(dir string) {
			f.folder = dir
			f.showFolder()
		})
	})
	card := p.card(
		words.Of("signin.setup.title"),
		f.workstationField, f.nameField, f.passField, f.repeated,
		widgets.NewField(words.Of("signin.setup.roles"), words.Of("signin.setup.roleshint"), f.roles),
		widgets.NewField(words.Of("signin.setup.content"), words.Of("signin.setup.starterhint"), f.starter),
		widgets.NewField(words.Of("signin.setup.folder"), words.Of("signin.setup.folderhint"), f.folderText),
		widgets.Actions(place),
		f.wrong,
		widgets.Gap(6),
		widgets.Actions(widgets.NewButton(words.Of("widget.back"), p.showWelcome), widgets.NewPrimary(words.Of("signin.setup.do"), f.submit)),
		widgets.Gap(12),
	)
	p.put(card, func() {
		f.passphrase.Clear()
		f.again.Clear()
	}, f.name)
}

func (f *setUpForm) showFolder() {
	text := f.folder
	if text == "" {
		text = words.Of("signin.setup.nofolder")
	}
	f.folderText.SetText(text)
}

// check points to the fields that are not filled yet. The rules themselves are the station's.
func (f *setUpForm) check() bool {
	first := fyne.Focusable(nil)
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
	mark(f.workstationField, f.workstation, strings.TrimSpace(f.workstation.Text) == "", "signin.setup.empty")
	mark(f.nameField, f.name, strings.TrimSpace(f.name.Text) == "", "signin.setup.empty")
	mark(f.passField, f.passphrase.Entry, !f.passphrase.Good(), "signin.setup.weak")
	mark(f.repeated, f.again.Entry, f.again.Text() != f.passphrase.Text(), "signin.setup.differs")
	if first != nil {
		f.page.host.Focus(first)
		return false
	}
	if f.folder == "" {
		show(f.wrong, plainError(words.Of("signin.setup.nofolder")))
		return false
	}
	return true
}

func (f *setUpForm) submit() {
	show(f.wrong, nil)
	if !f.check() {
		return
	}
	p := f.page
	roles := []account.Role{account.RoleAdministrator}
	for _, r := range f.roles.Values() {
		roles = append(roles, account.Role(r))
	}
	request := station.SetupRequest{
		Dir: f.folder, AccountName: f.name.Text, Passphrase: f.passphrase.Text(), Roles: roles, Station: f.workstation.Text,
		Starter: f.starter.Checked, StarterContent: p.deps.Starter,
	}
	var made *station.Station
	var session *station.Session
	var keys station.Recovery
	p.host.Work(words.Of("signin.setup.working"), func(ctx context.Context, progress page.Progress) error {
		progress(words.Of("signin.setup.stage"), 0, 0)
		var err error
		made, session, keys, err = station.Setup(ctx, request, p.deps.Options)
		return err
	}, func(err error) {
		if err != nil {
			f.fail(err)
			return
		}
		p.deps.Opened(made)
		p.deps.Station, p.deps.Folder = made, made.Dir()
		p.showKeys(keys, session)
	})
}

// fail says what went wrong, at the field that it is about where there is one.
func (f *setUpForm) fail(err error) {
	field := (*widgets.Field)(nil)
	switch {
	case errors.Is(err, station.ErrBadStationName):
		field = f.workstationField
	case errors.Is(err, account.ErrBadName):
		field = f.nameField
	case errors.Is(err, account.ErrPassphraseTooShort), errors.Is(err, account.ErrPassphraseTooWeak), errors.Is(err, account.ErrPassphraseTooLong):
		field = f.passField
	}
	if field == nil {
		show(f.wrong, err)
		return
	}
	field.SetProblem(sentence.Of(err, words.Of))
	widgets.Reveal(field)
}

// roleOptions are the roles with what each does, but for those left out.
func roleOptions(without ...account.Role) []widgets.Option {
	var options []widgets.Option
	for _, r := range account.AllRoles() {
		skip := false
		for _, w := range without {
			skip = skip || r == w
		}
		if !skip {
			options = append(options, widgets.Option{Value: string(r), Text: words.Of("role." + string(r) + ".what")})
		}
	}
	return options
}
