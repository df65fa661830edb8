package learn_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/learn"
	"wardbook/app/page/pagetest"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/content"
	"wardbook/data/learning"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

const module = "observe-and-record"

func open(t *testing.T) (*pagetest.Host, *learn.Page, *station.Session) {
	t.Helper()
	_, session, _ := stationtest.NewWith(t, station.SetupRequest{
		Roles: []account.Role{account.RoleOfficer}, Starter: true, StarterContent: resources.Starter(),
	}, stationtest.Options(t))
	host := pagetest.NewHost(t)
	return host, learn.New(host, session.Content(), session.Learning()), session
}

func says(texts []string, part string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, part) })
}

func TestTheCoursesShowHowFarSomebodyHasCome(t *testing.T) {
	host, p, session := open(t)
	ctx := context.Background()
	if err := session.Learning().MarkRead(ctx, module, 1, "fact-and-interpretation"); err != nil {
		t.Fatal(err)
	}
	texts := pagetest.Texts(pagetest.Open(t, host, p, page.Route{Page: page.Learn}))
	if !says(texts, "Foundations") || !says(texts, words.With("learn.lessons-read", map[string]any{"Read": 1, "All": 6})) {
		t.Errorf("the page says %q", texts)
	}
}

func TestHomesLinkToACourseShowsIt(t *testing.T) {
	host, p, _ := open(t)
	texts := pagetest.Texts(pagetest.Open(t, host, p, page.Route{Page: page.Learn, Item: "officer-foundation"}))
	if !says(texts, "Foundations") {
		t.Errorf("the page says %q", texts)
	}
}

func TestReadingGoesOnWhereItStopped(t *testing.T) {
	host, p, session := open(t)
	ctx := context.Background()
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Learn, Item: module})
	test.Tap(pagetest.Button(t, drawn, words.Of("learn.next")))
	read, err := session.Learning().LessonsRead(ctx, module)
	if err != nil || len(read) != 1 {
		t.Fatalf("after “Next lesson”, %v is read, %v", read, err)
	}
	next := host.Went[len(host.Went)-1]
	pagetest.Open(t, host, p, next)
	p.Leave()
	place, err := session.Learning().Place(ctx, module)
	if err != nil || place.LessonID != next.Part {
		t.Fatalf("the place is %+v, %v; want the lesson %s", place, err, next.Part)
	}
	texts := pagetest.Texts(pagetest.Open(t, host, p, page.Route{Page: page.Learn, Item: module}))
	document, _, err := session.Content().Get(ctx, content.Ref{ID: module})
	if err != nil {
		t.Fatal(err)
	}
	if !says(texts, words.In(document.Module.Lessons[1].Title)) {
		t.Errorf("coming back, the page says %q", texts)
	}
}

func TestAnswersAreSavedAsGivenAndTheResultTeaches(t *testing.T) {
	host, p, session := open(t)
	ctx := context.Background()
	attempt, err := session.Learning().StartAttempt(ctx, module)
	if err != nil {
		t.Fatal(err)
	}
	for _, question := range attempt.Questions { // everything but the last one, right
		if question.ID == attempt.Questions[len(attempt.Questions)-1].ID {
			break
		}
		if err := session.Learning().SaveAnswer(ctx, attempt.ID, question.ID, right(question)); err != nil {
			t.Fatal(err)
		}
	}
	drawn := pagetest.Open(t, host, p, page.Route{Page: page.Learn, Item: module, Part: "quiz"})
	if !says(pagetest.Texts(drawn), words.With("learn.question-of", map[string]any{"At": 10, "Of": 10})) {
		t.Fatalf("the quiz does not go on at the first open question: %q", pagetest.Texts(drawn))
	}
	test.Tap(pagetest.Button(t, drawn, words.Of("learn.submit")))
	if len(host.Asked) != 1 || !strings.Contains(host.Asked[0], words.Count("learn.unanswered", 1)) {
		t.Fatalf("before submitting it asks %q", host.Asked)
	}
	texts := pagetest.Texts(pagetest.Open(t, host, p, host.Went[len(host.Went)-1]))
	if !says(texts, words.With("learn.passed", map[string]any{"Percent": 90, "Mark": 80})) || !says(texts, words.Of("learn.nothing-given")) {
		t.Errorf("the result says %q", texts)
	}
}

func right(question content.Question) learning.Given {
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
	return given
}

func TestACertificateIsSavedWhereThePersonSays(t *testing.T) {
	host, p, session := open(t)
	ctx := context.Background()
	for _, id := range []string{module, "prisons-networks-vulnerability"} {
		attempt, err := session.Learning().StartAttempt(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, question := range attempt.Questions {
			if err := session.Learning().SaveAnswer(ctx, attempt.ID, question.ID, right(question)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := session.Learning().Submit(ctx, attempt.ID); err != nil {
			t.Fatal(err)
		}
	}
	host.Path = filepath.Join(t.TempDir(), "certificate.pdf")
	test.Tap(pagetest.Button(t, pagetest.Open(t, host, p, page.Route{Page: page.Learn}), words.Of("learn.save-certificate")))
	text, err := os.ReadFile(host.Path)
	if err != nil || !strings.HasPrefix(string(text), "%PDF-") || len(host.Told) > 0 {
		t.Fatalf("the certificate: %d bytes, %v, %v", len(text), err, host.Told)
	}
}

func TestASearchLeadsToThePlace(t *testing.T) {
	host, p, _ := open(t)
	texts := pagetest.Texts(pagetest.Open(t, host, p, page.Route{Page: page.Learn, Item: "search:family visit"}))
	if says(texts, "Nothing was found") || len(texts) < 4 {
		t.Errorf("the search says %q", texts)
	}
	texts = pagetest.Texts(pagetest.Open(t, host, p, page.Route{Page: page.Learn, Item: "search:xylophone"}))
	if !says(texts, "xylophone") {
		t.Errorf("a search without hits says %q", texts)
	}
}

func TestAnEmptyLibrarySaysWhatToDo(t *testing.T) {
	_, session := stationtest.New(t, account.RoleOfficer)
	host := pagetest.NewHost(t)
	drawn := pagetest.Open(t, host, learn.New(host, session.Content(), session.Learning()), page.Route{Page: page.Learn})
	test.Tap(pagetest.Button(t, drawn, words.Of("learn.to-updates")))
	if len(host.Went) != 1 || host.Went[0].Page != page.Updates {
		t.Errorf("it leads to %+v", host.Went)
	}
}
