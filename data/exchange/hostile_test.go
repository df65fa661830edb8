package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/bundle"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station/stationtest"
)

// Every bundle here is whole and well signed. Given a workstation that has version 1 of two items, when the bundle is
// previewed and imported, then it is refused with its own sentence, twice alike, nothing changes, and the history and the
// log say so.
func TestHostileBundlesAreRefused(t *testing.T) {
	good, other, stranger := newPublisher(t, "good"), newPublisher(t, "other"), newPublisher(t, "stranger")
	document := func(spoil func(*content.Document)) content.Document {
		d := good.module("fresh", 1, "text")
		spoil(&d)
		return d
	}
	cases := map[string]struct {
		by    *publisher
		parts parts
		want  error
	}{
		"unknown publisher":     {stranger, parts{documents: []content.Document{stranger.module("fresh", 1, "x")}}, exchange.ErrUnknownPublisher},
		"changed known version": {good, parts{documents: []content.Document{good.module("doors", 1, "other text")}}, content.ErrVersionConflict},
		"another's item":        {other, parts{documents: []content.Document{other.module("doors", 2, "mine now")}}, content.ErrNotOwner},
		"another's older item":  {other, parts{documents: []content.Document{other.module("keys", 1, "mine now")}}, content.ErrNotOwner},
		"under another's name":  {other, parts{documents: []content.Document{good.module("fresh", 1, "x")}}, exchange.ErrForeignOwner},
		"as if built in":        {good, parts{documents: []content.Document{document(func(d *content.Document) { d.Owner = content.BuiltinOwner })}}, exchange.ErrForeignOwner},
		"same number":           {good, parts{sequence: 1, documents: []content.Document{good.module("fresh", 1, "x")}}, exchange.ErrSequenceConflict},
		"impossible number":     {good, parts{sequence: 1 << 63, documents: []content.Document{good.module("fresh", 1, "x")}}, exchange.ErrBadLayout},
		"expired":               {good, parts{documents: []content.Document{good.module("fresh", 1, "x")}, manifest: expired}, bundle.ErrExpired},
		"newer program":         {good, parts{documents: []content.Document{good.module("fresh", 1, "x")}, manifest: func(m *bundle.Manifest) { m.MinimumProgram = "99.0.0" }}, bundle.ErrNewerProgram},
		"another kind":          {good, parts{manifest: func(m *bundle.Manifest) { m.Kind = bundle.KindCard }}, exchange.ErrWrongKind},
		"entry without a place": {good, parts{files: map[string]string{"setup.exe": "MZ"}}, exchange.ErrBadLayout},
		"document elsewhere":    {good, parts{files: map[string]string{"content/module/fresh/2.json": encoded(t, good.module("fresh", 1, "x"))}}, exchange.ErrBadLayout},
		"no document":           {good, parts{files: map[string]string{"content/module/fresh/1.json": "{}"}}, content.ErrMalformedDocument},
		"two kinds of one id": {good, parts{documents: []content.Document{good.module("fresh", 1, "x"), document(func(d *content.Document) {
			d.Version, d.Kind, d.Module, d.Glossary = 2, content.KindGlossary, nil, oneTerm()
		})}}, exchange.ErrBadLayout},
		"another kind than here": {good, parts{documents: []content.Document{document(func(d *content.Document) {
			d.ID, d.Version, d.Kind, d.Module, d.Glossary = "doors", 2, content.KindGlossary, nil, oneTerm()
		})}}, exchange.ErrBadLayout},
		"media that nobody names": {good, parts{files: map[string]string{"media/" + strings.Repeat("0", 64) + ".png": "x"}}, exchange.ErrBadLayout},
		"media missing": {good, parts{
			documents: []content.Document{withPicture(good.module("fresh", 1, "x"), "images/a.png", "missing", 100)},
			without:   []string{"media/" + withPicture(content.Document{}, "", "missing", 100).Media[0].SHA256 + ".png"},
		}, exchange.ErrBadLayout},
		"media under another's hash": {good, parts{
			documents: []content.Document{withPicture(good.module("fresh", 1, "x"), "images/a.png", "swapped", 100)},
			files:     map[string]string{"media/" + withPicture(content.Document{}, "", "swapped", 100).Media[0].SHA256 + ".png": strings.Repeat("y", 100)},
		}, exchange.ErrBadLayout},
		"media leading out":        {good, parts{documents: []content.Document{withPicture(good.module("fresh", 1, "x"), "../../up.png", "out", 100)}}, content.ErrMalformedDocument},
		"media twice":              {good, parts{documents: []content.Document{withPicture(withPicture(good.module("fresh", 1, "x"), "images/a.png", "one", 100), "images/a.png", "two", 100)}}, content.ErrMalformedDocument},
		"media of no known kind":   {good, parts{documents: []content.Document{document(func(d *content.Document) { *d = withPicture(*d, "a.html", "page", 100); d.Media[0].MIME = "text/html" })}}, content.ErrMalformedDocument},
		"changes with more in it":  {good, parts{files: map[string]string{"changes.json": `{"versions":[],"more":1}`}}, exchange.ErrBadLayout},
		"changes twice":            {good, parts{files: map[string]string{"changes.json": `{"versions":[]}{}`}}, exchange.ErrBadLayout},
		"withdrawing another's":    {other, parts{documents: []content.Document{other.module("fresh", 1, "x")}, versions: []exchange.VersionState{{ID: "doors", Version: 1, State: content.StateWithdrawn}}}, exchange.ErrBadLayout},
		"making another's current": {good, parts{documents: []content.Document{good.module("doors", 2, "x")}, versions: []exchange.VersionState{{ID: "doors", Version: 1, State: content.StateCurrent}}}, exchange.ErrBadLayout},
		"a statement of no meaning": {good, parts{manifest: func(m *bundle.Manifest) {
			m.Revocations = []bundle.Statement{signed(t, good.key, bundle.PurposeRevocation, "no key")}
		}}, exchange.ErrBadLayout},
		"more text than allowed": {good, parts{documents: bulky(good)}, exchange.ErrBadLayout},
	}
	wing := trusting(t, good, other)
	wing.take(good.write(parts{sequence: 1, documents: []content.Document{good.module("doors", 1, "one"), good.module("keys", 2, "two")}}), exchange.ImportOptions{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.parts.sequence == 0 {
				c.parts.sequence = 7
			}
			path := c.by.write(c.parts)
			before, content := wing.merged(), wing.query("SELECT count(*) FROM exchange_import")
			preview, err := wing.Preview(context.Background(), path)
			if err != nil || !errors.Is(preview.Refusal, c.want) {
				t.Errorf("the preview says %v, %v; want %v", preview.Refusal, err, c.want)
			}
			if _, err := wing.Import(context.Background(), path, exchange.ImportOptions{}); !errors.Is(err, c.want) {
				t.Errorf("the import gave %v; want %v", err, c.want)
			}
			if wing.merged() != before {
				t.Error("it changed the library")
			}
			if wing.query("SELECT count(*) FROM exchange_import") == content {
				t.Error("the history does not know it")
			}
			history, err := wing.History(context.Background())
			if err != nil || history[0].Imported || !says(history[0].Refusal, c.want) {
				t.Errorf("the history says %+v, %v", history[0], err)
			}
			entries, err := wing.session.Log().List(context.Background(), audit.Filter{Act: audit.ActBundleRefuse, Limit: 1})
			if err != nil || len(entries) != 1 || !says(entries[0].Details["why"], c.want) {
				t.Errorf("the log says %+v, %v", entries, err)
			}
		})
	}
}

// says reports whether a refusal that was kept is this one. The one for expiry has dates in it.
func says(kept string, want error) bool {
	return strings.Contains(kept, want.Error()) || errors.Is(want, bundle.ErrExpired) && strings.HasPrefix(kept, "This bundle expired on")
}

func expired(m *bundle.Manifest) { m.Expires = m.Created.Add(time.Hour) }

func encoded(t *testing.T, d content.Document) string {
	t.Helper()
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func signed(t *testing.T, key bundle.PrivateKey, purpose, body string) bundle.Statement {
	t.Helper()
	statement, err := bundle.SignStatement(key, purpose, body)
	if err != nil {
		t.Fatal(err)
	}
	return statement
}

// bulky is more text than one bundle may hold, in documents that are each allowed.
func bulky(p *publisher) []content.Document {
	var list []content.Document
	for _, id := range []string{"bulk-one", "bulk-two", "bulk-three", "bulk-four"} {
		d := p.module(id, 1, "x")
		for i := range 110 {
			d.Module.Lessons = append(d.Module.Lessons, content.Lesson{
				ID: fmt.Sprintf("lesson-%d", i), Title: content.Text{"en": "Lesson"}, Kind: content.LessonPlain, Body: content.Text{"en": strings.Repeat("a lesson. ", 6_400)},
			})
		}
		list = append(list, d)
	}
	return list
}

func oneTerm() *content.Glossary {
	return &content.Glossary{Terms: []content.Term{{ID: "sally-port", Term: content.Text{"en": "Sally port"}, Definition: content.Text{"en": "Two gates."}}}}
}

// Given bundles that break after they were signed, then each is refused, and noted without anything that it says.
func TestDamagedBundlesAreRefused(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	whole, err := os.ReadFile(p.write(parts{documents: []content.Document{withPicture(p.module("doors", 1, "one"), "images/a.png", "pic", 300_000)}}))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func([]byte) []byte
		want  error
		kept  bool
	}{
		"no bundle":     {func([]byte) []byte { return []byte("a picture of a cat") }, bundle.ErrNotBundle, false},
		"cut":           {func(b []byte) []byte { return b[:len(b)/2] }, bundle.ErrTruncated, true},
		"manifest":      {func(b []byte) []byte { b[60]++; return b }, bundle.ErrBadSignature, true},
		"a lesson":      {func(b []byte) []byte { return []byte(strings.Replace(string(b), `"en": "one"`, `"en": "two"`, 1)) }, bundle.ErrEntryChanged, true},
		"the last byte": {func(b []byte) []byte { return append(b, 0) }, bundle.ErrUnclaimedBytes, true},
		"a picture": {func(b []byte) []byte {
			at := strings.LastIndex(string(b), "picpic")
			b[at-50_000]++
			return b
		}, bundle.ErrEntryChanged, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spoilt.wardbook")
			if err := os.WriteFile(path, c.spoil(append([]byte{}, whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			before, refusals := wing.merged(), wing.query("SELECT count(*) FROM exchange_import")
			if _, err := wing.Import(context.Background(), path, exchange.ImportOptions{}); !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if wing.merged() != before {
				t.Error("it changed the library")
			}
			if kept := wing.query("SELECT count(*) FROM exchange_import") != refusals; kept != c.kept {
				t.Errorf("kept in the history: %v, want %v", kept, c.kept)
			}
		})
	}
	media, err := filepath.Glob(filepath.Join(wing.station.Dir(), "library", "media", "*"))
	if err != nil || len(media) != 0 {
		t.Errorf("refused bundles left media behind: %v, %v", media, err)
	}
}

// Given a bundle that has expired and is wrong in another way too, then overriding the expiry does not let it in.
func TestOverridingExpiryOverridesNothingElse(t *testing.T) {
	good, other := newPublisher(t, "good"), newPublisher(t, "other")
	wing := trusting(t, good, other)
	path := other.write(parts{documents: []content.Document{good.module("fresh", 1, "x")}, manifest: expired})
	_, err := wing.Import(context.Background(), path, exchange.ImportOptions{OverrideExpiry: true})
	if !errors.Is(err, exchange.ErrForeignOwner) || wing.has("fresh") {
		t.Fatalf("it gave %v", err)
	}
}

// Given an expired bundle, then the refusal shows the computer's date, an officer cannot override it, an administrator
// can, the log says so, and the same bundle again is simply here.
func TestExpiry(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	stationtest.Add(t, wing.session, "Officer 8", account.RoleOfficer)
	path := p.write(parts{documents: []content.Document{p.module("doors", 1, "one")}, manifest: expired})
	_, err := wing.Import(context.Background(), path, exchange.ImportOptions{})
	if !errors.Is(err, bundle.ErrExpired) || !strings.Contains(err.Error(), "23 Nov 2026") {
		t.Fatalf("the refusal does not show the date of this computer: %v", err)
	}
	officer := stationtest.SignIn(t, wing.station, "Officer 8")
	if _, err := officer.Exchange().Import(context.Background(), path, exchange.ImportOptions{OverrideExpiry: true}); !errors.Is(err, account.ErrNotAllowed) {
		t.Fatalf("an officer's override gave %v", err)
	}
	administrator := stationtest.SignIn(t, wing.station, stationtest.Name)
	wing.session, wing.Service = administrator, administrator.Exchange()
	wing.take(path, exchange.ImportOptions{OverrideExpiry: true})
	entries, err := administrator.Log().List(context.Background(), audit.Filter{Act: audit.ActExpiryOverride})
	if err != nil || len(entries) != 1 {
		t.Fatalf("the log says %+v, %v", entries, err)
	}
	if again := wing.take(path, exchange.ImportOptions{}); !again.AlreadyHere {
		t.Error("an expired bundle that is here is not said to be here")
	}
}

// Given an alarm that only a preview saw, then the history and the log have it, once.
func TestAnAlarmInAPreviewIsKept(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	wing.take(p.write(parts{sequence: 3, documents: []content.Document{p.module("doors", 1, "one")}}), exchange.ImportOptions{})
	twin := p.write(parts{sequence: 3, documents: []content.Document{p.module("doors", 2, "two")}})
	for range 2 {
		preview, err := wing.Preview(context.Background(), twin)
		if err != nil || !errors.Is(preview.Refusal, exchange.ErrSequenceConflict) {
			t.Fatalf("%+v, %v", preview, err)
		}
	}
	if got := wing.query("SELECT count(*) FROM exchange_import WHERE outcome = 'refused'"); got != "[1]\n" {
		t.Errorf("%s alarms in the history", got)
	}
	entries, err := wing.session.Log().List(context.Background(), audit.Filter{Act: audit.ActBundleRefuse})
	if err != nil || len(entries) != 1 {
		t.Errorf("the log says %+v, %v", entries, err)
	}
}

// Given a clock that went back, then the preview warns and nothing is refused or deleted.
func TestAClockThatWentBackWarns(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	path := p.write(parts{documents: []content.Document{p.module("doors", 1, "one")}})
	if preview, err := wing.Preview(context.Background(), path); err != nil || preview.ClockWarning {
		t.Fatalf("%+v, %v", preview, err)
	}
	wing.now = wing.now.AddDate(0, 0, -1)
	wing.reopen() // the sign-in by the wrong clock is in the log, and is no excuse
	preview, err := wing.Preview(context.Background(), path)
	if err != nil || !preview.ClockWarning || preview.Refusal != nil {
		t.Fatalf("%+v, %v", preview, err)
	}
	wing.take(path, exchange.ImportOptions{})
}

// Given a bundle that was previewed and then exchanged on the stick, then importing it is refused.
func TestAnExchangedBundleIsNotThePreviewedOne(t *testing.T) {
	p := newPublisher(t, "good")
	wing := trusting(t, p)
	preview, err := wing.Preview(context.Background(), p.write(parts{documents: []content.Document{p.module("doors", 1, "one")}}))
	if err != nil {
		t.Fatal(err)
	}
	other := p.write(parts{documents: []content.Document{p.module("doors", 1, "other")}})
	if _, err := wing.Import(context.Background(), other, exchange.ImportOptions{Expect: preview.ManifestHash}); !errors.Is(err, exchange.ErrChangedSince) {
		t.Fatalf("%v", err)
	}
	if wing.has("doors") {
		t.Error("it was imported")
	}
}

// Given things that are no files, then they are refused without waiting for them.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	wing := newSite(t)
	if preview, err := wing.Preview(context.Background(), t.TempDir()); err != nil || !errors.Is(preview.Refusal, bundle.ErrNotBundle) {
		t.Errorf("a folder gave %v, %v", preview.Refusal, err)
	}
	if _, err := wing.Preview(context.Background(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing gave %v", err)
	}
}
