package page

import (
	"context"
	"sync"
)

// Saves keeps what a page saves away from Fyne's thread in the order in which it was given: an answer that was changed
// twice must not end as the first, and a page that reads again must find what it has just saved. The zero value is ready.
type Saves struct {
	mu   sync.Mutex
	last chan struct{} // closed when the newest is done
}

// Next makes work wait for everything before it. What it returns must be called, once, from anywhere.
func (s *Saves) Next(work func(ctx context.Context) error) func(ctx context.Context) error {
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

// Wait returns when everything given so far is done. A page's Load calls it first.
func (s *Saves) Wait() {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last != nil {
		<-last
	}
}
