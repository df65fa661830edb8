package casework_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/content"
)

// Whatever was typed comes back as it was typed, complete or not.
func TestADraftIsKeptAsTyped(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft, err := officer.NewDraft(ctx, content.Ref{ID: "observe"}, subject())
	if err != nil {
		t.Fatal(err)
	}
	text := rapid.OneOf(rapid.Just(""), rapid.StringN(0, 40, -1))
	rapid.Check(t, func(t *rapid.T) {
		draft.Subject = casework.SubjectInput{
			Reference: text.Draw(t, "reference"), Category: casework.Category(text.Draw(t, "category")),
			LegalStatus: casework.LegalStatus(text.Draw(t, "status")), Unit: text.Draw(t, "unit"),
		}
		draft.Answers = map[string]casework.ItemAnswer{}
		for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"family", "help", "pressures", "isolates"}), rapid.ID[string]).Draw(t, "items") {
			a := casework.ItemAnswer{Answer: text.Draw(t, "answer"), Interpretation: text.Draw(t, "interpretation"), Remark: text.Draw(t, "remark")}
			for range rapid.IntRange(0, 3).Draw(t, "occasions") {
				a.Evidence = append(a.Evidence, casework.Evidence{
					OccurredOn: text.Draw(t, "day"), OccurredTime: text.Draw(t, "time"), Place: text.Draw(t, "place"), Witnessed: rapid.Bool().Draw(t, "witnessed"),
					ReportedBy: text.Draw(t, "by"), Fact: text.Draw(t, "fact"), HowKnown: text.Draw(t, "how"), SourceHeldAt: text.Draw(t, "source"),
				})
			}
			draft.Answers[id] = a
		}
		draft.Closing = rapid.MapOf(rapid.SampledFrom([]string{"alternative-explanation", "support-offered"}), text).Draw(t, "closing")
		if err := officer.SaveDraft(ctx, draft); err != nil {
			t.Fatal(err)
		}
		got, err := officer.Draft(ctx, draft.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject != draft.Subject || !reflect.DeepEqual(got.Answers, draft.Answers) || !reflect.DeepEqual(got.Closing, draft.Closing) {
			t.Fatalf("saved %+v\ngot   %+v", draft, got)
		}
		if _, err := officer.CheckDraft(ctx, draft.ID); err != nil {
			t.Fatalf("checking what was typed: %v", err)
		}
	})
}

func TestADraftOutlivesTheProgram(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	w.reopen()
	officer = w.session(officer.actor)
	got, err := officer.Draft(ctx, draft.ID)
	if err != nil || !reflect.DeepEqual(got.Answers, draft.Answers) || !reflect.DeepEqual(got.Checklist, draft.Checklist) || got.ChecklistState != content.StateCurrent {
		t.Errorf("the draft is %+v (%v)", got, err)
	}
	list, err := officer.Drafts(ctx)
	if err != nil || len(list) != 1 || list[0].Reference != "B-1042" || list[0].ChecklistVersion != 1 || list[0].ChecklistTitle["en"] != "Checklist observe" {
		t.Errorf("the list is %+v (%v)", list, err)
	}
}

func TestDraftsAreListedByTheirDateAlone(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	first := w.filled(officer)
	w.later(time.Minute)
	second := w.filled(officer)
	w.later(time.Minute)
	if err := officer.SaveDraft(ctx, first); err != nil {
		t.Fatal(err)
	}
	list, err := officer.Drafts(ctx)
	if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID {
		t.Errorf("the list is %+v (%v)", list, err)
	}
}

func TestNobodySeesTheDraftOfSomebodyElse(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	draft := w.filled(w.person("Officer 4711", account.RoleOfficer))
	for _, other := range []person{w.person("Officer 12", account.RoleOfficer), w.person("Manager 1", account.RoleManager, account.RoleSecondReader)} {
		_, err := other.Draft(ctx, draft.ID)
		wantError(t, "reading", err, casework.ErrNotFound)
		wantError(t, "saving", other.SaveDraft(ctx, draft), casework.ErrNotFound)
		wantError(t, "removing", other.RemoveDraft(ctx, draft.ID), casework.ErrNotFound)
		_, err = other.CheckDraft(ctx, draft.ID)
		wantError(t, "checking", err, casework.ErrNotFound)
		_, err = other.Submit(ctx, draft.ID)
		wantError(t, "submitting", err, casework.ErrNotFound)
		if list, err := other.Drafts(ctx); err != nil || len(list) > 0 {
			t.Errorf("the list is %v (%v)", list, err)
		}
	}
}

func TestARemovedDraftIsGone(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	if err := officer.RemoveDraft(ctx, draft.ID); err != nil {
		t.Fatal(err)
	}
	_, err := officer.Draft(ctx, draft.ID)
	wantError(t, "reading", err, casework.ErrNotFound)
	entries := w.logged()
	if len(entries) != 1 || entries[0].Act != audit.ActDraftRemove || entries[0].Object != draft.ID {
		t.Errorf("the log says %+v", entries)
	}
}

func TestATextThatIsTooLongIsRefusedAndNothingIsLost(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	longer := draft
	longer.Closing = map[string]string{"support-offered": strings.Repeat("x", 1<<20)}
	wantError(t, "saving", officer.SaveDraft(ctx, longer), casework.ErrTooLong)
	if got, err := officer.Draft(ctx, draft.ID); err != nil || !reflect.DeepEqual(got.Closing, draft.Closing) {
		t.Errorf("the draft is %+v (%v)", got.Closing, err)
	}
}
