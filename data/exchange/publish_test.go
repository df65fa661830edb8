package exchange_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station/stationtest"
)

// standing is what a failed publication must leave as it was.
func (s *site) standing() string {
	s.t.Helper()
	media, err := filepath.Glob(filepath.Join(s.station.Dir(), "library", "media", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	all := s.merged() + s.query("SELECT * FROM exchange_publication")
	for _, file := range media {
		all += filepath.Base(file) + "\n"
	}
	return all
}

// Given requests that cannot be published, then each is refused with its own error, and neither the library, the number
// nor the disk keeps anything of it.
func TestWhatCannotBePublished(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	good := folder(t, "doors", "one", true)
	office.publish(good, "1", nil)
	changed := folder(t, "doors", "two", true)
	there := filepath.Join(t.TempDir(), "there.wardbook")
	if err := os.WriteFile(there, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := folder(t, "keys", "one", false)
	if err := os.WriteFile(filepath.Join(bad, "modules", "keys", "quiz.gift"), []byte("::One:: Is it? {"), 0o600); err != nil {
		t.Fatal(err)
	}
	stale := folder(t, "doors", "two", true)
	replace(t, filepath.Join(stale, "modules", "doors", "module.yaml"), "id: doors", "id: doors\nversion: 1")
	for name, c := range map[string]struct {
		request exchange.PublishRequest
		want    error
	}{
		"no note":               {exchange.PublishRequest{Folder: changed, Note: " \n"}, exchange.ErrNoNote},
		"a long note":           {exchange.PublishRequest{Folder: changed, Note: strings.Repeat("ä", 2001)}, exchange.ErrLongNote},
		"hidden text":           {exchange.PublishRequest{Folder: changed, Note: "abc\u202edef"}, bundle.ErrUnsafeText},
		"no day":                {exchange.PublishRequest{Folder: changed, Note: "n", Effective: "1 May"}, exchange.ErrBadDate},
		"expired":               {exchange.PublishRequest{Folder: changed, Note: "n", Expires: office.now.Add(-time.Hour)}, exchange.ErrExpiryPast},
		"no folder":             {exchange.PublishRequest{Folder: there, Note: "n"}, os.ErrInvalid},
		"no such folder":        {exchange.PublishRequest{Folder: there + "x", Note: "n"}, os.ErrNotExist},
		"mistakes":              {exchange.PublishRequest{Folder: bad, Note: "n"}, exchange.ErrLint},
		"an old version stated": {exchange.PublishRequest{Folder: stale, Note: "n"}, exchange.ErrLint},
		"nothing new":           {exchange.PublishRequest{Folder: good, Note: "n"}, exchange.ErrNothingToPublish},
		"a version to come":     {exchange.PublishRequest{Folder: changed, Note: "n", Older: map[string]content.State{"doors@2": content.StateWithdrawn}}, exchange.ErrOlderVersion},
		"nobody's version":      {exchange.PublishRequest{Folder: changed, Note: "n", Older: map[string]content.State{"gates": content.StateWithdrawn}}, exchange.ErrOlderVersion},
		"no version":            {exchange.PublishRequest{Folder: changed, Note: "n", Older: map[string]content.State{"doors@x": content.StateWithdrawn}}, exchange.ErrOlderVersion},
		"current again":         {exchange.PublishRequest{Folder: changed, Note: "n", Older: map[string]content.State{"doors": content.StateCurrent}}, exchange.ErrOlderVersion},
		"a file is there":       {exchange.PublishRequest{Folder: changed, Note: "n", Out: there}, bundle.ErrTargetExists},
		"no place":              {exchange.PublishRequest{Folder: changed, Note: "n", Out: filepath.Join(there, "x")}, nil},
		"no recipient":          {exchange.PublishRequest{Folder: changed, Note: "n", Recipients: []string{"age1nobody"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if c.request.Out == "" {
				c.request.Out = filepath.Join(t.TempDir(), "out.wardbook")
			}
			before := office.standing()
			_, err := office.Publish(context.Background(), c.request)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("it gave %v, want %v", err, c.want)
			}
			if office.standing() != before {
				t.Error("it changed the library")
			}
			if left, err := filepath.Glob(filepath.Join(filepath.Dir(c.request.Out), "*")); err != nil || len(left) > 0 && left[0] != there {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
	published, _ := office.publish(changed, "2", nil)
	if published.Items[0].Version != 2 {
		t.Errorf("the next publication is %+v", published)
	}
}

func replace(t *testing.T, file, old, fresh string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), old, fresh, 1))
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Given a publication that is cancelled at any stage, then the file, the library and the number are as before; and the
// next publication takes the number and follows the bundle before.
func TestACancelledPublicationTakesNoNumber(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	first, path := office.publish(folder(t, "doors", "one", true), "1", nil)
	for _, stage := range []bundle.Stage{bundle.StageHash, bundle.StageWrite, bundle.StageReread} {
		before := office.standing()
		ctx, cancel := context.WithCancel(context.Background())
		dir := t.TempDir()
		_, err := office.Publish(ctx, exchange.PublishRequest{
			Folder: folder(t, "doors", "two", true), Out: filepath.Join(dir, "x.wardbook"), Note: "2",
			Progress: func(at string, _, _ int64) {
				if at == string(stage) {
					cancel()
				}
			},
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", stage, err)
		}
		if office.standing() != before {
			t.Errorf("%s: the library changed", stage)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: it left %v, %v", stage, left, err)
		}
	}
	second, next := office.publish(folder(t, "doors", "two", true), "2", nil)
	if second.Sequence != first.Sequence+1 {
		t.Errorf("the number is %d", second.Sequence)
	}
	inspection, err := exchange.Inspect(context.Background(), next, "", nil)
	if err != nil || inspection.Manifest.Previous != first.ManifestHash || inspection.Manifest.Anchor == nil || inspection.Manifest.Anchor.Sequence == 0 {
		t.Errorf("the bundle is %+v, %v", inspection.Manifest, err)
	}
	_ = path
}

// Given a number that a bundle may bear because the computer stopped while it was written, then the next publication takes
// another one, and those who get it miss nothing.
func TestANumberIsUsedOnce(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	if err := office.Exec(context.Background(), `UPDATE exchange_office SET reserved = next_sequence`); err != nil {
		t.Fatal(err)
	}
	second, path := office.publish(folder(t, "doors", "two", false), "2", nil)
	if second.Sequence != 3 {
		t.Fatalf("the number is %d", second.Sequence)
	}
	wing := newSite(t)
	wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	if preview, err := wing.Preview(context.Background(), path); err != nil || preview.Missed != 0 {
		t.Errorf("the preview misses %d, %v", preview.Missed, err)
	}
	_, third := office.publish(folder(t, "doors", "three", false), "3", nil)
	if preview, err := wing.Preview(context.Background(), third); err != nil || preview.Missed == 0 {
		t.Errorf("the preview misses nothing, %v", err)
	}
}

// Given a library that came back from a backup, then the office starts a new stream rather than use numbers again; and a
// bundle of its own that comes back keeps its number too.
func TestARestoredLibraryStartsANewStream(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", false), "1", nil)
	if preview, err := office.Preview(context.Background(), first); err != nil || !preview.AlreadyHere || preview.Publisher.State != exchange.TrustOwn {
		t.Fatalf("the office's own bundle: %+v, %v", preview, err)
	}
	stream := office.query("SELECT stream FROM exchange_office")
	if err := office.Exec(context.Background(), `UPDATE exchange_office SET incarnation = 'before'`); err != nil {
		t.Fatal(err)
	}
	second, path := office.publish(folder(t, "doors", "two", false), "2", nil)
	if second.Sequence != 1 || office.query("SELECT stream FROM exchange_office") == stream {
		t.Errorf("the number is %d in the stream %s", second.Sequence, stream)
	}
	wing := newSite(t)
	wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	wing.take(path, exchange.ImportOptions{})
}

// Given a workstation that missed a bundle, then the next one tells it what was withdrawn meanwhile; and so does an export.
func TestWithdrawalsReachWhoMissedABundle(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	_, first := office.publish(folder(t, "doors", "one", true), "1", nil)
	office.publish(folder(t, "doors", "two", true), "2", func(r *exchange.PublishRequest) { r.Older = map[string]content.State{"doors": content.StateWithdrawn} })
	_, third := office.publish(folder(t, "doors", "three", true), "3", nil)
	exported := filepath.Join(t.TempDir(), "export.wardbook")
	if _, err := office.ExportContent(context.Background(), exported, []string{"doors"}, nil); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"the next bundle": third, "an export": exported} {
		wing := newSite(t)
		wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
		preview, err := wing.Preview(context.Background(), path)
		if err != nil || len(preview.Items) != 2 || preview.Items[1].Change != exchange.ChangeWithdrawn || preview.Items[1].Version != 1 {
			t.Fatalf("%s: the preview says %+v, %v", name, preview.Items, err)
		}
		wing.take(path, exchange.ImportOptions{})
		if got := wing.states("doors"); got != "[1 withdrawn]\n[3 current]\n" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Given an item that must go without a successor, then withdrawing the published version reaches others, nothing brings it
// back, and a new version takes its place later.
func TestAnItemIsWithdrawnWithoutASuccessor(t *testing.T) {
	office, wing := newSite(t, account.RoleTrainer), newSite(t)
	dir := folder(t, "doors", "one", false)
	_, first := office.publish(dir, "1", nil)
	wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	withdraw := func(r *exchange.PublishRequest) { r.Older = map[string]content.State{"doors": content.StateWithdrawn} }
	_, second := office.publish(dir, "It has a mistake", withdraw)
	if _, _, err := office.session.Content().Get(context.Background(), content.Ref{ID: "doors"}); !errors.Is(err, content.ErrWithdrawn) {
		t.Fatalf("in the office: %v", err)
	}
	wing.take(second, exchange.ImportOptions{})
	if got := wing.states("doors"); got != "[1 withdrawn]\n" {
		t.Fatalf("%s", got)
	}
	entries, err := office.session.Log().List(context.Background(), audit.Filter{Act: audit.ActContentWithdraw})
	if err != nil || len(entries) != 1 || entries[0].Object != "doors@1" {
		t.Errorf("the log says %+v, %v", entries, err)
	}
	_, err = office.Publish(context.Background(), exchange.PublishRequest{Folder: dir, Out: filepath.Join(t.TempDir(), "x"), Note: "n", Older: map[string]content.State{"doors": content.StateWithdrawn}})
	if !errors.Is(err, exchange.ErrNothingToPublish) {
		t.Errorf("withdrawing it twice gave %v", err)
	}
	_, third := office.publish(folder(t, "doors", "two", false), "Mended", nil)
	wing.take(third, exchange.ImportOptions{})
	if wing.body("doors") != "two" || wing.states("doors") != "[1 withdrawn]\n[2 current]\n" {
		t.Errorf("%s", wing.states("doors"))
	}
}

// Given an export, then it brings the office's own current items whole, with media; another publisher's is refused.
func TestExportingContent(t *testing.T) {
	office, wing, last := newSite(t, account.RoleTrainer), newSite(t, account.RoleTrainer), newSite(t)
	ctx := context.Background()
	if _, err := wing.ExportContent(ctx, filepath.Join(t.TempDir(), "x.wardbook"), nil, nil); !errors.Is(err, exchange.ErrNothingToExport) {
		t.Errorf("exporting nothing gave %v", err)
	}
	if publishers, err := wing.Publishers(ctx); err != nil || len(publishers) != 0 {
		t.Errorf("an export of nothing made a key: %v, %v", publishers, err)
	}
	_, first := office.publish(folder(t, "doors", "one", true), "1", nil)
	office.publish(folder(t, "keys", "one", true), "2", nil)
	wing.take(first, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	if _, err := wing.ExportContent(ctx, filepath.Join(t.TempDir(), "x.wardbook"), []string{"doors"}, nil); !errors.Is(err, exchange.ErrForeignContent) {
		t.Errorf("exporting another's item gave %v", err)
	}
	if _, err := office.ExportContent(ctx, filepath.Join(t.TempDir(), "x.wardbook"), []string{"gates"}, nil); !errors.Is(err, exchange.ErrNoSuchItem) {
		t.Errorf("exporting what is not there gave %v", err)
	}
	out := filepath.Join(t.TempDir(), "all.wardbook")
	published, err := office.ExportContent(ctx, out, nil, nil)
	if err != nil || published.Sequence != 3 || len(published.Items) != 2 {
		t.Fatalf("%+v, %v", published, err)
	}
	last.take(out, exchange.ImportOptions{TrustFingerprint: office.fingerprint()})
	for _, id := range []string{"doors", "keys"} {
		media, _, err := last.session.Content().Media(ctx, content.Ref{ID: id, Version: 1}, "images/door.png")
		if err != nil {
			t.Fatal(err)
		}
		media.Close()
	}
	entries, err := office.session.Log().List(ctx, audit.Filter{Act: audit.ActBundleExport})
	if err != nil || len(entries) != 1 {
		t.Errorf("the log says %+v, %v", entries, err)
	}
}

// Given a note with Windows line ends and a workstation with a very long name, then they travel.
func TestWhatPeopleTypeTravels(t *testing.T) {
	office := newSite(t, account.RoleTrainer)
	_, path := office.publish(folder(t, "doors", "one", false), "First line\r\nSecond\tline", nil)
	inspection, err := exchange.Inspect(context.Background(), path, "", nil)
	if err != nil || inspection.Manifest.Note != "First line\nSecond line" {
		t.Fatalf("%q, %v", inspection.Manifest.Note, err)
	}
}

// Given starter content of two programs, then the newer supersedes the older, the older never comes back, installing twice
// stores no media twice, and nobody but an administrator installs it.
func TestStarterContentOfANewerProgram(t *testing.T) {
	starter := func(version, body string) fstest.MapFS {
		return fstest.MapFS{
			"modules/doors/module.yaml":         {Data: []byte("id: doors\nversion: " + version + "\ntitle: Doors\nminutes: 5\nobjectives: [Do]\nsources: [Rule]\n")},
			"modules/doors/lessons/01-first.md": {Data: []byte("---\nid: first\ntitle: First\n---\n" + body + "\n\n![A door](images/door.png)\n")},
			"modules/doors/images/door.png":     {Data: []byte(picture)},
			"modules/doors/quiz.gift":           {Data: []byte("::One:: Is it? {=Yes ~No}\n")},
		}
	}
	wing := newSite(t)
	ctx := context.Background()
	media := func() int {
		names, err := filepath.Glob(filepath.Join(wing.station.Dir(), "library", "media", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	for _, step := range []struct{ version, body, want string }{
		{"1", "one", "[1 current]\n"}, {"1", "one", "[1 current]\n"}, {"3", "three", "[1 superseded]\n[3 current]\n"}, {"1", "one", "[1 superseded]\n[3 current]\n"},
	} {
		if err := wing.InstallStarter(ctx, starter(step.version, step.body)); err != nil {
			t.Fatal(err)
		}
		if got := wing.states("doors"); got != step.want || media() != 1 {
			t.Errorf("after version %s: %s, %d media", step.version, got, media())
		}
	}
	if err := wing.InstallStarter(ctx, starter("3", "other")); !errors.Is(err, content.ErrVersionConflict) {
		t.Errorf("a known version with other content gave %v", err)
	}
	stationtest.Add(t, wing.session, "Officer 8", account.RoleOfficer)
	if err := stationtest.SignIn(t, wing.station, "Officer 8").Exchange().InstallStarter(ctx, starter("4", "four")); !errors.Is(err, account.ErrNotAllowed) {
		t.Errorf("an officer's starter content gave %v", err)
	}
}
