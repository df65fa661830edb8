package casework_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"wardbook/data/account"
	"wardbook/data/casework"
	"wardbook/data/content"
)

func TestAChecklistIsFilledByTheRolesThatItNames(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	noRoles := observation(1)
	noRoles.ID, noRoles.Checklist.Roles = "no-roles", nil
	w.put(noRoles)
	officer, reader, manager := w.person("Officer 4711", account.RoleOfficer), w.person("Reader 1", account.RoleSecondReader), w.person("Manager 1", account.RoleManager)
	for _, try := range []struct {
		who       person
		checklist string
		may       bool
	}{
		{officer, "observe", true},
		{officer, "no-roles", true},
		{officer, "prison", false},
		{officer, "sharing", true},
		{reader, "observe", false},
		{reader, "no-roles", false},
		{reader, "prison", false},
		{reader, "sharing", true},
		{manager, "observe", false},
		{manager, "no-roles", false},
		{manager, "prison", true},
		{manager, "sharing", true},
	} {
		_, err := try.who.NewDraft(ctx, content.Ref{ID: try.checklist}, subject())
		if try.may && err != nil {
			t.Errorf("%s could not fill %s: %v", try.who.actor.AccountName(), try.checklist, err)
		}
		if !try.may {
			wantError(t, try.who.actor.AccountName()+" filling "+try.checklist, err, account.ErrNotAllowed)
		}
		list, err := try.who.ChecklistsToFill(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			if one.ID == try.checklist && (one.Allowed != try.may || one.Allowed == (one.WhyNot != "")) {
				t.Errorf("%s is told about %s: allowed %v, %q", try.who.actor.AccountName(), try.checklist, one.Allowed, one.WhyNot)
			}
		}
	}
}

func TestFillingTakesACurrentCertificate(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	id := officer.actor.AccountID()

	told := func() string {
		list, err := officer.ChecklistsToFill(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			if one.ID == "observe" {
				return one.WhyNot
			}
		}
		return "not listed"
	}
	// Without one, nothing can be begun or submitted; the sentence names the course.
	delete(w.holders, id)
	_, err := officer.NewDraft(ctx, content.Ref{ID: "observe"}, subject())
	wantError(t, "beginning", err, casework.ErrNoCertificate)
	_, err = officer.Submit(ctx, draft.ID)
	wantError(t, "submitting", err, casework.ErrNoCertificate)
	if want := "This needs a current certificate of the course “Foundations”."; told() != want {
		t.Errorf("the sentence is %q, want %q", told(), want)
	}
	// With an expired one neither; the sentence says when it ended.
	w.holders[id] = w.now.Add(-time.Hour)
	_, err = officer.Submit(ctx, draft.ID)
	wantError(t, "submitting with an expired one", err, casework.ErrNoCertificate)
	if want := "This needs a current certificate of the course “Foundations”; yours ended on 23 Nov 2026."; told() != want {
		t.Errorf("the sentence is %q, want %q", told(), want)
	}
	// The draft can still be saved, and submitted once there is one again.
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Errorf("saving: %v", err)
	}
	w.holders[id] = w.now.Add(time.Hour)
	if _, err := officer.Submit(ctx, draft.ID); err != nil || told() != "" {
		t.Errorf("submitting: %v, %q", err, told())
	}
}

func TestASupersededVersionMayBeFinishedAndAWithdrawnOneMayNot(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	finished, stuck := w.filled(officer), w.filled(officer)
	before := w.submitted(officer)
	// When version 2 comes, a draft of version 1 may be finished, but none begun.
	w.put(observation(2))
	if got, err := officer.Draft(ctx, stuck.ID); err != nil || got.ChecklistState != content.StateSuperseded || got.Checklist.Version != 1 {
		t.Errorf("the draft is of version %d, %s (%v)", got.Checklist.Version, got.ChecklistState, err)
	}
	record, err := officer.Submit(ctx, finished.ID)
	if err != nil || record.Checklist.Version != 1 {
		t.Errorf("submitting: version %d (%v)", record.Checklist.Version, err)
	}
	_, err = officer.NewDraft(ctx, content.Ref{ID: "observe", Version: 1}, subject())
	wantError(t, "beginning the old version", err, casework.ErrNotCurrent)
	if draft, err := officer.NewDraft(ctx, content.Ref{ID: "observe"}, subject()); err != nil || draft.Checklist.Version != 2 {
		t.Errorf("beginning: version %d (%v)", draft.Checklist.Version, err)
	}
	// When version 1 is withdrawn, its drafts cannot be submitted and its records are marked.
	w.withdraw("observe", 1)
	_, err = officer.Submit(ctx, stuck.ID)
	wantError(t, "submitting a withdrawn version", err, casework.ErrWithdrawn)
	if err := officer.SaveDraft(ctx, stuck); err != nil {
		t.Errorf("saving: %v", err)
	}
	records, err := officer.Records(ctx)
	if err != nil || len(records) != 2 || records[0].ChecklistState != content.StateWithdrawn || records[1].ChecklistState != content.StateWithdrawn {
		t.Errorf("the records are %+v (%v)", records, err)
	}
	opened, err := officer.Record(ctx, before.ID, "")
	if err != nil || opened.ChecklistState != content.StateWithdrawn || opened.Checklist.Version != 1 || len(opened.Checklist.Checklist.Sections) != 2 {
		t.Errorf("the record carries version %d, %s (%v)", opened.Checklist.Version, opened.ChecklistState, err)
	}
	// When the newest is withdrawn too, nothing can be begun.
	w.withdraw("observe", 2)
	_, err = officer.NewDraft(ctx, content.Ref{ID: "observe"}, subject())
	wantError(t, "beginning", err, casework.ErrWithdrawn)
}

func TestAOneSidedChecklistCannotBeFilled(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	oneSided := observation(1)
	oneSided.ID, oneSided.Checklist.Sections = "one-sided", oneSided.Checklist.Sections[:1]
	w.put(oneSided)
	_, err := officer.NewDraft(ctx, content.Ref{ID: "one-sided"}, subject())
	wantError(t, "one-sided", err, casework.ErrUnsound)
}

func TestTheProtectiveSectionComesFirstAndMustBeAnswered(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	sections := casework.SectionsOf(*draft.Checklist.Checklist)
	if sections[0].ID != "protective" || sections[1].ID != "concern" {
		t.Errorf("the sections are %s, %s", sections[0].ID, sections[1].ID)
	}
	delete(draft.Answers, "family")
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	_, err := officer.Submit(ctx, draft.ID)
	wantError(t, "submitting", err, casework.ErrIncomplete)
	gaps, err := officer.CheckDraft(ctx, draft.ID)
	if err != nil || len(gaps) != 1 || gaps[0].ItemID != "family" || !strings.Contains(gaps[0].Sentence, "“not enough information” is an answer") {
		t.Errorf("the gaps are %+v (%v)", gaps, err)
	}
}

func TestTheStarterChecklistsCanBeFilled(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	folder, _ := content.ReadFolder(os.DirFS("../../resources/starter"))
	found := 0
	for _, source := range folder.Sources {
		d := source.Document
		if d.Kind != content.KindChecklist {
			continue
		}
		found++
		d.Owner = content.BuiltinOwner
		w.put(d)
		for _, role := range d.Checklist.Roles {
			who := w.person("Account "+role, account.Role(role))
			draft, err := who.NewDraft(ctx, d.Ref(), subject())
			if err != nil {
				t.Errorf("%s cannot fill %s: %v", role, d.ID, err)
				continue
			}
			if gaps, err := who.CheckDraft(ctx, draft.ID); err != nil || len(gaps) == 0 {
				t.Errorf("an empty %s has the gaps %v (%v)", d.ID, gaps, err)
			}
		}
	}
	if found < 4 {
		t.Errorf("%d checklists were found", found)
	}
}
