package shell

import (
	"context"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/page/signin"
	"wardbook/data/station"
)

// showSignIn shows the sign-in page, for the account that locked if there is one, or the first run.
func (s *Shell) showSignIn(name string, problem error) {
	made := page.Adapt(signin.New(s, signin.Deps{
		Station: s.station, Folder: s.dataDir(), Account: name, Problem: problem, Options: s.params.Options,
		Starter: s.params.Starter, Logo: s.params.Icon, Opened: s.opened, SignedIn: s.signedIn,
	}))
	s.leavePage()
	s.at, s.current = page.Route{Page: page.SignIn}, made
	s.window.SetContent(s.body)
	s.app.Settings().SetTheme(NewTheme(1, "system"))
	s.load(made, s.at)
}

// signingIn tells whether the sign-in page is shown.
func (s *Shell) signingIn() bool { return s.session == nil && s.current != nil }

// loadAppearance puts the account's text size and theme into effect.
func (s *Shell) loadAppearance(session *station.Session) {
	var look station.Personal
	s.Quietly(func(ctx context.Context) (err error) {
		look, err = session.Settings().Personal(ctx)
		return err
	}, func(err error) {
		if err != nil {
			fyne.LogError("read the account's preferences", err)
			return
		}
		s.Apply(page.Appearance{TextScale: look.TextScale, Theme: look.Theme, Language: look.Language})
	})
}
