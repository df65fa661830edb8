// Package shell is the window around the pages: the rail, the way between pages, signing in and locking, work in the
// background, and what is shown when something goes wrong. It makes the pages and gives each the services it needs.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/station"
)

// Params are what the program hands to its window.
type Params struct {
	DataDir string // "" takes the folder of last time, or the usual one
	Bundle  string // a bundle to preview once somebody is signed in
	Version string
	Starter fs.FS
	Options station.Options
	Icon    fyne.Resource
	// Single makes one window for each data folder: a second start hands its bundle over to the first.
	Single bool

	// Runner runs work away from Fyne's thread and comes back to it. Nil is goroutines and fyne.Do; tests run inline.
	Runner Runner
	// IdleClock tells how long the computer has not been used; nil asks the operating system.
	IdleClock IdleClock
}

// Runner runs functions away from Fyne's thread, and on it. Everything that happens at another time than now goes
// through it, so that a test decides when.
type Runner interface {
	Away(work func())                                      // on another goroutine
	Back(do func())                                        // on Fyne's thread, from another goroutine
	After(wait time.Duration, do func()) (stop func())     // on Fyne's thread, once
	Every(interval time.Duration, do func()) (stop func()) // on Fyne's thread, again and again
}

type fyneRunner struct{}

func (fyneRunner) Away(work func()) { go work() }
func (fyneRunner) Back(do func())   { fyne.Do(do) }

func (fyneRunner) After(wait time.Duration, do func()) func() {
	timer := time.AfterFunc(wait, func() { fyne.Do(do) })
	return func() { timer.Stop() }
}

func (fyneRunner) Every(interval time.Duration, do func()) func() {
	ticker, quit := time.NewTicker(interval), make(chan struct{})
	go func() {
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				fyne.Do(do)
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(quit)
	}
}

// Shell is the window. Its fields belong to Fyne's thread.
type Shell struct {
	params Params
	app    fyne.App
	window fyne.Window
	run    Runner
	root   context.Context
	stop   context.CancelFunc

	station *station.Station
	session *station.Session
	pages   map[page.ID]page.Any // of the session
	at      page.Route
	current page.Any
	loads   int // counts page loads, so that a late one is not shown

	body      *fyne.Container // where the page is drawn
	rail      *rail
	waiting   string                // a bundle that waits for somebody to sign in
	places    map[string]page.Route // where each account was when it locked
	timers    map[int]func()        // stops each
	timerSeq  int
	idle      *idleWatch
	working   *workPane
	dialogs   int
	endUpkeep func()          // of the session
	holding   bool            // dialogs are shown later
	held      []func()        // shows each
	cancel    func()          // closes the dialog that is open, if it may be closed
	files     *sync.WaitGroup // background work that must end before a session is closed
	closing   bool
	deaf      func() error // stops listening for second starts; nil while nothing listens
}

// New makes the window and shows the first page; it does not run it. ctx ends the program. ErrHandedOver: another process
// has the data folder open in its window and takes over.
func New(ctx context.Context, app fyne.App, params Params) (*Shell, error) {
	s := &Shell{
		params: params, app: app, run: params.Runner, body: container.NewStack(), places: map[string]page.Route{},
		timers: map[int]func(){}, waiting: params.Bundle, files: &sync.WaitGroup{},
	}
	if s.run == nil {
		s.run = fyneRunner{}
	}
	if params.Single {
		taken, err := handOver(s.dataDir(), params.Bundle)
		if taken {
			return nil, ErrHandedOver
		}
		if err != nil {
			fyne.LogError("hand over to an open Wardbook", err)
		}
	}
	s.root, s.stop = context.WithCancel(ctx)
	app.Settings().SetTheme(NewTheme(1, "system"))
	if params.Icon != nil {
		app.SetIcon(params.Icon)
	}
	s.window = app.NewWindow("Wardbook")
	s.window.SetMaster()
	s.window.SetCloseIntercept(s.Close)
	s.window.SetOnDropped(func(_ fyne.Position, items []fyne.URI) {
		if len(items) > 0 && items[0].Scheme() == "file" {
			s.ShowBundle(items[0].Path())
		}
	})
	s.window.Resize(s.rememberedSize())
	s.window.SetContent(s.body)
	s.addShortcuts()
	s.start()
	return s, nil
}

// Window is the one window.
func (s *Shell) Window() fyne.Window { return s.window }

// Session is the signed-in session, or nil.
func (s *Shell) Session() *station.Session { return s.session }

// start opens the data folder, if there is one, and shows the sign-in page, which also does the first run.
func (s *Shell) start() {
	dir := s.dataDir()
	s.listen(dir)
	state, err := station.Inspect(dir)
	if err == nil && state == station.StateSetUp {
		s.station, err = station.Open(dir, s.params.Options)
	}
	s.showSignIn("", err)
}

// listen takes over what second starts with this data folder bring.
func (s *Shell) listen(dir string) {
	if !s.params.Single {
		return
	}
	s.endListening()
	stop, err := takeOver(dir, func(asked handover) {
		s.run.Back(func() {
			if s.closing {
				return
			}
			s.window.Show()
			s.window.RequestFocus()
			if asked.Bundle != "" {
				s.ShowBundle(asked.Bundle)
			}
		})
	})
	if err != nil {
		fyne.LogError("listen for second starts", err) // they then open a window of their own
		return
	}
	s.deaf = stop
}

func (s *Shell) endListening() {
	if s.deaf == nil {
		return
	}
	if err := s.deaf(); err != nil {
		fyne.LogError("stop listening for second starts", err)
	}
	s.deaf = nil
}

const (
	prefDataDir = "data-folder"
	prefWidth   = "window-width"
	prefHeight  = "window-height"
)

func (s *Shell) rememberedSize() fyne.Size {
	preferences := s.app.Preferences()
	width, height := preferences.FloatWithFallback(prefWidth, 1100), preferences.FloatWithFallback(prefHeight, 720)
	return fyne.NewSize(float32(min(max(width, 640), 4000)), float32(min(max(height, 400), 3000)))
}

// Close locks and ends the program.
func (s *Shell) Close() {
	if s.closing {
		return
	}
	s.closing = true
	size := s.window.Canvas().Size()
	s.app.Preferences().SetFloat(prefWidth, float64(size.Width))
	s.app.Preferences().SetFloat(prefHeight, float64(size.Height))
	s.stop()
	s.endListening()
	s.leaveSession(func() {
		if s.station != nil {
			if err := s.station.Close(); err != nil {
				fyne.LogError("close the data folder", err)
			}
		}
		s.window.SetCloseIntercept(nil)
		s.app.Quit()
	})
}

// ShowBundle shows the preview of a bundle now, or as soon as somebody is signed in.
func (s *Shell) ShowBundle(path string) {
	if s.session == nil {
		s.waiting = path
		return
	}
	s.Go(page.Route{Page: page.Updates, Item: path})
}

// Opened takes over a data folder from the first-run page and remembers where it is.
func (s *Shell) opened(st *station.Station) {
	if s.station != nil && s.station != st {
		if err := s.station.Close(); err != nil {
			fyne.LogError("close the data folder", err)
		}
	}
	s.station = st
	s.listen(st.Dir())
	if s.params.DataDir == "" {
		s.app.Preferences().SetString(prefDataDir, st.Dir())
	}
}

// signedIn builds the pages for a session and goes where the account was when it locked.
func (s *Shell) signedIn(session *station.Session) {
	s.session = session
	s.pages = s.makePages(session)
	s.rail = newRail(s.visiblePages(session.Actor()), s.Go, s.Lock)
	s.body.Objects = nil
	s.window.SetContent(newFrame(container.NewBorder(nil, nil, s.rail.object, nil, s.body), func() { s.idle.touch() }))
	s.loadAppearance(session)
	s.startIdleWatch(session)
	s.endUpkeep = s.startUpkeep(session)
	route, ok := s.places[session.Actor().AccountID()]
	if !ok {
		route = page.Route{Page: page.Home}
	}
	if s.waiting != "" {
		route = page.Route{Page: page.Updates, Item: s.waiting}
		s.waiting = ""
	}
	s.Go(route)
}

// Lock saves drafts, closes the stores and shows the sign-in page for the same account.
func (s *Shell) Lock() {
	if s.session == nil {
		return
	}
	name := s.session.Actor().AccountName()
	s.places[s.session.Actor().AccountID()] = s.at
	s.leaveSession(func() { s.showSignIn(name, nil) })
}

// leaveSession ends what runs, then locks; then is called on Fyne's thread, also when there was no session.
func (s *Shell) leaveSession(then func()) {
	session := s.session
	if session == nil {
		then()
		return
	}
	s.leavePage()
	s.session, s.pages = nil, nil
	s.stopTimers()
	s.idle.end()
	s.endUpkeep()
	for _, overlay := range slices.Clone(s.window.Canvas().Overlays().List()) {
		s.window.Canvas().Overlays().Remove(overlay)
	}
	s.dialogs = 0
	if s.working != nil {
		s.working.cancel()
	}
	s.window.SetContent(s.body)
	s.body.Objects = []fyne.CanvasObject{container.NewCenter(widget.NewLabel(words.Of("shell.locking")))}
	s.body.Refresh()
	s.run.Away(func() {
		s.files.Wait()
		err := session.Lock()
		s.run.Back(func() {
			if err != nil {
				fyne.LogError("lock", err)
			}
			then()
		})
	})
}

func (s *Shell) visiblePages(actor *account.Actor) []page.ID {
	return slices.DeleteFunc(railOrder(), func(id page.ID) bool { _, made := s.pages[id]; return !made || !mayOpen(id, actor) })
}

func (s *Shell) leavePage() {
	if s.current != nil {
		s.current.Leave()
		s.current = nil
	}
	s.stopTimers()
}

func (s *Shell) stopTimers() {
	for _, stop := range s.timers {
		stop()
	}
	clear(s.timers)
}

// Go leaves the page that is shown and shows another place.
func (s *Shell) Go(route page.Route) {
	s.idle.touch()
	target, ok := s.pages[route.Page]
	if !ok || !slices.Contains(s.visiblePages(s.session.Actor()), route.Page) {
		s.Tell(fmt.Errorf("%w: %s", errNoPage, route.Page))
		return
	}
	s.leavePage()
	s.at, s.current = route, target
	s.rail.mark(route.Page)
	s.load(target, route)
}

var errNoPage = errors.New("this page is not for your roles")

// Reload shows the same place again.
func (s *Shell) Reload() {
	if s.current == nil {
		return
	}
	s.stopTimers()
	s.load(s.current, s.at)
}

// showLoading says so only if it takes longer than a blink.
const blink = 150 * time.Millisecond

func (s *Shell) load(target page.Any, route page.Route) {
	s.loads++
	load := s.loads
	stopLoading := s.run.After(blink, func() {
		if s.loads == load && s.current == target {
			s.draw(container.NewCenter(widget.NewLabel(words.Of("shell.loading"))))
		}
	})
	s.files.Add(1)
	s.run.Away(func() {
		defer s.files.Done()
		draw, err := s.loadSafely(target, route)
		stopLoading()
		s.run.Back(func() {
			if s.loads != load || s.current != target && target != nil {
				return
			}
			s.loads++ // the loading notice, if it is on its way, comes too late now
			var object fyne.CanvasObject
			if err == nil {
				err = safely(func() error {
					object = draw()
					return nil
				})
			}
			if err != nil {
				object = s.errorPage(err)
			}
			s.draw(object)
		})
	})
}

func (s *Shell) draw(object fyne.CanvasObject) {
	s.body.Objects = []fyne.CanvasObject{object}
	s.body.Refresh()
}

func (s *Shell) errorPage(err error) fyne.CanvasObject {
	text := widget.NewLabel(Sentence(err))
	text.Wrapping = fyne.TextWrapWord
	text.Selectable = true
	again := widget.NewButton(words.Of("shell.try-again"), s.Reload)
	return container.NewPadded(container.NewVBox(
		widget.NewLabelWithStyle(words.Of("shell.cannot-show"), fyne.TextAlignLeading, fyne.TextStyle{Bold: true}),
		text, container.NewHBox(again)))
}

// Tell shows an error as a sentence.
func (s *Shell) Tell(err error) {
	if err == nil || errors.Is(err, context.Canceled) || station.IsLocked(err) && s.session == nil {
		return
	}
	s.Say(words.Of("shell.not-done"), Sentence(err))
}

// Say shows a message with one button.
func (s *Shell) Say(title, message string) {
	label := widget.NewLabel(message)
	label.Wrapping = fyne.TextWrapWord
	label.Selectable = true
	shown := dialog.NewCustom(title, words.Of("shell.close"), label, s.window)
	s.show(shown, shown.Hide, readable())
}

// readable is the size of a dialog that holds text: as high as it needs.
func readable() fyne.Size { return fyne.NewSize(520, 0) }

// show shows a dialog, no larger than the window, and keeps shortcuts off while it is there. cancel is what Esc does; nil is
// nothing.
func (s *Shell) show(d *dialog.CustomDialog, cancel func(), wanted fyne.Size) {
	if s.holding {
		s.held = append(s.held, func() { s.show(d, cancel, wanted) })
		return
	}
	s.cancel = cancel
	s.dialogs++
	d.SetOnClosed(func() {
		s.dialogs = max(0, s.dialogs-1)
		s.cancel = nil
	})
	size := s.window.Canvas().Size()
	d.Resize(fyne.NewSize(min(wanted.Width, size.Width-40), min(wanted.Height, size.Height-40)))
	d.Show()
}

// Focus moves the keyboard focus.
func (s *Shell) Focus(target fyne.Focusable) { s.window.Canvas().Focus(target) }

// Abandon releases the data folder at once, for a program that is about to end without a window.
func (s *Shell) Abandon() {
	if s.station != nil {
		_ = s.station.Close() // the process ends, which releases the folder in any case
	}
}
