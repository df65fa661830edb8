package shell

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
)

// railOrder is the order of the pages on the rail; Help and Settings stand at the bottom, above Lock.
func railOrder() []page.ID {
	return []page.ID{
		page.Home, page.Learn, page.Checklists, page.Records, page.Updates, page.Publish, page.People, page.Log, page.Help, page.Settings,
	}
}

// mayOpen tells whether an account's roles have a use for a page. What the role lacks is not shown; the services decide
// what is allowed.
func mayOpen(id page.ID, actor *account.Actor) bool {
	switch id {
	case page.Records:
		return actor.Has(account.RoleOfficer, account.RoleSecondReader, account.RoleManager)
	case page.Publish:
		return actor.Has(account.RoleTrainer)
	case page.People:
		return actor.Has(account.RoleAdministrator, account.RoleManager, account.RoleOfficer, account.RoleSecondReader)
	case page.Log:
		return actor.Has(account.RoleAuditor, account.RoleAdministrator, account.RoleManager)
	}
	return true
}

func railIcon(id page.ID) fyne.Resource {
	switch id {
	case page.Home:
		return theme.HomeIcon()
	case page.Learn:
		return theme.DocumentIcon()
	case page.Checklists:
		return theme.ListIcon()
	case page.Records:
		return theme.DocumentCreateIcon()
	case page.Updates:
		return theme.DownloadIcon()
	case page.Publish:
		return theme.UploadIcon()
	case page.People:
		return theme.AccountIcon()
	case page.Log:
		return theme.HistoryIcon()
	case page.Help:
		return theme.HelpIcon()
	}
	return theme.SettingsIcon()
}

type rail struct {
	object  fyne.CanvasObject
	pages   []page.ID
	buttons map[page.ID]*widget.Button
	status  *widget.Label // what goes on in the background
}

func newRail(pages []page.ID, goTo func(page.Route), lock func()) *rail {
	r := &rail{pages: pages, buttons: map[page.ID]*widget.Button{}}
	upper, lower := container.NewVBox(), container.NewVBox(widget.NewSeparator())
	for _, id := range pages {
		button := widget.NewButtonWithIcon(words.Of("rail."+string(id)), railIcon(id), func() { goTo(page.Route{Page: id}) })
		button.Alignment, button.Importance = widget.ButtonAlignLeading, widget.LowImportance
		r.buttons[id] = button
		if id == page.Help || id == page.Settings {
			lower.Add(button)
		} else {
			upper.Add(button)
		}
	}
	r.status = widgets.Small("")
	r.status.Hide()
	lower.Objects = append([]fyne.CanvasObject{r.status}, lower.Objects...)
	locks := widget.NewButtonWithIcon(words.Of("rail.lock"), theme.LogoutIcon(), lock)
	locks.Alignment, locks.Importance = widget.ButtonAlignLeading, widget.LowImportance
	lower.Add(locks)
	column := container.NewBorder(upper, lower, nil, nil, layout.NewSpacer())
	r.object = container.NewBorder(nil, nil, nil, widget.NewSeparator(), container.NewPadded(column))
	return r
}

// say shows what goes on in the background; "" is nothing.
func (r *rail) say(text string) {
	r.status.SetText(text)
	if text == "" {
		r.status.Hide()
		return
	}
	r.status.Show()
}

// mark shows which page is open.
func (r *rail) mark(id page.ID) {
	for of, button := range r.buttons {
		importance := widget.LowImportance
		if of == id {
			importance = widget.HighImportance
		}
		if button.Importance != importance {
			button.Importance = importance
			button.Refresh()
		}
	}
}
