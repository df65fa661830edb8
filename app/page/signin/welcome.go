package signin

import (
	"context"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/station"
)

// showWelcome offers the two ways to begin.
func (p *Page) showWelcome() {
	wrong := problem()
	lines := []fyne.CanvasObject{widgets.Text(words.Of("signin.welcome.what"))}
	if p.view.Problem != nil {
		lines = append(lines, wrong)
	}
	fresh := widgets.NewPrimary(words.Of("signin.welcome.new"), p.showSetUp)
	lines = append(
		lines,
		widgets.Section(words.Of("signin.welcome.newtitle"), widgets.Text(words.Of("signin.welcome.newtext")), widgets.Actions(fresh)),
		widgets.Section(words.Of("signin.welcome.opentitle"), widgets.Text(words.Of("signin.welcome.opentext")),
			widgets.Actions(widgets.NewButton(words.Of("signin.welcome.open"), func() {
				p.host.ChooseFolder(words.Of("signin.welcome.open"), p.open)
			}))),
	)
	if p.view.Problem == nil {
		lines = append(lines, wrong)
	}
	if p.deps.Station != nil {
		lines = append(lines, widgets.Actions(widgets.NewQuiet(words.Of("signin.backto"), p.showSignIn)))
	}
	p.put(p.card(words.Of("signin.welcome.title"), lines...), nil, fresh)
	show(wrong, p.view.Problem)
}

// open opens an existing data folder and goes to its sign-in form.
func (p *Page) open(dir string) {
	var opened *station.Station
	p.host.Work(words.Of("signin.opening"), func(context.Context, page.Progress) error {
		var err error
		opened, err = station.Open(dir, p.deps.Options)
		return err
	}, func(err error) {
		if err != nil {
			p.view.Problem = err
			p.showWelcome()
			return
		}
		p.adopt(opened)
	})
}

// adopt hands a data folder over and shows its accounts.
func (p *Page) adopt(opened *station.Station) {
	p.deps.Station, p.deps.Folder, p.deps.Account, p.deps.Problem = opened, opened.Dir(), "", nil
	p.deps.Opened(opened)
	p.host.Reload()
}
