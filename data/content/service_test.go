package content_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/account/accounttest"
	"wardbook/data/content"
	"wardbook/data/vault"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newLibrary(t testing.TB) *vault.Store {
	t.Helper()
	key := vault.Key{1, 2, 3}
	store, err := vault.Create(context.Background(), t.TempDir(), &key, vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(context.Background(), content.Migrations()); err != nil {
		t.Fatal(err)
	}
	return store
}

func newService(t testing.TB, store *vault.Store) *content.Service {
	t.Helper()
	return content.New(store, accounttest.Actor(t, "T. Tester", account.RoleOfficer), func() time.Time { return noon })
}

func module(id string, version int, lessons ...string) content.Document {
	d := content.Document{
		Kind: content.KindModule, ID: id, Version: version, Owner: "RWowner", Title: content.Text{"en": "Module " + id},
		Languages: []string{"en"}, ChangeNote: fmt.Sprintf("Note %d", version), Module: &content.Module{Minutes: 30},
	}
	for i, body := range lessons {
		d.Module.Lessons = append(d.Module.Lessons, content.Lesson{
			ID: fmt.Sprintf("lesson-%d", i+1), Title: content.Text{"en": fmt.Sprintf("Lesson %d", i+1)}, Kind: content.LessonPlain, Body: content.Text{"en": body},
		})
	}
	return d
}

func put(t testing.TB, store *vault.Store, d content.Document, arrival content.Arrival) (content.PutResult, error) {
	t.Helper()
	arrival.At = noon
	var result content.PutResult
	err := store.Write(context.Background(), func(tx *sql.Tx) (err error) {
		result, err = content.PutTx(context.Background(), tx, d, arrival)
		return err
	})
	return result, err
}

func mustPut(t testing.TB, store *vault.Store, d content.Document, want content.PutResult) {
	t.Helper()
	if got, err := put(t, store, d, content.Arrival{}); err != nil || got != want {
		t.Fatalf("storing %s gave %q and %v, want %q", d.Ref(), got, err, want)
	}
}

func states(t testing.TB, service *content.Service, id string) map[int]content.State {
	t.Helper()
	versions, err := service.Versions(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]content.State{}
	for _, v := range versions {
		found[v.Version] = v.State
	}
	return found
}

func TestAVersionNeverChanges(t *testing.T) {
	store := newLibrary(t)
	mustPut(t, store, module("doors", 1, "Close every door."), content.PutNew)
	mustPut(t, store, module("doors", 1, "Close every door."), content.PutSame)
	_, err := put(t, store, module("doors", 1, "Open every door."), content.Arrival{})
	if !errors.Is(err, content.ErrVersionConflict) {
		t.Fatalf("other content under a known version gave %v", err)
	}
	d, _, err := newService(t, store).Get(context.Background(), content.Ref{ID: "doors", Version: 1})
	if err != nil || d.Module.Lessons[0].Body["en"] != "Close every door." {
		t.Fatalf("the version holds %v, %v", d.Module, err)
	}
}

func TestANewerVersionSupersedesAndAnOlderOneNeverReplaces(t *testing.T) {
	store := newLibrary(t)
	service := newService(t, store)
	mustPut(t, store, module("doors", 2, "two"), content.PutNew)
	mustPut(t, store, module("doors", 1, "one"), content.PutOlder)
	mustPut(t, store, module("doors", 3, "three"), content.PutNew)
	want := map[int]content.State{1: content.StateSuperseded, 2: content.StateSuperseded, 3: content.StateCurrent}
	if got := states(t, service, "doors"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	d, state, err := service.Get(context.Background(), content.Ref{ID: "doors"})
	if err != nil || d.Version != 3 || state != content.StateCurrent {
		t.Fatalf("version 0 gave %s %s %v, want version 3", d.Ref(), state, err)
	}
}

func TestAnItemBelongsToItsFirstPublisherOrASuccessor(t *testing.T) {
	store := newLibrary(t)
	mustPut(t, store, module("doors", 1, "one"), content.PutNew)
	foreign := module("doors", 2, "two")
	foreign.Owner = "RWother"
	if _, err := put(t, store, foreign, content.Arrival{}); !errors.Is(err, content.ErrNotOwner) {
		t.Fatalf("another publisher's version gave %v", err)
	}
	succeeds := func(known, successor string) bool { return known == "RWowner" && successor == "RWother" }
	if got, err := put(t, store, foreign, content.Arrival{Succeeds: succeeds}); err != nil || got != content.PutNew {
		t.Fatalf("the successor's version gave %q, %v", got, err)
	}
}

func TestWhatIsWithdrawnStaysWithdrawn(t *testing.T) {
	store := newLibrary(t)
	service := newService(t, store)
	ctx := context.Background()
	mustPut(t, store, module("doors", 1, "one"), content.PutNew)
	mustPut(t, store, module("doors", 2, "two"), content.PutNew)
	withdraw := func(version int) (changed bool) {
		err := store.Write(ctx, func(tx *sql.Tx) (err error) {
			changed, err = content.WithdrawTx(ctx, tx, content.Ref{ID: "doors", Version: version})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if !withdraw(2) || withdraw(2) {
		t.Fatal("withdrawing says wrongly whether it changed anything")
	}
	if _, _, err := service.Get(ctx, content.Ref{ID: "doors"}); !errors.Is(err, content.ErrWithdrawn) {
		t.Fatalf("asking for the usable version gave %v", err)
	}
	mustPut(t, store, module("doors", 2, "two"), content.PutSame)
	want := map[int]content.State{1: content.StateSuperseded, 2: content.StateWithdrawn}
	if got := states(t, service, "doors"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if hits, err := service.Search(ctx, "two", "en", 10); err != nil || len(hits) > 0 {
		t.Fatalf("a search still finds it: %v, %v", hits, err)
	}
}

func TestChangesAreToldUntilAcknowledged(t *testing.T) {
	store := newLibrary(t)
	service := newService(t, store)
	ctx := context.Background()
	starter := module("basics", 1, "start")
	starter.Owner = content.BuiltinOwner
	mustPut(t, store, starter, content.PutNew)
	mustPut(t, store, module("doors", 1, "one"), content.PutNew)
	mustPut(t, store, module("doors", 2, "two"), content.PutNew)
	changes, err := service.Unacknowledged(ctx)
	if err != nil || len(changes) != 1 || changes[0].Ref != (content.Ref{ID: "doors", Version: 2}) || changes[0].Previous != 1 || changes[0].ChangeNote != "Note 2" {
		t.Fatalf("got %+v, %v; want version 2 of doors alone", changes, err)
	}
	for range 2 {
		if err := service.Acknowledge(ctx, changes[0].Ref); err != nil {
			t.Fatal(err)
		}
	}
	if changes, err = service.Unacknowledged(ctx); err != nil || len(changes) != 0 {
		t.Fatalf("after acknowledging: %+v, %v", changes, err)
	}
	if changes, err = newService(t, store).Unacknowledged(ctx); err != nil || len(changes) != 1 {
		t.Fatalf("another account is told %+v, %v; want one change", changes, err)
	}
}

func TestSearchFindsPartsWithoutMindingCaseAndAccents(t *testing.T) {
	store := newLibrary(t)
	service := newService(t, store)
	mustPut(t, store, module("visits", 1, "A family visit was cancelled.", "The Résumé of the shift."), content.PutNew)
	for typed, wantPart := range map[string]string{
		"FAMILY visit": "lesson-1", "cancel": "lesson-1", "resume": "lesson-2", "résumé": "lesson-2", "visit family": "lesson-1",
	} {
		hits, err := service.Search(context.Background(), typed, "en", 10)
		if err != nil || len(hits) != 1 || hits[0].Part != wantPart {
			t.Errorf("%q found %+v, %v; want %s", typed, hits, err, wantPart)
			continue
		}
		if !strings.Contains(hits[0].Snippet, "«") {
			t.Errorf("the snippet of %q marks nothing: %q", typed, hits[0].Snippet)
		}
	}
}

func TestNothingThatCanBeTypedIsASearchError(t *testing.T) {
	store := newLibrary(t)
	service := newService(t, store)
	mustPut(t, store, module("visits", 1, "A family visit."), content.PutNew)
	for _, typed := range []string{"", " ", `"`, `'`, "*", "a*b", "AND", "visit OR", "NEAR(", "title:visit", "(", "-visit", "^visit", "{a b}", "\x00", "ا ب", "visit\n--"} {
		if _, err := service.Search(context.Background(), typed, "en", 10); err != nil {
			t.Errorf("%q gave %v", typed, err)
		}
	}
}

func TestASearchNeverGivesQuizAnswersAway(t *testing.T) {
	store := newLibrary(t)
	d := module("visits", 1, "A text.")
	d.Module.Questions = []content.Question{{ID: "q", Kind: content.QuestionShort, Stem: content.Text{"en": "Zanzibar?"}, Answers: []content.Answer{{ID: "a", Text: content.Text{"en": "Zanzibar"}, Weight: 100}}}}
	mustPut(t, store, d, content.PutNew)
	if hits, err := newService(t, store).Search(context.Background(), "Zanzibar", "en", 10); err != nil || len(hits) > 0 {
		t.Fatalf("found %+v, %v", hits, err)
	}
}

func FuzzDecode(f *testing.F) {
	encoded, err := module("doors", 1, "one").Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte(`{"kind":"course"}`))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		d, err := content.Decode(bytes)
		if err != nil {
			if !errors.Is(err, content.ErrMalformedDocument) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again, err := d.Encode()
		if err != nil || string(again) != string(bytes) {
			t.Fatalf("a second byte form was accepted: %q and %q", bytes, again)
		}
	})
}

func BenchmarkSearchIn10000Documents(b *testing.B) {
	store := newLibrary(b)
	service := newService(b, store)
	words := strings.Fields("door key wing night shift visit letter canteen yard family officer paper talk listen record fact quiet loud late early")
	err := store.Write(context.Background(), func(tx *sql.Tx) error {
		for i := range 10_000 {
			var text strings.Builder
			for j := range 200 {
				fmt.Fprintf(&text, "%s%d ", words[(i*7+j*13)%len(words)], (i+j)%97)
			}
			if _, err := content.PutTx(context.Background(), tx, module(fmt.Sprintf("doc-%d", i), 1, text.String()), content.Arrival{At: noon}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := range b.N {
		if hits, err := service.Search(context.Background(), fmt.Sprintf("visit%d fam", i%97), "en", 30); err != nil || len(hits) == 0 {
			b.Fatalf("%d hits, %v", len(hits), err)
		}
	}
}
