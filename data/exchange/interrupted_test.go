package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

// The child of these tests is the test program itself. It does one thing in a data folder and kills itself at a point that
// the parent names: at each report of progress and each look at the clock, which the import's transaction does too.
const (
	childDo    = "WARDBOOK_TEST_DO" // "import FILE" or "publish FOLDER OUT"
	childDir   = "WARDBOOK_TEST_DIR"
	childPoint = "WARDBOOK_TEST_POINT"
)

func TestChildThatIsKilled(t *testing.T) {
	do := strings.Fields(os.Getenv(childDo))
	if len(do) == 0 {
		t.Skip("only as a child of another test")
	}
	at, err := strconv.Atoi(os.Getenv(childPoint))
	if err != nil {
		t.Fatal(err)
	}
	armed, points := false, 0
	point := func() {
		if !armed {
			return
		}
		if points++; points == at {
			kill(t)
		}
	}
	options := stationtest.Options(t)
	options.Program = "0.1.0"
	options.Now = func() time.Time { point(); return time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC) }
	st, err := station.Open(os.Getenv(childDir), options)
	if err != nil {
		t.Fatal(err)
	}
	session, err := st.SignIn(context.Background(), stationtest.Name, stationtest.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	progress := func(string, int64, int64) { point() }
	armed = true
	switch do[0] {
	case "import":
		_, err = session.Exchange().Import(context.Background(), do[1], exchange.ImportOptions{Progress: progress})
	case "publish":
		_, err = session.Exchange().Publish(context.Background(), exchange.PublishRequest{Folder: do[1], Out: do[2], Note: "Note", Progress: progress})
	}
	if err != nil {
		t.Fatal(err)
	}
	armed = false
	fmt.Printf("points: %d\n", points)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

func kill(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Kill(); err != nil {
		t.Fatal(err)
	}
	select {}
}

// child runs the test program as a child and returns how many points it passed, or 0 if it was killed.
func child(t *testing.T, dir, do string, point int) int {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestChildThatIsKilled$", "-test.count=1")
	command.Env = append(os.Environ(), childDo+"="+do, childDir+"="+dir, childPoint+"="+strconv.Itoa(point))
	output, err := command.CombinedOutput()
	_, after, ended := bytes.Cut(output, []byte("points: "))
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != killedCode || ended) {
		t.Fatalf("the child failed by itself: %v\n%s", err, output)
	}
	if !ended {
		return 0
	}
	points, err := strconv.Atoi(strings.Fields(string(after))[0])
	if err != nil {
		t.Fatal(err)
	}
	return points
}

// reopened signs in to a copy of a data folder.
func reopened(t *testing.T, dir string) *site {
	t.Helper()
	s := &site{t: t, now: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)}
	options := stationtest.Options(t)
	options.Program = "0.1.0"
	options.Now = func() time.Time { return s.now }
	var err error
	if s.station, err = station.Open(dir, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.station.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.session, err = s.station.SignIn(context.Background(), stationtest.Name, stationtest.Passphrase); err != nil {
		t.Fatal(err)
	}
	s.Service = s.session.Exchange()
	return s
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	// os.CopyFS would let everybody read the copies, which the check rightly complains about.
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		within, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, within), 0o700)
		}
		bytes, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, within), bytes, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// spread picks points between the first and the last, with both ends and their neighbours among them.
func spread(last, count int) []int {
	var points []int
	for i := range count {
		if p := 1 + i*(last-1)/(count-1); len(points) == 0 || p > points[len(points)-1] {
			points = append(points, p)
		}
	}
	for p := max(last-5, 1); p <= last; p++ {
		if p > points[len(points)-2] && p < points[len(points)-1] {
			points = append(points[:len(points)-1], p, points[len(points)-1])
		}
	}
	return points
}

func (s *site) sound() {
	s.t.Helper()
	problems, err := s.session.Check(context.Background())
	if err != nil || len(problems) > 0 {
		s.t.Fatalf("the store is not sound: %v, %v", problems, err)
	}
}

// Given an import that is killed at many points, while media are stored and within the transaction, then after the next
// sign-in everything is as before, orphans included, and the bundle can be imported; killed after it, everything is there.
func TestAKilledImportLeavesEverythingAsItWas(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	wing.take(p.write(parts{documents: []content.Document{withPicture(p.module("doors", 1, "one"), "images/a.png", "first", 1000)}}), exchange.ImportOptions{})
	var documents []content.Document
	for i := range 4 {
		documents = append(documents, withPicture(p.module(fmt.Sprintf("item-%d", i), 1, "text"), "images/a.png", fmt.Sprint("seed", i), 150_000))
	}
	documents = append(documents, withPicture(p.module("doors", 2, "two"), "images/b.png", "second", 150_000))
	path := p.write(parts{sequence: 2, documents: documents, versions: []exchange.VersionState{{ID: "doors", Version: 1, State: content.StateWithdrawn}}})
	if err := wing.session.Lock(); err != nil {
		t.Fatal(err)
	}
	dir := wing.station.Dir()
	before := reopened(t, copyOf(t, dir)).everything()

	whole := copyOf(t, dir)
	last := child(t, whole, "import "+path, 0)
	if last < 10 {
		t.Fatalf("the import passes only %d points", last)
	}
	if after := reopened(t, whole); after.body("doors") != "two" || after.everything() == before {
		t.Fatal("an import that is not killed does not import")
	}
	orphans := 0
	for _, point := range spread(last, 10) {
		killed := copyOf(t, dir)
		if child(t, killed, "import "+path, point) != 0 {
			t.Fatalf("the child was not killed at point %d", point)
		}
		media, err := filepath.Glob(filepath.Join(killed, "library", "media", "*"))
		if err != nil {
			t.Fatal(err)
		}
		orphans = max(orphans, len(media)-1)
		s := reopened(t, killed)
		if got := s.everything(); got != before {
			t.Fatalf("killed at point %d of %d, the library is another:\n%s\nbefore:\n%s", point, last, got, before)
		}
		s.sound()
		if point == last {
			s.take(path, exchange.ImportOptions{})
			if s.body("doors") != "two" || s.states("doors") != "[1 withdrawn]\n[2 current]\n" {
				t.Error("it could not be imported afterwards")
			}
		}
	}
	if orphans < 3 {
		t.Errorf("at most %d media files were there at a kill: the points do not reach the end of storing", orphans)
	}
}

// Given a publication that is killed at many points, then after the next sign-in the office's library is as before, the
// folder can be published, and no file on the stick bears the number of another bundle.
func TestAKilledPublicationUsesNoNumberTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	office := newSite(t, account.RoleTrainer)
	first, firstPath := office.publish(folder(t, "doors", "one", true), "1", nil)
	fingerprint := office.fingerprint()
	if err := office.session.Lock(); err != nil {
		t.Fatal(err)
	}
	dir := office.station.Dir()
	content := folder(t, "doors", "two", true)
	last := child(t, copyOf(t, dir), "publish "+content+" "+filepath.Join(t.TempDir(), "out.wardbook"), 0)
	before := reopened(t, copyOf(t, dir)).standing()
	stranded := 0
	for _, point := range spread(last, 8) {
		killed := copyOf(t, dir)
		out := filepath.Join(t.TempDir(), "out.wardbook")
		if child(t, killed, "publish "+content+" "+out, point) != 0 {
			t.Fatalf("the child was not killed at point %d", point)
		}
		s := reopened(t, killed)
		if got := s.standing(); got != before {
			t.Fatalf("killed at point %d of %d:\n%s\nbefore:\n%s", point, last, got, before)
		}
		s.sound()
		again, path := s.publish(content, "2", nil)
		if again.Items[0].Version != 2 {
			t.Errorf("killed at point %d: the version is %d", point, again.Items[0].Version)
		}
		wing := newSite(t)
		wing.take(firstPath, exchange.ImportOptions{TrustFingerprint: fingerprint})
		if stray, err := exchange.Inspect(context.Background(), out, "", nil); err == nil {
			stranded++
			if stray.Manifest.Sequence == again.Sequence {
				t.Errorf("killed at point %d: two bundles have the number %d", point, again.Sequence)
			}
		}
		preview, err := wing.Preview(context.Background(), path)
		if err != nil || preview.Missed != 0 || preview.Refusal != nil || preview.Manifest.Previous != first.ManifestHash {
			t.Errorf("killed at point %d: %+v, %v", point, preview, err)
		}
	}
	if stranded == 0 {
		t.Error("no kill left a bundle on the stick: the points do not reach the transaction")
	}
}

// Given a stick that is pulled out, a bundle that shrinks or changes while it is read, or work that is cancelled, then the
// error says what happened, nothing is there, nothing is left over, and it can be imported afterwards.
func TestWhatGoesWrongWhileReading(t *testing.T) {
	p := newPublisher(t, "good")
	d := withPicture(withPicture(p.module("doors", 1, "one"), "images/a.png", "first", 400_000), "images/b.png", "second", 400_000)
	path := p.write(parts{documents: []content.Document{d}})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(file string, cancel func()) error
		want  error
	}{
		"cut": {func(file string, _ func()) error { return os.Truncate(file, int64(len(whole)/2)) }, bundle.ErrTruncated},
		"changed": {func(file string, _ func()) error {
			return os.WriteFile(file, bytes.ReplaceAll(whole, []byte("second"), []byte("SECOND")), 0o600)
		}, bundle.ErrEntryChanged},
		"cancelled": {func(_ string, cancel func()) error { cancel(); return nil }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			wing := trusting(t, p)
			before := wing.merged()
			file := filepath.Join(t.TempDir(), "stick.wardbook")
			if err := os.WriteFile(file, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			done := false
			_, err := wing.Import(ctx, file, exchange.ImportOptions{Progress: func(string, int64, int64) {
				if !done {
					done = true
					if err := c.spoil(file, cancel); err != nil {
						t.Fatal(err)
					}
				}
			}})
			if !errors.Is(err, c.want) {
				t.Fatalf("it gave %v, want %v", err, c.want)
			}
			if wing.merged() != before {
				t.Error("the library changed")
			}
			if media, err := filepath.Glob(filepath.Join(wing.station.Dir(), "library", "media", "*")); err != nil || len(media) > 0 {
				t.Errorf("media were left: %v, %v", media, err)
			}
			wing.take(path, exchange.ImportOptions{})
		})
	}
}
