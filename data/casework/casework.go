// Package casework keeps what staff observed: drafts, submitted records and urgent notes, in the casework store.
//
// Its safeguards outrank everything else here. Facts and interpretation are two fields. Protective factors come first
// and must be answered; not knowing is always an answer. Whoever fills a checklist about people has learnt how to, and
// whoever has not still gets an urgent note to the second reader. A submitted record never changes, has a review date
// and a deletion date, and carries the version of the checklist it was written with. Nobody reads a record of somebody
// else without giving a reason, and the log keeps it. Nothing here adds up, orders or marks people by what was observed
// about them, and no field asks who somebody is or what they hold true.
package casework

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"wardbook/data/account"
	"wardbook/data/content"
	"wardbook/data/vault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the tables of this domain, in the casework store.
func Migrations() vault.Migrations {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		files = migrations // cannot happen: the folder is embedded above
	}
	return vault.Migrations{Domain: "casework", Files: files}
}

// Checklists is where checklists and the titles of courses come from.
type Checklists interface {
	List(ctx context.Context, kind content.Kind) ([]content.Summary, error)
	Versions(ctx context.Context, id string) ([]content.Summary, error)
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
}

// Certificates says whether the account has a current certificate of a course, and when the newest ends or ended.
type Certificates interface {
	HasCertificate(ctx context.Context, courseID string) (current bool, until time.Time, err error)
}

// Periods are the administrator's decision on how long records are kept, counted from submission.
type Periods struct {
	ReviewMonths    int // until the dated re-check
	RetentionMonths int // until deletion; not less than ReviewMonths
}

// Policy returns the periods in force.
type Policy func(ctx context.Context) (Periods, error)

// Errors that callers decide on. Role failures wrap account.ErrNotAllowed.
var (
	ErrNotFound      = errors.New("there is no such draft, record or note that this account may open")
	ErrIncomplete    = errors.New("something is still missing")
	ErrNoCertificate = errors.New("this needs a current certificate")
	ErrNotCurrent    = errors.New("a newer version of the checklist is here; begin with that one")
	ErrUnsound       = errors.New("this checklist lacks a safeguard and cannot be filled")
	ErrWithdrawn     = errors.New("this version of the checklist has been withdrawn")
	ErrReadingBegun  = errors.New("a second reader has begun to read this record; it can no longer be taken back")
	ErrBeingRead     = errors.New("another second reader has begun to read this")
	ErrOwnRecord     = errors.New("nobody is the second reader of an own record")
	// ErrNotBlind says that the account has opened the record before, as a manager: somebody else reads it independently.
	ErrNotBlind     = errors.New("you have seen this record already; another second reader must read it")
	ErrReasonNeeded = errors.New("opening what somebody else wrote needs a reason")
	ErrTooLong      = errors.New("this is too long to be kept")
	ErrNoPeriods    = errors.New("the review and deletion periods are not set")
)

// Service is the casework of one signed-in account. It is safe for several goroutines.
type Service struct {
	store        *vault.Store
	actor        *account.Actor
	checklists   Checklists
	certificates Certificates
	policy       Policy
	now          func() time.Time
}

// New binds the service to an opened casework store and a signed-in account.
func New(store *vault.Store, actor *account.Actor, checklists Checklists, certificates Certificates, policy Policy, now func() time.Time) *Service {
	return &Service{store: store, actor: actor, checklists: checklists, certificates: certificates, policy: policy, now: now}
}
