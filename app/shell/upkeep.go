package shell

import (
	"context"
	"errors"
	"time"

	"wardbook/app/words"
	"wardbook/data/station"
	"wardbook/data/vault"
)

// upkeepEvery is how often it is looked whether a log has grown too large. Compacting itself is rare.
const upkeepEvery = time.Minute

// Upkeep is what the shell asks of a session to keep its stores small.
type Upkeep interface {
	WorthCompacting() []string
	Compact(ctx context.Context, store string, inBackground bool, progress station.Progress) error
}

// startUpkeep compacts logs that have grown too large, in the background: it stops as soon as a page wants the store, and
// tries again later. It returns what ends it.
func (s *Shell) startUpkeep(stores Upkeep) (stop func()) {
	running := false
	return s.run.Every(upkeepEvery, func() {
		if running || s.working != nil {
			return
		}
		for _, store := range stores.WorthCompacting() {
			running = true
			s.upkeep(stores, store, func() { running = false })
			return // the next one comes with the next minute
		}
	})
}

func (s *Shell) upkeep(stores Upkeep, store string, done func()) {
	session, rail := s.session, s.rail
	told := -1
	s.files.Add(1)
	s.run.Away(func() {
		err := safely(func() error {
			return stores.Compact(s.root, store, true, func(finished, total int64) {
				if percent := int(100 * finished / max(total, 1)); percent != told {
					told = percent
					s.run.Back(func() { rail.say(words.Named("shell.compacting", "Percent", percent)) })
				}
			})
		})
		s.files.Done()
		s.run.Back(func() {
			done()
			rail.say("")
			if err != nil && !errors.Is(err, vault.ErrGaveWay) && s.session == session {
				s.Tell(err)
			}
		})
	})
}
