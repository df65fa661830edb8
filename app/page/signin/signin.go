// Package signin is what is shown while nobody is signed in: the first run (a new workstation, or an existing data
// folder) and the sign-in page, which is also the lock screen.
package signin

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/station"
)

// Deps are what the page is given. The funcs run on Fyne's thread.
type Deps struct {
	Station *station.Station // the opened data folder; nil at the first run
	Folder  string           // the data folder to propose or to sign in to
	Account string           // the name of who locked, or ""
	Problem error            // why the data folder could not be opened, or nil
	Options station.Options
	Starter fs.FS // the starter content
	Logo    fyne.Resource

	// Opened hands over a data folder that was opened or set up here.
	Opened func(*station.Station)
	// SignedIn hands over the session.
	SignedIn func(*station.Session)
}

// View is what Load found.
type View struct {
	State    station.State // of the folder
	Accounts []station.AccountName
	Problem  error
}

// Page is the sign-in page.
type Page struct {
	host page.Host
	deps Deps
	view View

	stage *fyne.Container
	busy  bool // a folder is being opened, or a passphrase tried
	leave func()
	shown bool // the stage is in the window
}

// New makes the page.
func New(host page.Host, deps Deps) *Page {
	return &Page{host: host, deps: deps, stage: container.NewStack()}
}

// Load looks at the data folder and lists its accounts.
func (p *Page) Load(context.Context, page.Route) (View, error) {
	view := View{Problem: p.deps.Problem}
	if p.deps.Station != nil {
		view.State = station.StateSetUp
		accounts, err := p.deps.Station.Accounts()
		for _, a := range accounts {
			if a.Active {
				view.Accounts = append(view.Accounts, a)
			}
		}
		return view, err
	}
	state, err := station.Inspect(p.deps.Folder)
	view.State = state
	if view.Problem == nil {
		view.Problem = err
	}
	return view, nil
}

// Show draws the sign-in form, or the first run where there is no data folder yet.
func (p *Page) Show(view View) fyne.CanvasObject {
	p.view, p.shown = view, false
	defer func() { p.shown = true }()
	if p.deps.Station != nil {
		p.showSignIn()
	} else {
		p.showWelcome()
	}
	return p.stage
}

// Leave forgets what was typed: nothing on this page is worth keeping, and passphrases least of all.
func (p *Page) Leave() {
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}

// put shows a stage; leave empties its fields, and first gets the focus.
func (p *Page) put(content fyne.CanvasObject, leave func(), first fyne.Focusable) {
	p.Leave()
	p.leave = leave
	p.stage.Objects = []fyne.CanvasObject{content}
	p.stage.Refresh()
	if first == nil {
		return
	}
	if p.shown {
		p.host.Focus(first)
		return
	}
	p.host.After(focusDelay, func() { p.host.Focus(first) })
}

// focusDelay lets the window take in what Show returned before something in it gets the focus.
const focusDelay = 50 * time.Millisecond

// card is the frame of every stage: the name of the program above, what it is about below.
func (p *Page) card(title string, lines ...fyne.CanvasObject) fyne.CanvasObject {
	return widgets.NewNarrowForm(p.framed(title, lines)...)
}

// wideCard is card with room for two columns.
func (p *Page) wideCard(title string, lines ...fyne.CanvasObject) fyne.CanvasObject {
	return widgets.NewCentredForm(p.framed(title, lines)...)
}

func (p *Page) framed(title string, lines []fyne.CanvasObject) []fyne.CanvasObject {
	name := widget.NewLabelWithStyle(words.Of("signin.wardbook"), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	head := container.NewHBox(name)
	if p.deps.Logo != nil {
		logo := canvas.NewImageFromResource(p.deps.Logo)
		logo.FillMode = canvas.ImageFillContain
		logo.SetMinSize(fyne.NewSquareSize(2.2 * theme.TextSize()))
		head.Objects = append([]fyne.CanvasObject{logo}, head.Objects...)
	}
	heading := widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	heading.SizeName = theme.SizeNameHeadingText
	heading.Wrapping = fyne.TextWrapWord
	return append([]fyne.CanvasObject{widgets.Gap(1.5 * theme.TextSize()), head, heading}, lines...)
}

// problem is a line for what went wrong, hidden while nothing did.
func problem() *widget.Label {
	label := widget.NewLabel("")
	label.Wrapping = fyne.TextWrapWord
	label.Importance = widget.DangerImportance
	label.Selectable = true
	label.Hide()
	return label
}

func show(label *widget.Label, err error) {
	if err == nil {
		label.Hide()
		return
	}
	text := sentence.Of(err, words.Of)
	var plain plainError
	if errors.As(err, &plain) {
		text = string(plain)
	}
	label.SetText(text)
	label.Show()
	widgets.Reveal(label)
}

// plainError is a sentence that needs no advice: something has not been filled in or chosen yet.
type plainError string

func (e plainError) Error() string { return string(e) }
