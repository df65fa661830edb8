package learn

import (
	"context"
	"sync"
)

// saves keeps what is saved away from Fyne's thread in the order in which it was given: an answer that was changed twice
// must not end as the first.
type saves struct {
	mu   sync.Mutex
	last chan struct{} // closed when the newest is done
}

// next makes work wait for everything before it.
func (s *saves) next(work func(ctx context.Context) error) func(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, done := s.last, make(chan struct{})
	s.last = done
	return func(ctx context.Context) error {
		defer close(done)
		if before != nil {
			<-before
		}
		return work(ctx)
	}
}

// wait returns when everything given so far is done.
func (s *saves) wait() {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last != nil {
		<-last
	}
}

// quietly saves something after everything before it. done may be nil: then an error is shown.
func (p *Page) quietly(work func(ctx context.Context) error, done func(error)) {
	p.host.Quietly(p.saves.next(work), done)
}
