// Package blank prints empty checklists on paper. Everyone may read a checklist, so printing one needs no casework key;
// the library's log keeps the paper number, so that a sheet found later can be told from a copy.
package blank

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/content"
	"wardbook/data/format/paper"
	"wardbook/data/vault"
)

// ActBlankPrint is that a blank checklist was printed. The object is the paper number.
const ActBlankPrint audit.Act = "blank-print"

// ErrWithdrawn says that the version of the checklist is not to be filled any more.
var ErrWithdrawn = errors.New("this version of the checklist has been withdrawn")

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
// Version 0 takes the current one. The number is logged before the first byte is written. ErrWithdrawn; an error is a
// paper.LetterError where the checklist has letters that paper does not know.
func (s *Service) PrintBlank(ctx context.Context, ref content.Ref, w io.Writer) (paperNumber string, err error) {
	checklist, state, err := s.checklists.Get(ctx, ref)
	switch {
	case errors.Is(err, content.ErrWithdrawn) || err == nil && state == content.StateWithdrawn:
		return "", fmt.Errorf("%w: %s", ErrWithdrawn, ref.ID)
	case err != nil:
		return "", fmt.Errorf("print a checklist: %w", err)
	case checklist.Checklist == nil:
		return "", fmt.Errorf("print a checklist: %w: %s is not a checklist", content.ErrNotFound, ref.ID)
	}
	number, err := newNumber()
	if err != nil {
		return "", fmt.Errorf("print a checklist: %w", err)
	}
	now := s.now()
	var sheets bytes.Buffer
	if err := paper.WriteForm(&sheets, formOf(checklist, state, number, now)); err != nil {
		return "", fmt.Errorf("print a checklist: %w", err)
	}
	err = s.library.WriteReserved(ctx, func(tx *sql.Tx) error {
		return audit.Append(ctx, tx, s.actor, now, audit.Event{
			Act: ActBlankPrint, Object: number, Details: map[string]string{"checklist": checklist.Ref().String()},
		})
	})
	if err != nil {
		return "", fmt.Errorf("print a checklist: %w", err)
	}
	if _, err := sheets.WriteTo(w); err != nil {
		return number, fmt.Errorf("write the checklist %s: %w", number, err)
	}
	return number, nil
}

// newNumber draws a paper number from letters and digits that are not mistaken for each other in handwriting.
func newNumber() (string, error) {
	const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	number := make([]byte, 0, 6)
	var raw [1]byte
	for len(number) < cap(number) {
		if _, err := rand.Read(raw[:]); err != nil {
			return "", err
		}
		if limit := 256 / len(letters) * len(letters); int(raw[0]) < limit {
			number = append(number, letters[int(raw[0])%len(letters)])
		}
	}
	return "P-" + string(number), nil
}
