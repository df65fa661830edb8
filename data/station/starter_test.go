package station_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"wardbook/data/audit"
	"wardbook/data/content"
	"wardbook/data/exchange"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

// Given the starter content as it is built into the program, then a set-up installs it whole, and media that nothing
// names are swept at the next sign-in while its own stay.
func TestStarterContent(t *testing.T) {
	st, session, _ := stationtest.NewWith(t, station.SetupRequest{Starter: true, StarterContent: resources.Starter()}, stationtest.Options(t))
	for _, kind := range []content.Kind{content.KindModule, content.KindChecklist} {
		list, err := session.Content().List(background, kind)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %d items, %v", kind, len(list), err)
		}
		for _, item := range list {
			if item.Owner != content.BuiltinOwner {
				t.Errorf("%s belongs to %s", item.ID, item.Owner)
			}
		}
	}
	entries, err := session.Log().List(background, audit.Filter{Act: audit.ActBundleImport})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%+v, %v", entries, err)
	}
	lock(t, st)
	media, err := filepath.Glob(filepath.Join(st.Dir(), "library", "media", "*"))
	if err != nil || len(media) == 0 {
		t.Fatalf("no media: %v", err)
	}
	whole, err := os.ReadFile(media[0])
	if err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(filepath.Dir(media[0]), strings.Repeat("ab", len(filepath.Base(media[0]))/2))
	if err := os.WriteFile(orphan, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	wantSound(t, stationtest.SignIn(t, st, stationtest.Name))
	left, err := filepath.Glob(filepath.Join(st.Dir(), "library", "media", "*"))
	if err != nil || len(left) != len(media) {
		t.Fatalf("%d media files, %d before, %v", len(left), len(media), err)
	}
}

// Given starter content with a mistake, then the set-up fails whole and the folder can be set up again.
func TestBadStarterContent(t *testing.T) {
	dir := t.TempDir()
	req := request(dir)
	req.Starter, req.StarterContent = true, fstest.MapFS{"courses/x.yaml": {Data: []byte("id: [")}}
	if _, _, _, err := station.Setup(background, req, stationtest.Options(t)); !errors.Is(err, exchange.ErrLint) {
		t.Fatal(err)
	}
	if state, err := station.Inspect(dir); err != nil || state != station.StateEmpty {
		t.Fatal(state, err)
	}
	req.Starter = false
	stationtest.NewWith(t, req, stationtest.Options(t))
}
