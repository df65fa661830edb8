package shell

import (
	"context"
	"time"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
	"wardbook/data/station"
)

// IdleClock tells for how long nobody has used the computer; known is false where the operating system does not say.
type IdleClock func() (idle time.Duration, known bool)

const (
	idleCheck   = 5 * time.Second
	idleWarning = 30 * time.Second
)

// idleWatch locks after a while without use, and warns half a minute before.
type idleWatch struct {
	shell   *Shell
	clock   IdleClock
	limit   time.Duration
	used    time.Time // the last use that we know of ourselves
	stop    func()    // nil once it has ended
	warning *dialog.CustomDialog
}

// startIdleWatch reads how long the account may be away: shorter where it can open casework.
func (s *Shell) startIdleWatch(session *station.Session) {
	clock := s.params.IdleClock
	if clock == nil {
		clock = systemIdle
	}
	watch := &idleWatch{shell: s, clock: clock, limit: 5 * time.Minute, used: wallClock()}
	s.idle = watch
	s.Quietly(func(ctx context.Context) error {
		values, err := session.Settings().Get(ctx)
		if err != nil {
			return err
		}
		minutes := values.IdleMinutes
		if session.HasCasework() {
			minutes = values.CaseworkIdleMinutes
		}
		s.run.Back(func() { watch.limit = time.Duration(minutes) * time.Minute })
		return nil
	}, nil)
	watch.stop = s.run.Every(idleCheck, watch.check)
}

// touch notes that the program itself was used. It may be called on nil.
func (w *idleWatch) touch() {
	if w != nil {
		w.used = wallClock()
	}
}

// wallClock leaves the monotonic clock out, which stands still while the computer sleeps: a computer that wakes after an
// hour was not used for an hour.
func wallClock() time.Time { return time.Now().Round(0) }

// unused is for how long the program itself was not used. A clock that was put back counts as unused for very long.
func (w *idleWatch) unused() time.Duration {
	since := wallClock().Sub(w.used)
	if since < -time.Minute {
		return w.limit
	}
	return max(since, 0)
}

// end stops watching. It may be called more than once, and on nil.
func (w *idleWatch) end() {
	if w == nil || w.stop == nil {
		return
	}
	w.stop()
	w.stop = nil
	w.unwarn()
}

func (w *idleWatch) idle() time.Duration {
	if system, known := w.clock(); known {
		return min(system, w.unused())
	}
	return w.unused()
}

func (w *idleWatch) check() {
	if w.stop == nil {
		return
	}
	switch idle := w.idle(); {
	case idle >= w.limit:
		w.shell.Lock()
	case idle >= w.limit-idleWarning:
		w.warn()
	default:
		w.unwarn()
	}
}

func (w *idleWatch) warn() {
	if w.warning != nil {
		return
	}
	stay := widget.NewButton(words.Of("shell.stay"), func() {
		w.used = wallClock()
		w.unwarn()
	})
	stay.Importance = widget.HighImportance
	message := widget.NewLabel(words.Of("shell.idle-message"))
	w.warning = dialog.NewCustomWithoutButtons(words.Of("shell.idle-title"), container.NewVBox(message, container.NewCenter(stay)), w.shell.window)
	w.warning.Show()
	w.shell.Focus(stay)
}

func (w *idleWatch) unwarn() {
	if w.warning != nil {
		w.warning.Hide()
		w.warning = nil
	}
}
