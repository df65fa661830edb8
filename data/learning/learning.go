// Package learning keeps how each account learns: where it left off reading, which quizzes it took and how they ended,
// and the certificates it earned.
//
// An attempt pins the version of its module and the questions that were drawn, so that new content never changes what
// somebody was asked. What was passed stays passed when a course or a module gets a new version. Everything here belongs
// to the account that learns; nobody else is shown it.
package learning

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

// Migrations are the tables of this domain, in the library.
func Migrations() vault.Migrations {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		files = migrations // cannot happen: the folder is embedded above
	}
	return vault.Migrations{Domain: "learning", Files: files}
}

// Courses is where courses and modules come from.
type Courses interface {
	List(ctx context.Context, kind content.Kind) ([]content.Summary, error)
	Versions(ctx context.Context, id string) ([]content.Summary, error)
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
}

// Signer is the workstation's key, which certificates are signed with.
type Signer struct {
	PublicKey string                           // minisign, "RW…"
	Sign      func(msg []byte) ([]byte, error) // a minisign signature over msg
}

// Errors that callers decide on.
var (
	ErrNotFound   = errors.New("there is no such attempt or certificate of this account")
	ErrNoQuiz     = errors.New("this module has no quiz")
	ErrWithdrawn  = errors.New("this version of the module has been withdrawn")
	ErrSubmitted  = errors.New("this attempt has been submitted already")
	ErrBadAnswer  = errors.New("this is not an answer to a question of this attempt")
	ErrNotGenuine = errors.New("the certificate's signature does not fit it")
)

// Service is the learning of one signed-in account. It is safe for several goroutines.
type Service struct {
	library *vault.Store
	actor   *account.Actor
	courses Courses
	signer  Signer
	now     func() time.Time
	seed    func() (int64, error) // what the next quiz is drawn and shuffled with
}

// New binds the service to an opened library and a signed-in account.
func New(library *vault.Store, actor *account.Actor, courses Courses, signer Signer, now func() time.Time) *Service {
	return &Service{library: library, actor: actor, courses: courses, signer: signer, now: now, seed: randomSeed}
}
