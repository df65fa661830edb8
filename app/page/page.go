// Package page says what a page of the window is, and what the shell gives to it. Each page is a package of its own
// below this one and knows no other page: it asks the host to go there.
//
// Every page has the same shape. Load reads what is to be shown, away from Fyne's thread, and returns an immutable view.
// Show draws that view, on Fyne's thread. Leave saves what was typed, before another page is shown or the program locks.
package page

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
)

// ID names a page in a route.
type ID string

// The pages, in the order of the rail.
const (
	SignIn     ID = "signin"
	Home       ID = "home"
	Learn      ID = "learn"
	Checklists ID = "checklists"
	Records    ID = "records"
	Updates    ID = "updates"
	Publish    ID = "publish"
	People     ID = "people"
	Log        ID = "log"
	Help       ID = "help"
	Settings   ID = "settings"
)

// Route is a place in the window: a page, and within it an item and a part, for example a module and a lesson.
type Route struct {
	Page ID
	Item string
	Part string
}

// Progress reports how far a piece of work has come, in any unit; total 0 means unknown. It may be called from any
// goroutine.
type Progress func(stage string, done, total int64)

// Host is what the shell does for a page. All of it is called on Fyne's thread; done functions run there, too.
type Host interface {
	// Go leaves this page and shows another place.
	Go(Route)
	// Reload loads and shows this page again, at the same place.
	Reload()
	// Work runs something that takes longer than a blink, behind a pane with progress and Cancel. done gets its error;
	// nil done shows the error, if any.
	Work(title string, work func(ctx context.Context, progress Progress) error, done func(error))
	// Quietly runs something short away from Fyne's thread, without a pane: saving a draft, for example.
	Quietly(work func(ctx context.Context) error, done func(error))
	// Tell shows an error as a sentence.
	Tell(err error)
	// Say shows a message with one button.
	Say(title, message string)
	// Confirm asks before something that cannot be undone: the message names the consequence, action the button.
	Confirm(title, message, action string, do func())
	// Ask shows a form in a dialog; submit returns an error to keep it open.
	Ask(title, action string, content fyne.CanvasObject, submit func() error)
	// ChooseOpen, ChooseSave and ChooseFolder let the person pick a place; they call chosen only if one was picked.
	ChooseOpen(title string, extensions []string, chosen func(path string))
	ChooseSave(title, name string, chosen func(path string))
	ChooseFolder(title string, chosen func(path string))
	// Focus moves the keyboard focus.
	Focus(fyne.Focusable)
	// After calls do on Fyne's thread once the time has passed without Leave; stop cancels it.
	After(wait time.Duration, do func()) (stop func())
	// Apply puts the account's text size and theme into effect.
	Apply(Appearance)
}

// Appearance is how an account wants the window to look.
type Appearance struct {
	TextScale float32 // 1 is the standard size
	Theme     string  // "system", "light" or "dark"
	Language  string  // "" is the computer's
}

// Page is a page whose view has the type V.
type Page[V any] interface {
	Load(ctx context.Context, route Route) (V, error)
	Show(view V) fyne.CanvasObject
	Leave()
}

// Any is a page whose view type is forgotten, as the shell keeps it.
type Any interface {
	// LoadAny runs away from Fyne's thread. What it returns draws the view, on Fyne's thread.
	LoadAny(ctx context.Context, route Route) (draw func() fyne.CanvasObject, err error)
	Leave()
}

// Adapt forgets the type of a page's view.
func Adapt[V any](p Page[V]) Any { return adapted[V]{p} }

type adapted[V any] struct{ Page[V] }

// Unwrap returns the page itself, so that the shell can ask what else it can do.
func (a adapted[V]) Unwrap() any { return a.Page }

func (a adapted[V]) LoadAny(ctx context.Context, route Route) (func() fyne.CanvasObject, error) {
	view, err := a.Load(ctx, route)
	if err != nil {
		return nil, err
	}
	return func() fyne.CanvasObject { return a.Show(view) }, nil
}
