package shell

import (
	"wardbook/app/page"
	"wardbook/app/page/checklists"
	"wardbook/app/page/help"
	"wardbook/app/page/home"
	"wardbook/app/page/learn"
	pagelog "wardbook/app/page/log"
	"wardbook/app/page/people"
	"wardbook/app/page/publish"
	"wardbook/app/page/records"
	"wardbook/app/page/settings"
	"wardbook/app/page/updates"
	"wardbook/data/station"
)

// makePages makes the pages of a session, each with the services it needs.
func (s *Shell) makePages(session *station.Session) map[page.ID]page.Any {
	folder := s.station.Dir()
	var book records.Casework // both stay nil without the casework key
	var filling checklists.Filling
	if session.HasCasework() {
		book, filling = session.Casework(), session.Casework()
	}
	return map[page.ID]page.Any{
		page.People:     page.Adapt(people.New(s, session.Accounts(), session.Exchange(), session.Actor(), session.HasCasework()).WithKeys(session)),
		page.Log:        page.Adapt(pagelog.New(s, session.Log(), session.HasCasework()).WithAccounts(session.Accounts())),
		page.Records:    page.Adapt(records.New(s, book, session.Actor())),
		page.Updates:    page.Adapt(updates.New(s, session.Exchange(), session.Actor()).WithTitles(session.Content())),
		page.Publish:    page.Adapt(publish.New(s, session.Exchange()).WithTitles(session.Content())),
		page.Learn:      page.Adapt(learn.New(s, session.Content(), session.Learning()).WithTrust(session.Exchange())),
		page.Checklists: page.Adapt(checklists.New(s, session.Content(), session.Blank(), session.Actor()).WithFilling(session.Learning(), filling).WithTrust(session.Exchange())),
		page.Home:       page.Adapt(home.New(s, home.DepsOf(session))),
		page.Help:       page.Adapt(help.New(s, help.Deps{Version: s.params.Version, Folder: folder})),
		page.Settings: page.Adapt(settings.New(s, settings.Deps{
			Actor: session.Actor(), Settings: session.Settings(), Accounts: session.Accounts(), Workstation: session.Workstation().Name, Folder: folder,
		})),
	}
}
