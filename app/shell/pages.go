package shell

import (
	"wardbook/app/page"
	"wardbook/app/page/home"
	"wardbook/data/station"
)

// makePages makes the pages of a session, each with the services it needs.
func (s *Shell) makePages(session *station.Session) map[page.ID]page.Any {
	pages := map[page.ID]page.Any{}
	homeDeps := home.Deps{
		Actor: session.Actor(), Learning: session.Learning(), Content: session.Content(), Exchange: session.Exchange(),
		Log: session.Log(), Accounts: session.Accounts(),
	}
	if session.HasCasework() {
		homeDeps.Casework = session.Casework()
	}
	pages[page.Home] = page.Adapt(home.New(s, homeDeps))
	return pages
}
