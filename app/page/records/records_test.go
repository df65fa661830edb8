package records

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework"
	"wardbook/data/station/stationtest"
)

func TestARecordIsFilledAndSubmitted(t *testing.T) {
	s := newSite(t)
	record := s.submitted()
	if !within(s.host.Asked, words.Of("records.submit-message")) {
		t.Errorf("the consequence was not named before: %v", s.host.Asked)
	}
	kept, err := s.session.Casework().Record(context.Background(), record, "")
	if err != nil {
		t.Fatal(err)
	}
	answer := kept.Answers["presses-others"]
	if len(answer.Evidence) != 1 || !strings.HasPrefix(answer.Evidence[0].Fact, "Stood before") || !strings.HasPrefix(answer.Interpretation, "May want") ||
		!answer.Evidence[0].Witnessed || answer.Evidence[0].Place != "Yard" {
		t.Errorf("the record holds %+v", answer)
	}
	if kept.Closing["alternative-explanation"] != "I cannot think of one" || kept.Subject.Reference != reference {
		t.Errorf("the record holds %+v about %+v", kept.Closing, kept.Subject)
	}
	for _, want := range []string{
		words.DayOf(kept.ReviewDue), words.DayOf(kept.DeleteDue), "Stood before the door", "May want to keep",
		words.Of("records.interpretation"), words.With("records.fact-n", map[string]any{"Number": 1}),
	} {
		if !s.says(want) {
			t.Errorf("the record does not show %q: %v", want, s.texts())
		}
	}
	if len(s.drafts()) > 0 {
		t.Error("the draft is still there")
	}
}

func TestProtectiveFactorsComeFirstAndWhatIsMissingIsSaid(t *testing.T) {
	s := newSite(t)
	s.begun()
	var titles []string
	for _, l := range find[*widgets.Link](s.host.Content()) {
		titles = append(titles, l.Title())
	}
	if want := []string{"What protects", "What gives concern", words.Of("records.about"), words.Of("checklists.closing")}; !slices.Equal(titles, want) {
		t.Fatalf("the sections are %v, want %v", titles, want)
	}
	missing := "Answer “Asks staff for help”"
	if !s.says(missing) {
		t.Errorf("it does not say %q: %v", missing, s.texts())
	}
	if !s.says("Any request.") || !s.says("Small talk.") {
		t.Error("guidance or what not to confuse it with is missing")
	}
	// Each gap leads to its place
	draft := itemDraft + s.drafts()[0].ID
	s.host.fill = func(content fyne.CanvasObject) {
		gaps := find[option](content)
		if len(gaps) != 2 || !strings.Contains(gaps[0].Text(), "Asks staff for help") || !strings.Contains(gaps[1].Text(), "What else could explain this?") {
			t.Fatalf("the gaps are %v", pagetest.Texts(content))
		}
		gaps[1].Tapped(nil)
	}
	s.press("records.submit")
	if want := (page.Route{Page: page.Records, Item: draft, Part: partClosing}); s.host.Went[len(s.host.Went)-1] != want {
		t.Errorf("the second gap leads to %v, want %v", s.host.Went, want)
	}
	s.host.fill = func(fyne.CanvasObject) {}
	s.press("records.submit")
	if want := (page.Route{Page: page.Records, Item: draft, Part: "protective"}); s.follow() != want {
		t.Errorf("the first gap leads to %v, want %v", s.host.Went, want)
	}
	s.answer(words.Of("answer.not-enough-information"))
	s.host.RunPending()
	if s.says(missing) {
		t.Errorf("it still says %q after it was answered and saved: %v", missing, s.texts())
	}
}

func TestADraftIsSavedOnceTypingStopsAndWhenThePageIsLeft(t *testing.T) {
	s := newSite(t)
	id := s.begun()
	kept := func() string {
		draft, err := s.session.Casework().Draft(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		return draft.Closing["alternative-explanation"]
	}
	s.show(page.Route{Page: page.Records, Item: itemDraft + id, Part: partClosing})
	typed := find[*widgets.Entry](s.host.Content())[0]
	typed.SetText("He was")
	if kept() != "" {
		t.Error("the draft was saved while it was typed")
	}
	s.host.RunPending()
	if kept() != "He was" {
		t.Errorf("after a pause %q is saved", kept())
	}
	typed.SetText("He was cold.")
	s.page.Leave()
	if kept() != "He was cold." {
		t.Errorf("after leaving %q is saved", kept())
	}
	// Another session finds it at the same place
	s.signIn(stationtest.Name)
	s.open(itemDraft+id, partClosing)
	if got := find[*widgets.Entry](s.host.Content())[0].Text; got != "He was cold." {
		t.Errorf("after signing in again it holds %q", got)
	}
}

func TestHeadersShowNoSubject(t *testing.T) {
	s := newSite(t)
	id := s.begun()
	if s.says(reference) {
		t.Errorf("the draft's first screen shows the reference: %v", s.texts())
	}
	s.show(page.Route{Page: page.Records, Item: itemDraft + id, Part: partSubject})
	if got := field[*widgets.Entry](s, "records.reference").Text; got != reference {
		t.Errorf("the reference is %q", got)
	}
}

func TestOtherPagesLeadToDraftsRecordsAndNotes(t *testing.T) {
	s := newSite(t)
	id := s.begun()
	s.open(id, "draft")
	if !s.says("What protects") {
		t.Errorf("the draft is not shown: %v", s.texts())
	}
	s.press("records.next")
	if want := (page.Route{Page: page.Records, Item: itemDraft + id, Part: "concern"}); s.host.Went[len(s.host.Went)-1] != want {
		t.Errorf("the next section is %v, want %v", s.host.Went, want)
	}
	s.fill(id)
	record, err := s.session.Casework().Submit(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	s.open(record.ID, "record")
	if !s.says("Stood before the door") {
		t.Errorf("the record is not shown: %v", s.texts())
	}
	note, err := s.session.Casework().UrgentNote(context.Background(), urgent())
	if err != nil {
		t.Fatal(err)
	}
	s.open(note.ID, "note")
	if !s.says("would be hurt tonight") {
		t.Errorf("the note is not shown: %v", s.texts())
	}
}

func urgent() casework.UrgentNoteInput {
	return casework.UrgentNoteInput{
		Subject: casework.SubjectInput{Reference: reference}, What: "Said that he would be hurt tonight.", When: time.Now().Add(-time.Hour),
		Where: "Yard", HowKnown: "Heard it myself.",
	}
}

func TestChecklistsThatMayNotBeFilledSayWhy(t *testing.T) {
	s := newSite(t)
	s.open(itemNew, "")
	if !s.says("Wing record: ") || !s.says("certificate of the course “Wing course”") {
		t.Errorf("it does not say why: %v", s.texts())
	}
	s.press("records.read-checklist")
	if want := (page.Route{Page: page.Checklists, Item: "wing-record"}); !slices.Contains(s.host.Went, want) {
		t.Errorf("what cannot be filled leads to %v, want %v", s.host.Went, want)
	}
	s.open(itemNew, "")
	s.link("Gate record")
	if want := (page.Route{Page: page.Records, Item: itemNew, Part: "gate-record"}); !slices.Contains(s.host.Went, want) {
		t.Errorf("it leads to %v, want %v", s.host.Went, want)
	}
	// and a route that names such a one begins nothing
	s.open(itemNew, "wing-record")
	if s.says(words.Of("records.begin-record")) {
		t.Error("a checklist without its certificate can be begun")
	}
}

func TestARecordIsTakenBackUntilItIsRead(t *testing.T) {
	s := newSite(t)
	record := s.submitted()
	s.press("records.take-back")
	s.follow()
	drafts := s.drafts()
	if len(drafts) != 1 || !s.says("What protects") {
		t.Fatalf("there are %d drafts: %v", len(drafts), s.texts())
	}
	again, err := s.session.Casework().Submit(context.Background(), drafts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	s.signIn(reader)
	if _, err := s.session.Casework().BeginReading(context.Background(), again.ID, "On duty."); err != nil {
		t.Fatal(err)
	}
	s.signIn(stationtest.Name)
	s.open(itemRecord+again.ID, "")
	if s.says(words.Of("records.take-back")) || !s.says(words.Of("records.state-being-read")) {
		t.Errorf("a record that is being read can be taken back: %v", s.texts())
	}
	if record == again.ID {
		t.Error("it is the same record")
	}
}

func TestASecondReaderOpensWithAReasonAndReads(t *testing.T) {
	ctx := context.Background()
	s := newSite(t)
	record := s.submitted()
	s.open("", "")
	if s.says(words.Of("records.waits")) {
		t.Error("the author sees what waits")
	}
	s.signIn(reader)
	s.open("", "waiting")
	if s.says("Stood before the door") {
		t.Fatal("the list shows what was written")
	}
	s.host.fill = func(content fyne.CanvasObject) {
		if !within(pagetest.Texts(content), words.Of("records.begin-message")) {
			t.Errorf("the consequence is not named: %v", pagetest.Texts(content))
		}
	}
	s.host.Went = nil
	s.link("Gate record")
	if s.host.refused == nil || len(s.host.Went) > 0 {
		t.Fatal("it was opened without a reason")
	}
	s.host.fill = func(content fyne.CanvasObject) { find[*widgets.Entry](content)[0].SetText("On duty as second reader.") }
	s.link("Gate record")
	if route := s.follow(); route.Item != itemRecord+record || !s.says("Stood before the door") || !s.says(words.Of("records.blind")) || s.says("May want to keep") {
		t.Fatalf("%v shows %v", route, s.texts())
	}
	if s.says(words.Of("records.take-back")) || len(find[*widgets.Entry](s.host.Content())) > 0 {
		t.Error("a second reader can change the record")
	}
	s.show(page.Route{Page: page.Records, Part: "waiting"})
	if !s.says(words.Of("records.you-read")) {
		t.Errorf("the list does not say who reads it: %v", s.texts())
	}

	// After the program was locked, the reason is asked for again
	s.signIn(reader)
	s.open(itemRecord+record, "")
	if s.says("Stood before the door") || !s.says(words.Of("records.open-again-message")) {
		t.Fatalf("it shows %v", s.texts())
	}
	s.press("records.open-again")
	if !s.says(words.Of("records.reason-empty")) {
		t.Error("it does not ask for the reason")
	}
	s.typed("records.reason", "Goes on reading.")
	s.press("records.open-again")
	s.follow()
	if !s.says("Stood before the door") {
		t.Errorf("it shows %v; told %v", s.texts(), s.host.Told)
	}
	var reasons []string
	s.signIn(stationtest.Name)
	entries := caseworkLog(t, s, ctx)
	for _, e := range entries {
		if e.Object == record && e.Reason != "" {
			reasons = append(reasons, string(e.Act)+": "+e.Reason)
		}
	}
	if want := []string{"record-open: Goes on reading.", "reading-begin: On duty as second reader."}; !slices.Equal(reasons, want) {
		t.Errorf("the log says %q, want %q", reasons, want)
	}
}

// caseworkLog reads the log as an auditor who is given the casework key for it.
func caseworkLog(t *testing.T, s *site, ctx context.Context) []audit.Entry {
	t.Helper()
	added := stationtest.Add(t, s.session, "Auditor 3", account.RoleAuditor, account.RoleManager)
	if err := s.session.Accounts().GrantCasework(ctx, added.ID); err != nil {
		t.Fatal(err)
	}
	s.signIn("Auditor 3")
	entries, err := s.session.Log().List(ctx, audit.Filter{Store: audit.Casework})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestAnUrgentNoteSaysFirstWhomToTellAndReachesTheSecondReader(t *testing.T) {
	s := newSite(t)
	s.open(itemUrgent, "")
	if texts := s.texts(); !within(texts[:min(4, len(texts))], words.Of("records.urgent-first")) {
		t.Errorf("it begins with %v", texts[:min(4, len(texts))])
	}
	s.press("records.send-note")
	if len(s.host.Told) != 1 || len(s.host.Went) > 0 {
		t.Fatalf("an empty note was sent; told %v", s.host.Told)
	}
	s.typed("records.reference", reference)
	s.typed("records.fact", "Said that he would be hurt tonight.")
	s.typed("records.place", "Yard")
	s.typed("records.how", "Heard it myself.")
	s.typed("records.time", "later")
	s.press("records.send-note")
	if len(s.host.Told) != 2 || len(s.host.Went) > 0 {
		t.Fatalf("a note without a time was sent; told %v", s.host.Told)
	}
	field[*widgets.DateField](s, "records.day").SetDay(time.Now().AddDate(0, 0, -1).Format(time.DateOnly))
	s.typed("records.time", "22:15")
	s.press("records.send-note")
	s.follow()
	if !s.says("would be hurt tonight") || !s.says("22:15") {
		t.Fatalf("the note shows %v; told %v", s.texts(), s.host.Told)
	}
	s.signIn(reader)
	s.open("", "waiting")
	s.host.fill = func(content fyne.CanvasObject) { find[*widgets.Entry](content)[0].SetText("On duty.") }
	s.link(words.Of("records.urgent"))
	s.follow()
	if !s.says("would be hurt tonight") {
		t.Errorf("the second reader sees %v; told %v", s.texts(), s.host.Told)
	}
}

// Given an urgent note that is being written, when the program locks, then what was typed is there again, also what is no
// time, until it is removed.
func TestAnUnsentUrgentNoteIsThereAgain(t *testing.T) {
	s := newSite(t)
	s.open(itemUrgent, "")
	s.typed("records.reference", reference)
	s.typed("records.fact", "Said that")
	s.typed("records.time", "after lunch")
	s.page.Leave()
	s.open("", "")
	if !s.says("Not sent yet") {
		t.Fatalf("the list shows %v", s.texts())
	}
	s.link(words.Of("records.urgent"))
	s.follow()
	if fact, at := field[*widgets.Entry](s, "records.fact").Text, field[*widgets.Entry](s, "records.time").Text; fact != "Said that" || at != "after lunch" {
		t.Errorf("there are %q and %q", fact, at)
	}
	s.press("records.remove")
	s.follow()
	if s.says("Not sent yet") {
		t.Error("the removed note is there again")
	}
}

// Given words about who somebody is, when they are typed, then the field explains, and nothing is blocked.
func TestWordsAboutBeliefArePromptedAndNotBlocked(t *testing.T) {
	s := newSite(t)
	s.open(itemUrgent, "")
	s.typed("records.fact", "He prays and said that he would be hurt tonight.")
	if !s.says("“prays” speaks of worship") {
		t.Fatalf("it does not explain: %v", s.texts())
	}
	s.typed("records.reference", reference)
	s.typed("records.place", "Yard")
	s.typed("records.how", "Heard it myself.")
	s.press("records.send-note")
	if s.follow(); len(s.host.Told) > 0 {
		t.Errorf("it was blocked: %v", s.host.Told)
	}
	s.open(itemUrgent, "")
	if s.says("speaks of") {
		t.Error("an empty field explains")
	}
}

func TestEmptyListsSayWhatToDoNext(t *testing.T) {
	s := newSite(t)
	s.open("", "")
	if !s.says(words.Of("records.none-next")) || !s.says(words.Of("records.new")) {
		t.Errorf("an officer reads %v", s.texts())
	}
	s.signIn(reader)
	s.open("", "")
	if !s.says(words.Of("records.none-reader")) || s.says(words.Of("records.none-next")) {
		t.Errorf("a second reader reads %v", s.texts())
	}
}

func TestARoleWithoutTheKeyIsToldWhatItWaitsFor(t *testing.T) {
	host := pagetest.NewHost(t)
	st, session := stationtest.New(t)
	stationtest.Add(t, session, "Officer 31", account.RoleOfficer)
	officer := stationtest.SignIn(t, st, "Officer 31")
	pagetest.Open(t, host, page.Page[View](New(host, nil, officer.Actor())), page.Route{Page: page.Records})
	if !within(pagetest.Texts(host.Content()), words.Of("records.no-key-next")) {
		t.Errorf("it says %v", pagetest.Texts(host.Content()))
	}
}

func TestADraftIsRemovedAfterAQuestion(t *testing.T) {
	s := newSite(t)
	s.begun()
	s.host.Answer = false
	s.press("records.remove")
	if len(s.drafts()) != 1 {
		t.Fatal("it was removed without an answer")
	}
	s.host.Answer = true
	s.press("records.remove")
	s.follow()
	if len(s.drafts()) != 0 || !s.says(words.Of("records.none")) {
		t.Errorf("there are %d drafts: %v", len(s.drafts()), s.texts())
	}
}
