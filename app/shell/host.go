package shell

import (
	"context"
	"fmt"
	"log"
	"runtime/debug"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/words"
)

var _ page.Host = (*Shell)(nil)

// brokenError is a fault of the program itself, caught before it could end the program. It keeps where it happened and
// of which type it was, never what was in it: that could be text of the store.
type brokenError struct {
	kind  string
	stack []byte
}

func (e *brokenError) Error() string { return "a fault of the program itself (" + e.kind + ")" }

// caught makes an error of what was recovered, and writes where it happened to the log. A stack names functions and
// addresses, no text.
func caught(value any) error {
	broken := &brokenError{kind: fmt.Sprintf("%T", value), stack: debug.Stack()}
	log.Printf("%v\n%s", broken, broken.stack)
	return broken
}

func (s *Shell) loadSafely(target page.Any, route page.Route) (draw func() fyne.CanvasObject, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = caught(value)
		}
	}()
	return target.LoadAny(s.root, route)
}

func safely(work func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = caught(value)
		}
	}()
	return work()
}

// Quietly runs something short away from Fyne's thread.
func (s *Shell) Quietly(work func(ctx context.Context) error, done func(error)) {
	s.idle.touch()
	session := s.session
	s.files.Add(1)
	s.run.Away(func() {
		err := safely(func() error { return work(context.WithoutCancel(s.root)) })
		s.files.Done()
		s.run.Back(func() {
			if session != nil && s.session != session {
				return // locked meanwhile: what comes of it is nobody's business at the sign-in page
			}
			switch {
			case done != nil:
				done(err)
			case err != nil:
				s.Tell(err)
			}
		})
	})
}

// workPane is the pane of a longer piece of work.
type workPane struct {
	dialog *dialog.CustomDialog
	cancel context.CancelFunc
}

// Work runs something longer behind a pane with progress and Cancel.
func (s *Shell) Work(title string, work func(ctx context.Context, progress page.Progress) error, done func(error)) {
	ctx, cancel := context.WithCancel(s.root)
	stage := widget.NewLabel(words.Of("shell.starting"))
	stage.Wrapping = fyne.TextWrapWord
	known, unknown := widget.NewProgressBar(), widget.NewProgressBarInfinite()
	known.Hide()
	stop := widget.NewButton(words.Of("shell.cancel"), nil)
	pane := &workPane{dialog: dialog.NewCustomWithoutButtons(title, container.NewVBox(stage, known, unknown, container.NewHBox(stop)), s.window), cancel: cancel}
	stop.OnTapped = func() {
		stop.Disable()
		stage.SetText(words.Of("shell.cancelling"))
		cancel()
	}
	s.working = pane
	s.show(pane.dialog, nil, readable())
	var last time.Time
	progress := func(text string, finished, total int64) {
		if now := time.Now(); now.Sub(last) < 50*time.Millisecond && finished != total {
			return
		} else {
			last = now
		}
		s.run.Back(func() {
			if ctx.Err() != nil || s.working != pane {
				return
			}
			if text != "" {
				stage.SetText(text)
			}
			if total > 0 {
				unknown.Stop()
				unknown.Hide()
				known.Show()
				known.SetValue(float64(finished) / float64(total))
			}
		})
	}
	s.files.Add(1)
	s.run.Away(func() {
		err := safely(func() error { return work(ctx, progress) })
		cancel()
		s.files.Done()
		s.run.Back(func() {
			unknown.Stop() // or it is animated for ever
			pane.dialog.Hide()
			if s.working == pane {
				s.working = nil
			}
			if s.session == nil && s.station != nil && s.pages == nil && !s.signingIn() {
				return // locked meanwhile: nobody is there to be told
			}
			switch {
			case done != nil:
				done(err)
			case err != nil:
				s.Tell(err)
			}
		})
	})
}

// Confirm asks before something that cannot be undone.
func (s *Shell) Confirm(title, message, action string, do func()) {
	label := widget.NewLabel(message)
	label.Wrapping = fyne.TextWrapWord
	s.Ask(title, action, label, func() error {
		do()
		return nil
	})
}

// Ask shows a form in a dialog. An error of submit is shown in it and keeps it open.
func (s *Shell) Ask(title, action string, content fyne.CanvasObject, submit func() error) {
	problem := widget.NewLabel("")
	problem.Wrapping = fyne.TextWrapWord
	problem.Importance = widget.DangerImportance
	problem.Hide()
	asked := dialog.NewCustomWithoutButtons(title, container.NewVBox(content, problem), s.window)
	cancel := widget.NewButton(words.Of("shell.cancel"), asked.Hide)
	confirm := widget.NewButton(action, func() {
		// Closing a dialog closes those above it, so what submit opens is shown once this one is closed.
		s.holding = true
		err := submit()
		held := s.held
		s.holding, s.held = false, nil
		if err != nil {
			problem.SetText(Sentence(err))
			problem.Show()
		} else {
			asked.Hide()
		}
		for _, show := range held {
			show()
		}
	})
	confirm.Importance = widget.HighImportance
	asked.SetButtons([]fyne.CanvasObject{cancel, confirm})
	s.show(asked, asked.Hide, readable())
}

// After calls do once the time has passed, unless the page is left before.
func (s *Shell) After(wait time.Duration, do func()) (stop func()) {
	s.timerSeq++
	id := s.timerSeq
	s.timers[id] = s.run.After(wait, func() {
		if _, live := s.timers[id]; live {
			delete(s.timers, id)
			do()
		}
	})
	return func() {
		if stopTimer, live := s.timers[id]; live {
			stopTimer()
			delete(s.timers, id)
		}
	}
}

// Apply puts an account's text size and theme into effect.
func (s *Shell) Apply(look page.Appearance) {
	s.app.Settings().SetTheme(NewTheme(look.TextScale, look.Theme))
}
