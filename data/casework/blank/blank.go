// Package blank prints empty checklists on paper. Everyone may read a checklist, so printing one needs no casework key;
// the library's log keeps the paper number, so that a sheet found later can be told from a copy.
package blank

import (
	"context"
	"io"
	"time"

	"wardbook/data/account"
	"wardbook/data/content"
	"wardbook/data/vault"
)

// Checklists is where checklists come from.
type Checklists interface {
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
}

// Service prints blank checklists for one signed-in account.
type Service struct {
	library    *vault.Store
	actor      *account.Actor
	checklists Checklists
	now        func() time.Time
}

// New binds the service to an opened library and a signed-in account.
func New(library *vault.Store, actor *account.Actor, checklists Checklists, now func() time.Time) *Service {
	return &Service{library: library, actor: actor, checklists: checklists, now: now}
}

// PrintBlank writes a blank checklist as a PDF of A4 pages and returns its paper number, "P-" and six characters.
// Version 0 takes the current one.
func (s *Service) PrintBlank(ctx context.Context, ref content.Ref, w io.Writer) (paperNumber string, err error) {
	panic("")
}
