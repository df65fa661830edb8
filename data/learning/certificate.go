package learning

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/format/paper"
)

// Certificate says that an account passed a course. It is signed by the workstation where that happened.
type Certificate struct {
	ID             string
	AccountID      string
	AccountName    string // as it was then
	CourseID       string
	CourseTitle    string
	CourseVersion  int
	IssuedAt       time.Time // whole seconds
	ExpiresAt      time.Time // whole seconds; the first moment at which it is not valid any more
	WorkstationKey string    // minisign public key, "RW…"
	Signature      string    // minisign, over Statement
}

// renewal is how long before its end a certificate can be renewed. Quizzes passed in that time, or later, count.
const renewal = 60 * 24 * time.Hour

// Current reports whether the certificate is valid at a time.
func (c Certificate) Current(at time.Time) bool {
	return !at.Before(c.IssuedAt) && at.Before(c.ExpiresAt)
}

// Statement is what the workstation signed: the certificate as lines of text that can be read, and checked with the
// minisign command, anywhere.
func (c Certificate) Statement() []byte {
	return fmt.Appendf(nil, "Wardbook certificate 1\ncertificate: %s\naccount: %s\nname: %s\ncourse: %s version %d\ntitle: %s\nissued: %s\nexpires: %s\n",
		c.ID, c.AccountID, c.AccountName, c.CourseID, c.CourseVersion, c.CourseTitle,
		c.IssuedAt.UTC().Format(time.RFC3339), c.ExpiresAt.UTC().Format(time.RFC3339))
}

// Verify returns ErrNotGenuine unless the signature is that of WorkstationKey over the certificate. Whether that key
// belongs to a workstation one trusts is for the caller to decide.
func Verify(c Certificate) error {
	key, err := bundle.ParsePublicKey(c.WorkstationKey)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotGenuine, err)
	}
	if _, err := key.Verify(c.Statement(), []byte(c.Signature)); err != nil {
		return ErrNotGenuine
	}
	return nil
}

// Certificates returns all certificates of the account, newest first, expired ones too.
func (s *Service) Certificates(ctx context.Context) ([]Certificate, error) {
	var certificates []Certificate
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		certificates, err = readCertificates(ctx, tx, `account_id = ?`, s.actor.AccountID())
		return err
	})
	return certificates, err
}

// HasCertificate reports whether the account has a current certificate of a course. until is when the newest one ends
// or ended, zero if there never was one. A certificate that is not genuine is an error.
func (s *Service) HasCertificate(ctx context.Context, courseID string) (current bool, until time.Time, err error) {
	var certificates []Certificate
	err = s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		certificates, err = readCertificates(ctx, tx, `account_id = ? AND course_id = ?`, s.actor.AccountID(), courseID)
		return err
	})
	if err != nil {
		return false, time.Time{}, err
	}
	now := s.now()
	for _, c := range certificates {
		if err := Verify(c); err != nil {
			return false, time.Time{}, fmt.Errorf("the certificate %s: %w", c.ID, err)
		}
		current = current || c.Current(now)
		if c.ExpiresAt.After(until) {
			until = c.ExpiresAt
		}
	}
	return current, until, nil
}

// IssueDue issues the certificates of courses that the account has passed without having been given one: a course that
// came, or changed, after its modules had been passed. It returns what it issued.
func (s *Service) IssueDue(ctx context.Context) ([]Certificate, error) {
	courses, err := s.currentCourses(ctx)
	if err != nil {
		return nil, err
	}
	var due bool
	err = s.library.Read(ctx, func(tx *sql.Tx) error {
		for _, course := range courses {
			_, passed, err := s.standing(ctx, tx, course)
			if err != nil {
				return err
			}
			due = due || passed
		}
		return nil
	})
	if err != nil || !due { // a look at the courses writes nothing
		return nil, err
	}
	var issued []Certificate
	err = s.library.Write(ctx, func(tx *sql.Tx) (err error) {
		issued, err = s.issue(ctx, tx, courses)
		return err
	})
	return issued, err
}

// standing returns the newest certificate of a course, nil if there is none, and whether a new one is due: there is
// none that lasts beyond the time of renewal, and every module has been passed in the time that counts.
func (s *Service) standing(ctx context.Context, tx *sql.Tx, course content.Document) (newest *Certificate, due bool, err error) {
	certificates, err := readCertificates(ctx, tx, `account_id = ? AND course_id = ?`, s.actor.AccountID(), course.ID)
	if err != nil {
		return nil, false, err
	}
	for i, c := range certificates {
		if newest == nil || c.ExpiresAt.After(newest.ExpiresAt) {
			newest = &certificates[i]
		}
	}
	from, renewable := countsFrom(course, newest, s.now())
	if !renewable || len(course.Course.Modules) == 0 {
		return newest, false, nil
	}
	passes, err := s.passes(ctx, tx)
	if err != nil {
		return nil, false, err
	}
	missing := slices.ContainsFunc(course.Course.Modules, func(id string) bool {
		at, passed := passes[id]
		return !passed || at.Before(from)
	})
	return newest, !missing, nil
}

// countsFrom returns since when a passed quiz counts towards a new certificate, and whether there can be one now. A
// quiz counts for as long as a certificate would last; towards a renewal, from the time when that can begin.
func countsFrom(course content.Document, newest *Certificate, now time.Time) (from time.Time, renewable bool) {
	from = addMonths(now, -certificateMonths(course))
	if newest == nil {
		return from, true
	}
	opens := newest.ExpiresAt.Add(-renewal)
	if opens.After(from) {
		from = opens
	}
	return from, !now.Before(opens)
}

func certificateMonths(course content.Document) int {
	if months := course.Course.CertificateMonths; months >= 1 {
		return months
	}
	return content.DefaultCertificateMonths
}

// addMonths counts calendar months and stays within the month: a month after 31 January is 28 February.
func addMonths(t time.Time, months int) time.Time {
	moved := t.AddDate(0, months, 0)
	if moved.Day() != t.Day() {
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved
}

// passes returns when the account last passed each module's quiz, in whichever version.
func (s *Service) passes(ctx context.Context, tx *sql.Tx) (map[string]time.Time, error) {
	attempts, err := readAttempts(ctx, tx, `account_id = ? AND passed = 1`, s.actor.AccountID())
	if err != nil {
		return nil, err
	}
	passes := map[string]time.Time{}
	for _, a := range attempts {
		if a.SubmittedAt.After(passes[a.ModuleID]) {
			passes[a.ModuleID] = a.SubmittedAt
		}
	}
	return passes, nil
}

// issue gives the account the certificates that are due of these courses.
func (s *Service) issue(ctx context.Context, tx *sql.Tx, courses []content.Document) ([]Certificate, error) {
	var issued []Certificate
	for _, course := range courses {
		_, due, err := s.standing(ctx, tx, course)
		if err != nil {
			return nil, err
		}
		if !due {
			continue
		}
		certificate, err := s.newCertificate(course)
		if err != nil {
			return nil, fmt.Errorf("issue a certificate: %w", err)
		}
		if err := s.insertCertificate(ctx, tx, certificate); err != nil {
			return nil, fmt.Errorf("issue a certificate: %w", err)
		}
		issued = append(issued, certificate)
	}
	return issued, nil
}

func (s *Service) newCertificate(course content.Document) (Certificate, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Certificate{}, err
	}
	title, _ := course.Title.In(content.DefaultLanguage)
	now := s.now().UTC().Truncate(time.Second)
	c := Certificate{
		ID: id.String(), AccountID: s.actor.AccountID(), AccountName: oneLine(s.actor.AccountName()),
		CourseID: course.ID, CourseTitle: oneLine(title), CourseVersion: course.Version,
		IssuedAt: now, ExpiresAt: addMonths(now, certificateMonths(course)), WorkstationKey: s.signer.PublicKey,
	}
	signature, err := s.signer.Sign(c.Statement())
	if err != nil {
		return Certificate{}, err
	}
	c.Signature = string(signature)
	return c, Verify(c)
}

// oneLine keeps a name or title from adding lines to what is signed, and from holding what paper would show otherwise.
func oneLine(text string) string {
	text = norm.NFC.String(strings.NewReplacer("\u2011", "-", "\u202f", " ", "\u00ad", "").Replace(text))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

func (s *Service) insertCertificate(ctx context.Context, tx *sql.Tx, c Certificate) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO learning_certificate
		(id, account_id, account_name, course_id, course_title, course_version, issued_at, expires_at, workstation_key, signature)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.AccountID, c.AccountName, c.CourseID, c.CourseTitle, c.CourseVersion,
		c.IssuedAt.UnixMilli(), c.ExpiresAt.UnixMilli(), c.WorkstationKey, c.Signature)
	if err != nil {
		return err
	}
	return audit.Append(ctx, tx, s.actor, s.now(), audit.Event{
		Act: audit.ActCertificateIssue, Object: c.ID,
		Details: map[string]string{"course": c.CourseID, "version": strconv.Itoa(c.CourseVersion), "until": c.ExpiresAt.Format(time.DateOnly)},
	})
}

func readCertificates(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Certificate, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, account_id, account_name, course_id, course_title, course_version, issued_at, expires_at, workstation_key, signature
		FROM learning_certificate WHERE `+where+` ORDER BY issued_at DESC, id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("list the certificates: %w", err)
	}
	defer rows.Close()
	var certificates []Certificate
	for rows.Next() {
		var c Certificate
		var issued, expires int64
		err := rows.Scan(&c.ID, &c.AccountID, &c.AccountName, &c.CourseID, &c.CourseTitle, &c.CourseVersion, &issued, &expires, &c.WorkstationKey, &c.Signature)
		if err != nil {
			return nil, fmt.Errorf("list the certificates: %w", err)
		}
		c.IssuedAt, c.ExpiresAt = time.UnixMilli(issued).UTC(), time.UnixMilli(expires).UTC()
		certificates = append(certificates, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the certificates: %w", err)
	}
	return certificates, nil
}

// PrintCertificate writes one of the account's certificates as a PDF of one A4 page.
func (s *Service) PrintCertificate(ctx context.Context, certificateID string, w io.Writer) error {
	var found []Certificate
	err := s.library.Read(ctx, func(tx *sql.Tx) (err error) {
		found, err = readCertificates(ctx, tx, `account_id = ? AND id = ?`, s.actor.AccountID(), certificateID)
		return err
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return ErrNotFound
	}
	c := found[0]
	if err := Verify(c); err != nil {
		return err
	}
	key, err := bundle.ParsePublicKey(c.WorkstationKey)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	err = paper.WriteCertificate(&page, paper.Certificate{
		Name: c.AccountName, Course: c.CourseTitle, Version: c.CourseVersion, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt,
		Number: c.ID, Fingerprint: key.Fingerprint(), Words: key.FingerprintWords(), PublicKey: c.WorkstationKey,
		Statement: string(c.Statement()), Signature: c.Signature,
	})
	if err != nil {
		return fmt.Errorf("print the certificate: %w", err)
	}
	_, err = page.WriteTo(w)
	return err
}
