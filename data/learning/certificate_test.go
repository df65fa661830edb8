package learning_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
	"wardbook/data/content"
	"wardbook/data/learning"
)

func TestTheLastModuleBringsTheCertificate(t *testing.T) {
	// Given a course of two modules,
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 2, 5, 0), module("second", 1, 2, 5, 0), course("foundation", 3, 80, 24, "first", "second"))
	// when the first is passed and the second is not, then there is no certificate.
	if got := w.take("first", 5).Certificates; len(got) != 0 {
		t.Fatalf("the first module brought %v", got)
	}
	if got := w.take("second", 3).Certificates; len(got) != 0 {
		t.Fatalf("a failed quiz brought %v", got)
	}
	if has, until, err := w.service.HasCertificate(ctx, "foundation"); has || !until.IsZero() || err != nil {
		t.Fatalf("has %v until %v (%v)", has, until, err)
	}
	// When the second is passed, then it is there, once, and lasts as long as the course says.
	got := w.take("second", 4).Certificates
	if len(got) != 1 || got[0].CourseID != "foundation" || got[0].CourseVersion != 3 || got[0].AccountName != "Officer 4711" {
		t.Fatalf("passing brought %+v", got)
	}
	if want := time.Date(2028, 11, 23, 12, 0, 0, 0, time.UTC); !got[0].ExpiresAt.Equal(want) {
		t.Errorf("it lasts until %v, want %v", got[0].ExpiresAt, want)
	}
	if err := learning.Verify(got[0]); err != nil {
		t.Errorf("it is not genuine: %v", err)
	}
	w.later(dayLong)
	if again := w.take("second", 5).Certificates; len(again) != 0 {
		t.Errorf("passing again brought another: %v", again)
	}
	w.reopen()
	if has, until, err := w.service.HasCertificate(ctx, "foundation"); !has || !until.Equal(got[0].ExpiresAt) || err != nil {
		t.Errorf("has %v until %v (%v)", has, until, err)
	}
}

func TestAnExpiredCertificateIsRenewedByPassingAgain(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 5, 0), module("second", 1, 1, 5, 0), course("foundation", 1, 80, 12, "first", "second"))
	w.take("first", 5)
	w.take("second", 5)
	// Passing in the middle of its life does not prolong it.
	w.later(200 * dayLong)
	w.take("first", 5)
	w.take("second", 5)
	w.later(200 * dayLong)
	if has, until, err := w.service.HasCertificate(ctx, "foundation"); has || until.IsZero() || err != nil {
		t.Fatalf("after its end: has %v until %v (%v)", has, until, err)
	}
	overview, err := w.service.Overview(ctx)
	if err != nil || overview[0].Passed || overview[0].Current || !overview[0].Renewable {
		t.Fatalf("the overview says %+v (%v)", overview, err)
	}
	if got := w.take("first", 5).Certificates; len(got) != 0 {
		t.Fatalf("half of the course renewed it: %v", got)
	}
	if got := w.take("second", 5).Certificates; len(got) != 1 {
		t.Fatal("passing the course again did not renew the certificate")
	}
	list, err := w.service.Certificates(ctx)
	if err != nil || len(list) != 2 || !list[0].IssuedAt.After(list[1].IssuedAt) {
		t.Errorf("the certificates are %+v (%v)", list, err)
	}
}

func TestACertificateCanBeRenewedBeforeItsEnd(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 5, 0), course("foundation", 1, 80, 12, "first"))
	first := w.take("first", 5).Certificates[0]
	renewable := func() bool {
		overview, err := w.service.Overview(ctx)
		if err != nil || !overview[0].Current || !overview[0].Passed {
			t.Fatalf("the overview says %+v (%v)", overview, err)
		}
		return overview[0].Renewable
	}
	w.now = first.ExpiresAt.Add(-61 * dayLong)
	if renewable() {
		t.Error("the overview offers a renewal 61 days before its end")
	}
	if got := w.take("first", 5).Certificates; len(got) != 0 {
		t.Fatal("it was renewed 61 days before its end")
	}
	w.now = first.ExpiresAt.Add(-59 * dayLong)
	if !renewable() {
		t.Error("the overview offers no renewal 59 days before its end")
	}
	if got := w.take("first", 5).Certificates; len(got) != 1 {
		t.Fatal("it was not renewed 59 days before its end")
	}
	if _, until, _ := w.service.HasCertificate(ctx, "foundation"); !until.After(first.ExpiresAt) {
		t.Errorf("it still ends on %v", until)
	}
}

func TestProgressSurvivesNewVersions(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 2, 5, 0), module("second", 1, 1, 5, 0), course("foundation", 1, 80, 24, "first", "second"))
	w.take("first", 5)
	if err := w.service.MarkRead(ctx, "first", 1, "lesson-2"); err != nil {
		t.Fatal(err)
	}
	w.put(module("first", 2, 3, 6, 0), course("foundation", 2, 90, 24, "first", "second"))
	overview, err := w.service.Overview(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := overview[0].Modules[0]
	if !got.QuizPassed || got.LessonsRead != 1 || got.Lessons != 3 || got.Ref.Version != 2 || got.BestPercent != 100 {
		t.Errorf("the module stands at %+v", got)
	}
	if got := w.take("second", 5).Certificates; len(got) != 1 || got[0].CourseVersion != 2 {
		t.Errorf("passing the rest brought %+v", got)
	}
}

func TestACourseThatCameLaterIsCaughtUpOn(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 5, 0))
	w.take("first", 5)
	w.put(course("foundation", 1, 80, 24, "first"))
	issued, err := w.service.IssueDue(ctx)
	if err != nil || len(issued) != 1 {
		t.Fatalf("issued %v (%v)", issued, err)
	}
	if again, err := w.service.IssueDue(ctx); err != nil || len(again) != 0 {
		t.Errorf("issued again %v (%v)", again, err)
	}
}

func TestACertificateOfAnotherNameIsNotGenuine(t *testing.T) {
	w := newWorld(t)
	w.put(module("first", 1, 1, 5, 0), course("foundation", 1, 80, 24, "first"))
	genuine := w.take("first", 5).Certificates[0]
	for name, change := range map[string]func(*learning.Certificate){
		"name":    func(c *learning.Certificate) { c.AccountName = "Officer 4712" },
		"account": func(c *learning.Certificate) { c.AccountID = w.station.AccountID() },
		"course":  func(c *learning.Certificate) { c.CourseID = "another" },
		"end":     func(c *learning.Certificate) { c.ExpiresAt = c.ExpiresAt.AddDate(1, 0, 0) },
		"key":     func(c *learning.Certificate) { c.WorkstationKey = w.actor.PublicKey() },
		"no key":  func(c *learning.Certificate) { c.WorkstationKey = "" },
		"nothing": func(c *learning.Certificate) { c.Signature = "" },
	} {
		forged := genuine
		change(&forged)
		if err := learning.Verify(forged); !errors.Is(err, learning.ErrNotGenuine) {
			t.Errorf("changed %s: %v", name, err)
		}
	}
}

func TestNobodyGetsByTheCertificateOfSomebodyElse(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 5, 0), course("foundation", 1, 80, 24, "first"))
	w.take("first", 5)
	other := w.as(accounttest.Actor(t, "Officer 12", account.RoleOfficer))
	if has, _, err := other.HasCertificate(ctx, "foundation"); has || err != nil {
		t.Errorf("has %v (%v)", has, err)
	}
	err := w.library.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE learning_certificate SET account_id = 'x'`)
		return err
	})
	if err == nil {
		t.Error("a certificate was given to another account")
	}
}

// The certificate on paper holds what the minisign command needs; this reads it from the PDF as a person would.
func TestAPrintedCertificateCanBeCheckedWithoutTheProgram(t *testing.T) {
	for _, tool := range []string{"minisign", "pdftotext"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 5, 0), course("foundation", 1, 80, 24, "first"))
	certificate := w.take("first", 5).Certificates[0]
	var pdf bytes.Buffer
	if err := w.service.PrintCertificate(ctx, certificate.ID, &pdf); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	printed, err := exec.Command("pdftotext", "-layout", write("certificate.pdf", pdf.Bytes()), "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := linesFrom(t, printed, "Wardbook certificate 1", 8)
	signature := linesFrom(t, printed, "untrusted comment:", 4)
	path := write("certificate.txt", text)
	write("certificate.txt.minisig", signature)
	if out, err := exec.Command("minisign", "-V", "-m", path, "-P", certificate.WorkstationKey).CombinedOutput(); err != nil {
		t.Errorf("minisign says %s\nabout\n%s%s", out, text, signature)
	}
	write("certificate.txt", bytes.Replace(text, []byte("4711"), []byte("4712"), 1))
	if exec.Command("minisign", "-V", "-m", path, "-P", certificate.WorkstationKey).Run() == nil {
		t.Error("minisign accepts another name")
	}
}

// linesFrom returns so many lines of a printed page from the one that starts so.
func linesFrom(t *testing.T, page []byte, start string, count int) []byte {
	t.Helper()
	at := bytes.Index(page, []byte(start))
	if at < 0 {
		t.Fatalf("the page lacks %q:\n%s", start, page)
	}
	var out []byte
	for _, line := range bytes.SplitN(page[at:], []byte("\n"), count+1)[:count] {
		out = append(append(out, bytes.TrimSpace(line)...), '\n')
	}
	return out
}

func TestAWithdrawnCourseIssuesNothing(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 1, 5, 0), course("foundation", 1, 80, 24, "first"))
	w.withdraw("foundation", 1)
	if got := w.take("first", 5).Certificates; len(got) != 0 {
		t.Errorf("it issued %v", got)
	}
	overview, err := w.service.Overview(ctx)
	if err != nil || len(overview) != 0 {
		t.Errorf("the overview shows %v (%v)", overview, err)
	}
}

func TestTheOverviewSaysWhatIsMissing(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.put(module("first", 1, 3, 9, 6), module("gone", 1, 1, 5, 0), course("foundation", 1, 80, 24, "first", "gone", "not-here"))
	forTrainers := course("for-trainers", 1, 80, 24, "first")
	forTrainers.Course.Roles = []string{"trainer"}
	w.put(forTrainers)
	w.withdraw("gone", 1)
	overview, err := w.service.Overview(ctx)
	if err != nil || len(overview) != 2 {
		t.Fatalf("the overview is %+v (%v)", overview, err)
	}
	if !overview[0].ForMe || overview[0].Ref.ID != "foundation" || overview[1].ForMe {
		t.Error("the courses for the account's roles are not first")
	}
	modules := overview[0].Modules
	if modules[0].Questions != 6 || modules[0].State != content.StateCurrent || modules[0].Attempted {
		t.Errorf("the first module is %+v", modules[0])
	}
	if modules[1].State != content.StateWithdrawn || modules[2].State != "" || modules[2].Ref.ID != "not-here" {
		t.Errorf("the others are %+v", modules[1:])
	}
	if overview[0].Passed {
		t.Error("it is passed")
	}
}
