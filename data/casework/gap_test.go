package casework_test

import (
	"context"
	"strings"
	"testing"

	"wardbook/data/account"
	"wardbook/data/casework"
	"wardbook/data/content"
)

func TestWhatADraftStillNeeds(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft, err := officer.NewDraft(ctx, content.Ref{ID: "observe"}, casework.SubjectInput{})
	if err != nil {
		t.Fatal(err)
	}
	occasion := func(change func(*casework.Evidence)) func(*casework.Draft) {
		return func(d *casework.Draft) {
			e := evidence()
			change(&e)
			d.Answers["pressures"] = casework.ItemAnswer{Answer: content.AnswerOnce, Evidence: []casework.Evidence{e}}
		}
	}
	for name, try := range map[string]struct {
		change func(*casework.Draft)
		field  casework.Field // "" is nothing missing
		says   string
	}{
		"complete":             {func(*casework.Draft) {}, "", ""},
		"concern left open":    {func(d *casework.Draft) { delete(d.Answers, "pressures") }, "", ""},
		"no reference":         {func(d *casework.Draft) { d.Subject.Reference = " " }, casework.FieldReference, "own reference"},
		"a long reference":     {func(d *casework.Draft) { d.Subject.Reference = strings.Repeat("9", 65) }, casework.FieldReference, "64 characters"},
		"no category":          {func(d *casework.Draft) { d.Subject.Category = "" }, casework.FieldCategory, "legal category"},
		"an invented category": {func(d *casework.Draft) { d.Subject.Category = "suspicious" }, casework.FieldCategory, "legal category"},
		"no status":            {func(d *casework.Draft) { d.Subject.LegalStatus = "" }, casework.FieldLegalStatus, "before trial"},
		"no unit":              {func(d *casework.Draft) { d.Subject.Unit = "" }, casework.FieldUnit, "unit"},
		"an invented answer":   {func(d *casework.Draft) { d.Answers["help"] = casework.ItemAnswer{Answer: "often"} }, casework.FieldAnswer, "one of the answers"},
		"no occasion": {func(d *casework.Draft) {
			d.Answers["pressures"] = casework.ItemAnswer{Answer: content.AnswerRepeatedly}
		}, casework.FieldFact, "at least one occasion"},
		"only saw it": {func(d *casework.Draft) {
			d.Answers["pressures"] = casework.ItemAnswer{Answer: content.AnswerOnce, Evidence: []casework.Evidence{{Witnessed: true}}}
		}, casework.FieldFact, "at least one occasion"},
		"an occasion of what was not observed": {func(d *casework.Draft) {
			d.Answers["help"] = casework.ItemAnswer{Answer: content.AnswerNotObserved, Evidence: []casework.Evidence{evidence()}}
		}, casework.FieldAnswer, "change one of them"},
		"text without an answer": {func(d *casework.Draft) { d.Answers["isolates"] = casework.ItemAnswer{Interpretation: "Perhaps."} }, casework.FieldAnswer, "Isolates a newcomer"},
		"no date":                {occasion(func(e *casework.Evidence) { e.OccurredOn = "" }), casework.FieldOccurredOn, "give the date"},
		"no such date":           {occasion(func(e *casework.Evidence) { e.OccurredOn = "2026-02-30" }), casework.FieldOccurredOn, "is not a date"},
		"tomorrow":               {occasion(func(e *casework.Evidence) { e.OccurredOn = "2026-11-24" }), casework.FieldOccurredOn, "24 Nov 2026 is in the future"},
		"later today":            {occasion(func(e *casework.Evidence) { e.OccurredOn, e.OccurredTime = "2026-11-23", "22:16" }), casework.FieldOccurredTime, "22:16 on 23 Nov 2026 is in the future"},
		"this minute":            {occasion(func(e *casework.Evidence) { e.OccurredOn, e.OccurredTime = "2026-11-23", "22:15" }), "", ""},
		"a slip in the year":     {occasion(func(e *casework.Evidence) { e.OccurredOn = "1926-11-22" }), casework.FieldOccurredOn, "check the year"},
		"no such time":           {occasion(func(e *casework.Evidence) { e.OccurredTime = "25:00" }), casework.FieldOccurredTime, "is not a time"},
		"a short time":           {occasion(func(e *casework.Evidence) { e.OccurredTime = "9:05" }), casework.FieldOccurredTime, "is not a time"},
		"no time":                {occasion(func(e *casework.Evidence) { e.OccurredTime = "" }), "", ""},
		"no place":               {occasion(func(e *casework.Evidence) { e.Place = "" }), casework.FieldPlace, "where it happened"},
		"nobody saw it":          {occasion(func(e *casework.Evidence) { e.Witnessed, e.SourceHeldAt = false, "none" }), casework.FieldReportedBy, "who reported it"},
		"told, source unknown":   {occasion(func(e *casework.Evidence) { e.Witnessed, e.ReportedBy = false, "Teacher 3" }), casework.FieldSourceHeldAt, "is kept"},
		"told, source known": {occasion(func(e *casework.Evidence) {
			e.Witnessed, e.ReportedBy, e.SourceHeldAt = false, "Teacher 3", "School office"
		}), "", ""},
		"no fact":              {occasion(func(e *casework.Evidence) { e.Fact = "" }), casework.FieldFact, "seen or heard"},
		"not said how known":   {occasion(func(e *casework.Evidence) { e.HowKnown = " " }), casework.FieldHowKnown, "how this is known"},
		"no other explanation": {func(d *casework.Draft) { delete(d.Closing, "alternative-explanation") }, casework.FieldClosing, "“I cannot think of one” is an answer"},
		"no word on support":   {func(d *casework.Draft) { d.Closing["support-offered"] = "" }, casework.FieldClosing, "What help was offered?"},
	} {
		fill(&draft)
		try.change(&draft)
		if err := officer.SaveDraft(ctx, draft); err != nil {
			t.Fatal(err)
		}
		gaps, err := officer.CheckDraft(ctx, draft.ID)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case try.field == "" && len(gaps) > 0:
			t.Errorf("%s: %+v", name, gaps)
		case try.field != "" && (len(gaps) != 1 || gaps[0].Field != try.field || !strings.Contains(gaps[0].Sentence, try.says)):
			t.Errorf("%s: %+v, want one about %s that says %q", name, gaps, try.field, try.says)
		}
	}
}

// A blank occasion before a described one does not shift what a gap points at, and is not kept.
func TestAGapPointsAtTheOccasionAsTyped(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	draft := w.filled(officer)
	incomplete := evidence()
	incomplete.Place = ""
	draft.Answers["pressures"] = casework.ItemAnswer{Answer: content.AnswerRepeatedly, Evidence: []casework.Evidence{{}, evidence(), incomplete}}
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	gaps, err := officer.CheckDraft(ctx, draft.ID)
	if err != nil || len(gaps) != 1 || gaps[0].Occasion != 2 || gaps[0].Field != casework.FieldPlace {
		t.Fatalf("the gaps are %+v (%v)", gaps, err)
	}
	draft.Answers["pressures"].Evidence[2].Place = "Yard"
	if err := officer.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	record, err := officer.Submit(ctx, draft.ID)
	if err != nil || len(record.Answers["pressures"].Evidence) != 2 {
		t.Errorf("the record holds %+v (%v)", record.Answers["pressures"], err)
	}
}

func TestTheSelfCheckOfThePrisonNamesNobody(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	manager := w.person("Manager 1", account.RoleManager)
	draft, err := manager.NewDraft(ctx, content.Ref{ID: "prison"}, subject())
	if err != nil || draft.Subject != (casework.SubjectInput{}) {
		t.Fatalf("the draft begins with %+v (%v)", draft.Subject, err)
	}
	draft.Subject = subject() // whatever the caller does
	draft.Answers["hours"] = casework.ItemAnswer{Answer: "absent"}
	if err := manager.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	gaps, err := manager.CheckDraft(ctx, draft.ID)
	if err != nil || len(gaps) != 1 || gaps[0].Field != casework.FieldRemark {
		t.Errorf("the gaps are %+v (%v)", gaps, err)
	}
	draft.Answers["hours"] = casework.ItemAnswer{Answer: "absent", Remark: "One hour a day since March."}
	if err := manager.SaveDraft(ctx, draft); err != nil {
		t.Fatal(err)
	}
	record, err := manager.Submit(ctx, draft.ID)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := manager.Record(ctx, record.ID, "")
	if err != nil || opened.Subject != nil || opened.Answers["hours"].Remark != "One hour a day since March." {
		t.Errorf("the record is %+v (%v)", opened, err)
	}
	if err := w.exec(`INSERT INTO casework_subject VALUES ('01234567-0123-0123-0123-012345678901', 'B-1', 'b-1', 1);
		UPDATE casework_record SET subject_id = '01234567-0123-0123-0123-012345678901'`); err == nil {
		t.Error("a prisoner was added to a check of the prison")
	}
}

func TestAProcedureMayConcernNobody(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	officer := w.person("Officer 4711", account.RoleOfficer)
	for name, try := range map[string]struct {
		subject casework.SubjectInput
		gaps    int
	}{
		"nobody": {casework.SubjectInput{}, 0}, "somebody": {subject(), 0}, "somebody, half": {casework.SubjectInput{Reference: "B-7"}, 3},
	} {
		draft, err := officer.NewDraft(ctx, content.Ref{ID: "sharing"}, try.subject)
		if err != nil {
			t.Fatal(err)
		}
		draft.Answers["basis"] = casework.ItemAnswer{Answer: "ask", Remark: "The order does not name the article."}
		if err := officer.SaveDraft(ctx, draft); err != nil {
			t.Fatal(err)
		}
		gaps, err := officer.CheckDraft(ctx, draft.ID)
		if err != nil || len(gaps) != try.gaps {
			t.Errorf("%s: %+v (%v)", name, gaps, err)
		}
		if try.gaps > 0 {
			continue
		}
		if record, err := officer.Submit(ctx, draft.ID); err != nil || (record.Subject == nil) != (try.subject == casework.SubjectInput{}) {
			t.Errorf("%s: the record is about %v (%v)", name, record.Subject, err)
		}
	}
}
