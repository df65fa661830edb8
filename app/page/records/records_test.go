package records_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/page/records"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/casework"
	"wardbook/data/content"
	"wardbook/data/learning"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

// certified returns a session of an officer with the certificate of the starter course.
func certified(t *testing.T) (*station.Station, *station.Session) {
	t.Helper()
	st, session, _ := stationtest.NewWith(t, station.SetupRequest{
		Roles: []account.Role{account.RoleOfficer}, Starter: true, StarterContent: resources.Starter(),
	}, stationtest.Options(t))
	ctx := context.Background()
	for _, id := range []string{"observe-and-record", "prisons-networks-vulnerability"} {
		attempt, err := session.Learning().StartAttempt(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, question := range attempt.Questions {
			var given learning.Given
			for _, answer := range question.Answers {
				switch {
				case answer.Weight <= 0:
				case question.Kind == content.QuestionShort:
					given.Text = answer.Text[content.DefaultLanguage]
				default:
					given.AnswerIDs = append(given.AnswerIDs, answer.ID)
				}
			}
			if err := session.Learning().SaveAnswer(ctx, attempt.ID, question.ID, given); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := session.Learning().Submit(ctx, attempt.ID); err != nil {
			t.Fatal(err)
		}
	}
	return st, session
}

func newDraft(t *testing.T, session *station.Session) casework.Draft {
	t.Helper()
	draft, err := session.Casework().NewDraft(context.Background(), content.Ref{ID: "observation-record"}, casework.SubjectInput{
		Reference: "B-1207", Category: casework.CategoryConvicted, LegalStatus: casework.StatusSentenced, Unit: "Wing B",
	})
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

func says(root fyne.CanvasObject, part string) bool {
	for _, text := range pagetest.Texts(root) {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// choice finds the answers of the nth item on the screen.
func choice(t *testing.T, root fyne.CanvasObject, nth int) *widgets.Choice {
	t.Helper()
	var found []*widgets.Choice
	pagetest.Walk(root, func(object fyne.CanvasObject) {
		if c, ok := object.(*widgets.Choice); ok {
			found = append(found, c)
		}
	})
	if nth >= len(found) {
		t.Fatalf("there are %d choices, number %d is wanted", len(found), nth)
	}
	return found[nth]
}

func TestWithoutACertificateOnlyTheUrgentNoteIsOffered(t *testing.T) {
	_, session, _ := stationtest.NewWith(t, station.SetupRequest{
		Roles: []account.Role{account.RoleOfficer}, Starter: true, StarterContent: resources.Starter(),
	}, stationtest.Options(t))
	host := pagetest.NewHost(t)
	p := records.New(host, session.Casework(), session.Actor())
	if drawn := pagetest.Open(t, host, p, page.Route{Page: page.Records, Item: "new"}); !says(drawn, "certificate") {
		t.Errorf("it does not say why nothing can be filled: %q", pagetest.Texts(drawn))
	}
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Records, Item: "urgent"})
	if !says(drawn, "duty supervisor now") {
		t.Errorf("the urgent note does not say first what to do: %q", pagetest.Texts(drawn))
	}
}

func TestProtectiveFactorsComeFirstAndWhatIsTypedIsSaved(t *testing.T) {
	_, session := certified(t)
	draft := newDraft(t, session)
	host := pagetest.NewHost(t)
	p := records.New(host, session.Casework(), session.Actor())
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Records, Item: "draft:" + draft.ID})
	first := casework.SectionsOf(*draft.Checklist.Checklist)[0]
	if first.Items[0].Kind != content.ItemProtective || !says(drawn, words.In(first.Items[0].Text)) {
		t.Fatalf("the first screen says %q", pagetest.Texts(drawn))
	}
	test.Tap(choice(t, drawn, 0).First().(fyne.Tappable))
	if len(host.Pending) == 0 {
		t.Fatal("nothing waits to be saved")
	}
	host.RunPending()
	saved, err := session.Casework().Draft(context.Background(), draft.ID)
	if err != nil || saved.Answers[first.Items[0].ID].Answer != content.AnswerNotObserved {
		t.Fatalf("saved is %+v, %v", saved.Answers, err)
	}
}

func TestLeavingSavesAtOnce(t *testing.T) {
	_, session := certified(t)
	draft := newDraft(t, session)
	host := pagetest.NewHost(t)
	p := records.New(host, session.Casework(), session.Actor())
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Records, Item: "draft:" + draft.ID})
	test.Tap(choice(t, drawn, 0).First().(fyne.Tappable))
	p.Leave()
	saved, err := session.Casework().Draft(context.Background(), draft.ID)
	if err != nil || len(saved.Answers) == 0 {
		t.Fatalf("saved is %+v, %v", saved.Answers, err)
	}
}

func TestAnIncompleteDraftIsNotSubmittedAndSaysWhatIsMissing(t *testing.T) {
	_, session := certified(t)
	draft := newDraft(t, session)
	host := pagetest.NewHost(t)
	p := records.New(host, session.Casework(), session.Actor())
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Records, Item: "draft:" + draft.ID})
	test.Tap(pagetest.Button(t, drawn, words.Of("records.submit")))
	if len(host.Asked) != 1 || !strings.Contains(host.Asked[0], words.Of("records.not-yet")) || len(host.Went) != 1 {
		t.Fatalf("it asked %q and went to %+v", host.Asked, host.Went)
	}
	if list, err := session.Casework().Records(context.Background()); err != nil || len(list) != 0 {
		t.Fatalf("there are records: %+v, %v", list, err)
	}
}

// complete answers everything that must be answered.
func complete(t *testing.T, session *station.Session, draft casework.Draft) {
	t.Helper()
	for _, section := range casework.SectionsOf(*draft.Checklist.Checklist) {
		for _, item := range section.Items {
			draft.Answers[item.ID] = casework.ItemAnswer{Answer: content.AnswerNotEnoughInfo}
		}
	}
	for _, closing := range casework.ClosingOf(*draft.Checklist.Checklist) {
		draft.Closing[closing.ID] = "I cannot think of one"
	}
	if err := session.Casework().SaveDraft(context.Background(), draft); err != nil {
		t.Fatal(err)
	}
}

func TestASubmittedRecordCanBeTakenBackUntilAReadingBegins(t *testing.T) {
	_, session := certified(t)
	draft := newDraft(t, session)
	complete(t, session, draft)
	host := pagetest.NewHost(t)
	p := records.New(host, session.Casework(), session.Actor())
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Records, Item: "draft:" + draft.ID})
	test.Tap(pagetest.Button(t, drawn, words.Of("records.submit")))
	if len(host.Told) > 0 || len(host.Went) != 1 {
		t.Fatalf("submitting told %v and went to %+v", host.Told, host.Went)
	}
	drawn = pagetest.Open(t, host, p, host.Went[0])
	if !says(drawn, words.DayOf(time.Now().AddDate(0, 6, 0).Format(time.DateOnly))) {
		t.Errorf("the review date is not shown: %q", pagetest.Texts(drawn))
	}
	test.Tap(pagetest.Button(t, drawn, words.Of("records.take-back")))
	drafts, err := session.Casework().Drafts(context.Background())
	if err != nil || len(drafts) != 1 || len(host.Told) > 0 {
		t.Fatalf("after taking back: %+v, %v, %v", drafts, err, host.Told)
	}
}

func TestNothingOnTheListsCountsOrRanksPeople(t *testing.T) {
	_, session := certified(t)
	newDraft(t, session)
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, records.New(host, session.Casework(), session.Actor()), page.Route{Page: page.Records})
	for _, text := range pagetest.Texts(drawn) {
		for _, word := range []string{"score", "risk", "level", "total", "rank"} {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("the list says %q", text)
			}
		}
	}
}

func TestAnAccountWithoutTheKeyIsToldWhatToDo(t *testing.T) {
	_, session := stationtest.New(t, account.RoleOfficer)
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, records.New(host, nil, session.Actor()), page.Route{Page: page.Records})
	if !says(drawn, words.Of("records.no-key")) {
		t.Errorf("it says %q", pagetest.Texts(drawn))
	}
	if _, err := session.Casework().Record(context.Background(), "nothing", ""); !errors.Is(err, casework.ErrNotFound) {
		t.Errorf("a record that is not there gave %v", err)
	}
}
