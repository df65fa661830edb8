package learning

import (
	"context"
	"io"
	"time"

	"wardbook/data/content"
)

// Certificate says that an account passed a course. It is signed by the workstation where that happened.
type Certificate struct {
	ID             string
	AccountID      string
	AccountName    string // as it was then
	CourseID       string
	CourseTitle    string
	CourseVersion  int
	IssuedAt       time.Time
	ExpiresAt      time.Time
	WorkstationKey string // minisign public key, "RW…"
	Signature      string // minisign, over Statement
}

// Current reports whether the certificate is valid at a time.
func (c Certificate) Current(at time.Time) bool { panic("") }

// CertificateDue is returned with an Overview's course when every module is passed and no certificate is current.

// Certificates returns all certificates of the account, newest first, expired ones too.
func (s *Service) Certificates(ctx context.Context) ([]Certificate, error) { panic("") }

// HasCertificate reports whether the account has a current certificate of a course. until is when the newest one ends
// or ended, zero if there never was one.
func (s *Service) HasCertificate(ctx context.Context, courseID string) (current bool, until time.Time, err error) {
	panic("")
}

// IssueDue issues the certificates of courses that the account has passed without having been given one: a course that
// came, or changed, after its modules had been passed. It returns what it issued.
func (s *Service) IssueDue(ctx context.Context) ([]Certificate, error) { panic("") }

// PrintCertificate writes one of the account's certificates as a PDF of one A4 page.
func (s *Service) PrintCertificate(ctx context.Context, certificateID string, w io.Writer) error {
	panic("")
}

// CourseProgress is how far an account has come in a course.
type CourseProgress struct {
	Ref         content.Ref
	Title       content.Text
	Summary     content.Text
	ForMe       bool // the course is meant for one of the account's roles
	PassMark    int  // per cent
	Modules     []ModuleProgress
	Passed      bool         // every module's quiz
	Certificate *Certificate // the newest, which may have expired; nil if there is none
	Current     bool         // Certificate is valid now
}

// ModuleProgress is how far an account has come in a module of a course.
type ModuleProgress struct {
	Ref         content.Ref
	Title       content.Text
	State       content.State // StateWithdrawn: it cannot be attempted; "": it is not in this library
	Minutes     int
	Lessons     int
	LessonsRead int
	Questions   int // asked in an attempt; 0 is no quiz
	QuizPassed  bool
	Attempted   bool   // at least one attempt was submitted
	BestPercent int    // of the submitted attempts
	OpenAttempt string // id, "" if none is open
}

// Overview returns the courses of the library, those meant for the account's roles first, and how far it has come.
func (s *Service) Overview(ctx context.Context) ([]CourseProgress, error) { panic("") }
