package learn

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/content"
	"wardbook/data/learning"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

const (
	course = "officer-foundation"
	first  = "prisons-networks-vulnerability"
	second = "observe-and-record"
)

// desk is a signed-in officer with the starter content in front of the page.
type desk struct {
	t       *testing.T
	host    *pagetest.Host
	session *station.Session
	page    *Page
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	host := pagetest.NewHost(t)
	_, session, _ := stationtest.NewWith(t, station.SetupRequest{
		Roles: []account.Role{account.RoleOfficer}, Starter: true, StarterContent: resources.Starter(),
	}, stationtest.Options(t))
	return &desk{t, host, session, New(host, session.Content(), session.Learning())}
}

// show leaves what is shown and shows a place, as the shell does.
func (d *desk) show(item, part string) {
	d.t.Helper()
	d.page.Leave()
	d.host.Pending = nil // the shell stops what waits for its time
	pagetest.Open(d.t, d.host, page.Page[View](d.page), page.Route{Page: page.Learn, Item: item, Part: part})
	d.host.RunPending()
}

// follow shows the place that the page asked for last.
func (d *desk) follow() page.Route {
	d.t.Helper()
	if len(d.host.Went) == 0 {
		d.t.Fatal("the page did not ask to go anywhere")
	}
	route := d.host.Went[len(d.host.Went)-1]
	if route.Page == page.Learn {
		d.show(route.Item, route.Part)
	}
	return route
}

func (d *desk) says(part string) bool {
	return slices.ContainsFunc(pagetest.Texts(d.host.Content()), func(text string) bool { return strings.Contains(text, part) })
}

func (d *desk) wants(parts ...string) {
	d.t.Helper()
	for _, part := range parts {
		if !d.says(part) {
			d.t.Errorf("%q is missing in %q", part, pagetest.Texts(d.host.Content()))
		}
	}
}

func (d *desk) press(text string) {
	d.t.Helper()
	test.Tap(pagetest.Button(d.t, d.host.Content(), text))
}

func (d *desk) links(beginning string) []*widgets.Link {
	var found []*widgets.Link
	pagetest.Walk(d.host.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widgets.Link); ok && strings.HasPrefix(l.Title(), beginning) {
			found = append(found, l)
		}
	})
	return found
}

func (d *desk) tap(beginning string) {
	d.t.Helper()
	found := d.links(beginning)
	if len(found) == 0 {
		d.t.Fatalf("there is no line %q: %q", beginning, pagetest.Texts(d.host.Content()))
	}
	test.Tap(found[0])
}

func (d *desk) module(id string) content.Document {
	d.t.Helper()
	document, _, err := d.session.Content().Get(context.Background(), content.Ref{ID: id})
	if err != nil {
		d.t.Fatal(err)
	}
	return document
}

func (d *desk) reader() *widgets.Reader {
	d.t.Helper()
	var found *widgets.Reader
	pagetest.Walk(d.host.Content(), func(o fyne.CanvasObject) {
		if r, ok := o.(*widgets.Reader); ok {
			found = r
		}
	})
	if found == nil {
		d.t.Fatal("there is no reader")
	}
	return found
}

func TestCoursesSayHowFarOneHasCome(t *testing.T) {
	d := newDesk(t)
	document := d.module(first)
	for _, lesson := range document.Module.Lessons[:4] {
		if err := d.session.Learning().MarkRead(context.Background(), first, document.Version, lesson.ID); err != nil {
			t.Fatal(err)
		}
	}
	d.show("", "")
	d.wants("Foundations: see fairly, write fairly", "4 of 6 lessons read, quiz not begun", "0 of 6 lessons read", "For: Everybody",
		"4 of 12 lessons read, 0 of 2 quizzes passed")

	d.press(words.Of("learn.continue"))
	if got := d.follow(); got.Item != first || got.Part != "" {
		t.Errorf("going on leads to %+v", got)
	}
	d.show("", "")
	d.press(words.Of("learn.about-course"))
	if got := d.follow(); got.Item != course {
		t.Errorf("about the course leads to %+v", got)
	}
	d.wants("80 % in the quiz of each module", "Valid for 24 months", "4 of 6 lessons read")
	d.tap("2. Observe and record")
	if got := d.follow(); got.Item != second {
		t.Errorf("the module leads to %+v", got)
	}
}

func TestWithoutContentThePageSaysWhatToDo(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t, account.RoleOfficer)
	d := &desk{t, host, session, New(host, session.Content(), session.Learning())}
	d.show("", "")
	d.wants(words.Of("learn.none"), words.Of("learn.none-next"))
	d.press(words.Of("learn.to-updates"))
	if got := d.host.Went[0]; got.Page != page.Updates {
		t.Errorf("it leads to %+v", got)
	}
}

func TestReadingGoesOnWhereItWasLeft(t *testing.T) {
	d := newDesk(t)
	lessons := d.module(first).Module.Lessons
	d.show(first, lessons[1].ID)
	d.reader().SetPlace(0.4)
	place := d.reader().Place()
	if place <= 0.1 {
		t.Fatalf("the lesson cannot be scrolled: %v", place)
	}

	// The module alone leads back to the lesson and to the place in it.
	d.show(first, "")
	if got := d.reader().Place(); got < place-0.01 || got > place+0.01 {
		t.Errorf("reading goes on at %v, left at %v", got, place)
	}
	d.wants("open now")
	// Another lesson begins at its beginning, and is where reading goes on from then.
	d.show(first, lessons[2].ID)
	if got := d.reader().Place(); got != 0 {
		t.Errorf("a new lesson begins at %v", got)
	}
	saved, err := d.session.Learning().Place(context.Background(), first)
	if err != nil || saved.LessonID != lessons[2].ID {
		t.Errorf("the saved place is %+v, %v", saved, err)
	}
}

func TestScrollingSavesThePlaceWithoutLeaving(t *testing.T) {
	d := newDesk(t)
	lesson := d.module(first).Module.Lessons[0].ID
	d.show(first, lesson)
	d.reader().Prose().TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	d.host.RunPending()
	saved, err := d.session.Learning().Place(context.Background(), first)
	if err != nil || saved.LessonID != lesson || saved.Position <= 0 {
		t.Errorf("the saved place is %+v, %v", saved, err)
	}
}

func TestNextLessonMarksTheLessonAsRead(t *testing.T) {
	d := newDesk(t)
	document := d.module(first)
	lessons := document.Module.Lessons
	d.show(first, lessons[0].ID)
	if _, focused := d.host.Window().Canvas().Focused().(*widgets.Prose); !focused {
		t.Error("the keys do not scroll the text")
	}
	d.wants(words.In(document.Module.Objectives[0]), document.Module.Sources[0], words.In(document.Title))
	for i, lesson := range lessons {
		if i+1 < len(lessons) {
			d.press(words.Of("learn.next"))
			if got := d.follow(); got.Part != lessons[i+1].ID {
				t.Errorf("after %s comes %+v", lesson.ID, got)
			}
		}
	}
	d.press(words.Of("learn.to-quiz"))
	if got := d.follow(); got.Item != first || got.Part != partQuiz {
		t.Errorf("after the last lesson comes %+v", got)
	}
	read, err := d.session.Learning().LessonsRead(context.Background(), first)
	if err != nil || len(read) != len(lessons) {
		t.Errorf("read: %v, %v", read, err)
	}
}

func TestAVignetteIsMarkedAndPicturesAreThere(t *testing.T) {
	d := newDesk(t)
	vignettes, pictures := 0, 0
	for _, id := range []string{first, second} {
		for _, lesson := range d.module(id).Module.Lessons {
			d.show(id, lesson.ID)
			if marked := d.says(words.Of("learn.vignette")); marked != (lesson.Kind == content.LessonVignette) {
				t.Errorf("%s: marked as a case: %v", lesson.ID, marked)
			} else if marked {
				vignettes++
			}
			view, err := d.page.Load(context.Background(), page.Route{Page: page.Learn, Item: id, Part: lesson.ID})
			if err != nil {
				t.Fatal(err)
			}
			for path, picture := range view.Module.pictures {
				if pictures++; picture == nil {
					t.Errorf("%s: the picture %s could not be read", lesson.ID, path)
				}
			}
		}
	}
	if vignettes == 0 || pictures == 0 {
		t.Errorf("%d cases and %d pictures were found", vignettes, pictures)
	}
}

// withdrawnContent is the real content, all of it withdrawn.
type withdrawnContent struct{ Content }

func (w withdrawnContent) Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	document, _, err := w.Content.Get(ctx, ref)
	if err == nil && ref.Version == 0 {
		err = content.ErrWithdrawn
	}
	return document, content.StateWithdrawn, err
}

func TestWhatIsWithdrawnCanBeReadAndNotAttempted(t *testing.T) {
	d := newDesk(t)
	d.page = New(d.host, withdrawnContent{d.session.Content()}, d.session.Learning())
	d.show(first, "")
	d.wants(words.Of("learn.module-withdrawn"))
	if len(d.links(words.Of("learn.quiz"))) > 0 {
		t.Error("the quiz of a withdrawn module can be begun")
	}
	d.show(course, "")
	d.wants(words.Of("learn.course-withdrawn"))
}

// otherLanguage is the real content, written in another language than the window's.
type otherLanguage struct{ Content }

func (o otherLanguage) Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	document, state, err := o.Content.Get(ctx, ref)
	if document.Module != nil {
		lesson := &document.Module.Lessons[0]
		lesson.Body = content.Text{"fr": lesson.Body["en"]}
	}
	return document, state, err
}

type revoked map[string]bool

func (r revoked) Revoked(context.Context) (map[string]bool, error) { return r, nil }

// Given a publisher that is not trusted any more, then its courses and modules stay readable, marked.
func TestWhatComesFromARevokedPublisherIsMarked(t *testing.T) {
	d := newDesk(t)
	document, _, err := d.session.Content().Get(context.Background(), content.Ref{ID: first})
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []revoked{{}, {document.Owner: true}} {
		d.page.WithTrust(by)
		d.show(first, "")
		if marked := slices.Contains(pagetest.Texts(d.host.Content()), words.Of("content.revoked")); marked != (len(by) > 0) {
			t.Errorf("with %v it is marked: %v", by, marked)
		}
	}
}

func TestTheReaderSaysWhichLanguageItFellBackTo(t *testing.T) {
	d := newDesk(t)
	d.page = New(d.host, otherLanguage{d.session.Content()}, d.session.Learning())
	lessons := d.module(first).Module.Lessons
	const notice = "Not available in your language; shown in French."
	d.show(first, lessons[0].ID)
	d.wants(notice)
	d.show(first, lessons[1].ID)
	if d.says(notice) {
		t.Error("a lesson in the window's language says that it is not")
	}
}

// right are the right answers to a question.
func right(question content.Question) learning.Given {
	var given learning.Given
	for _, answer := range question.Answers {
		if answer.Weight <= 0 {
			continue
		}
		if question.Kind == content.QuestionShort {
			return learning.Given{Text: words.In(answer.Text)}
		}
		given.AnswerIDs = append(given.AnswerIDs, answer.ID)
	}
	return given
}

// pass answers everything but the first wrong questions of a module's quiz rightly, and leaves it open.
func (d *desk) answer(module string, wrong int) learning.Attempt {
	d.t.Helper()
	attempt, err := d.session.Learning().StartAttempt(context.Background(), module)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, question := range attempt.Questions[wrong:] {
		if err := d.session.Learning().SaveAnswer(context.Background(), attempt.ID, question.ID, right(question)); err != nil {
			d.t.Fatal(err)
		}
	}
	return attempt
}

func (d *desk) given(module string) map[string]learning.Given {
	d.t.Helper()
	attempt, err := d.session.Learning().StartAttempt(context.Background(), module)
	if err != nil {
		d.t.Fatal(err)
	}
	return attempt.Given
}

func (d *desk) choice() *widgets.Choice {
	var found *widgets.Choice
	pagetest.Walk(d.host.Content(), func(o fyne.CanvasObject) {
		if c, ok := o.(*widgets.Choice); ok {
			found = c
		}
	})
	return found
}

func TestAnswersAreSavedAsGivenAndTheAttemptGoesOn(t *testing.T) {
	d := newDesk(t)
	d.show(first, partQuiz)
	attempt, err := d.session.Learning().StartAttempt(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	// Go to a question with answers to choose from.
	at := slices.IndexFunc(attempt.Questions, func(q content.Question) bool { return q.Kind == content.QuestionSingle })
	for range at {
		d.press(words.Of("learn.next-question"))
	}
	d.wants(words.Named("learn.question-of", "At", at+1, "Of", len(attempt.Questions)))
	if d.says(words.Of("learn.answer-kept")) {
		t.Error("an answer is said to be saved before there is one")
	}
	d.choice().First().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	question := attempt.Questions[at]
	if got := d.given(first)[question.ID].AnswerIDs; len(got) != 1 || got[0] != question.Answers[0].ID {
		t.Errorf("saved is %v", got)
	}
	d.wants(words.Of("learn.answer-kept"))
	// Back and forth, and away and back: the answer is still there.
	d.press(words.Of("learn.next-question"))
	d.press(words.Of("learn.previous-question"))
	if got := d.choice().Value(); got != question.Answers[0].ID {
		t.Errorf("after going forth and back, chosen is %q", got)
	}
	d.show(first, "")
	d.wants(words.Of("learn.quiz-open"))
	d.show(first, partQuiz)
	if got := d.given(first); len(got) != 1 {
		t.Errorf("the attempt was begun anew: %v", got)
	}
}

func TestAShortAnswerIsSavedWhenTheQuestionIsLeft(t *testing.T) {
	d := newDesk(t)
	var module string
	var attempt learning.Attempt
	at := -1
	for _, id := range []string{first, second} {
		if a, err := d.session.Learning().StartAttempt(context.Background(), id); err != nil {
			t.Fatal(err)
		} else if i := slices.IndexFunc(a.Questions, func(q content.Question) bool { return q.Kind == content.QuestionShort }); i >= 0 {
			module, attempt, at = id, a, i
		}
	}
	if at < 0 {
		t.Skip("no quiz of the starter content drew a short answer this time")
	}
	d.show(module, partQuiz)
	q := shownQuiz(d, attempt, at)
	var field *widgets.Entry
	pagetest.Walk(d.host.Content(), func(o fyne.CanvasObject) {
		if e, ok := o.(*widgets.Entry); ok {
			field = e
		}
	})
	field.SetText("nine")
	if got := d.given(module)[attempt.Questions[at].ID].Text; got != "" {
		t.Errorf("saved with every key: %q", got)
	}
	d.page.Leave()
	if got := d.given(module)[attempt.Questions[at].ID].Text; got != "nine" {
		t.Errorf("saved is %q", got)
	}
	_ = q
}

// shownQuiz goes to a question by its number below the question.
func shownQuiz(d *desk, attempt learning.Attempt, at int) learning.Attempt {
	d.t.Helper()
	if at > 0 {
		d.press(numbered(at + 1))
	}
	d.wants(words.Named("learn.question-of", "At", at+1, "Of", len(attempt.Questions)))
	return attempt
}

func numbered(number int) string {
	return strings.TrimSuffix(words.Named("learn.this-question", "Number", number), " (this one)")
}

func TestSubmittingNamesWhatIsUnanswered(t *testing.T) {
	d := newDesk(t)
	attempt := d.answer(first, 2)
	d.show(first, partQuiz)
	d.wants(words.Named("learn.question-of", "At", 1, "Of", len(attempt.Questions))) // the first without an answer
	d.press(numbered(len(attempt.Questions)))
	d.host.Answer = false
	d.press(words.Of("learn.submit"))
	if asked := d.host.Asked[0]; !strings.Contains(asked, "Questions 1 and 2 have no answer") {
		t.Errorf("asked was %q", asked)
	}
	if len(d.host.Went) > 0 {
		t.Error("it was submitted without a yes")
	}
	d.host.Answer = true
	d.press(words.Of("learn.submit"))
	if got := d.follow(); !strings.HasPrefix(got.Part, partResult) {
		t.Errorf("after submitting comes %+v", got)
	}
	d.wants(words.Of("learn.nothing-given"), words.Of("learn.wrong"), words.Of("learn.right"), "80 % right", "80 % needed")
}

func TestAResultTeachesAndLetsOneTryAgain(t *testing.T) {
	d := newDesk(t)
	attempt := d.answer(first, 5)
	if at := slices.IndexFunc(attempt.Questions, func(q content.Question) bool { return q.Kind != content.QuestionShort }); at >= 0 {
		question := attempt.Questions[at] // which are drawn, and in which order, differs each time
		wrong := question.Answers[slices.IndexFunc(question.Answers, func(a content.Answer) bool { return a.Weight <= 0 })]
		if err := d.session.Learning().SaveAnswer(context.Background(), attempt.ID, question.ID, learning.Given{AnswerIDs: []string{wrong.ID}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.session.Learning().Submit(context.Background(), attempt.ID); err != nil {
		t.Fatal(err)
	}
	d.show(first, partResult+attempt.ID)
	result, err := d.session.Learning().Result(context.Background(), attempt.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.wants(words.Named("learn.not-passed", "Percent", result.Percent, "Mark", result.PassMark), givenText(result.Questions[0]))
	for _, q := range result.Questions {
		d.wants(words.In(q.Question.Stem))
		for _, feedback := range q.Feedback {
			d.wants(words.In(feedback))
		}
		if !q.Right {
			d.wants(answerText(q.Question, q.Correct[0]))
		}
	}
	d.press(words.Of("learn.again"))
	if got := d.follow(); got.Part != partQuiz {
		t.Errorf("trying again leads to %+v", got)
	}
	if got := d.given(first); len(got) != 0 {
		t.Errorf("the new attempt has answers: %v", got)
	}
	// The old result is reached from the module.
	d.show(first, "")
	d.tap("Result of ")
	if got := d.follow(); got.Part != partResult+attempt.ID {
		t.Errorf("the result leads to %+v", got)
	}
}

func TestPassingTheCourseGivesACertificateToSave(t *testing.T) {
	d := newDesk(t)
	for i, module := range []string{first, second} {
		attempt := d.answer(module, 0)
		d.show(module, partQuiz)
		d.press(words.Of("learn.submit"))
		d.follow()
		d.wants(words.Named("learn.passed", "Percent", 100, "Mark", attempt.PassMark))
		if i == 0 {
			d.wants("This counts towards", "1 of 2 quizzes passed")
			if d.says(words.Of("learn.save-certificate")) {
				t.Error("there is a certificate for half a course")
			}
		}
	}
	d.wants("You have earned the certificate “Foundations: see fairly, write fairly”")
	d.host.Path = filepath.Join(t.TempDir(), "certificate.pdf")
	for _, place := range []string{"", course} {
		d.press(words.Of("learn.save-certificate"))
		written, err := os.ReadFile(d.host.Path)
		if err != nil || !bytes.HasPrefix(written, []byte("%PDF-")) {
			t.Fatalf("the file begins with %.20q, %v", written, err)
		}
		if err := os.Remove(d.host.Path); err != nil {
			t.Fatal(err)
		}
		d.show(place, "")
	}
	d.wants("You have the certificate of this course, valid until")
	if len(d.host.Told) > 0 {
		t.Errorf("errors: %v", d.host.Told)
	}
}

func TestSearchLeadsToThePlace(t *testing.T) {
	d := newDesk(t)
	d.show(first, "")
	d.page.FocusSearch()
	d.follow()
	if d.host.Window().Canvas().Focused() != d.page.search {
		t.Error("the search field has no focus")
	}
	d.wants(words.Of("learn.search-what"))
	field, ok := d.page.search.(*widgets.Entry)
	if !ok {
		t.Fatal("there is no search field")
	}
	field.SetText("  exact WORDS ")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if got := d.follow(); got.Item != itemSearch+"exact WORDS" {
		t.Errorf("the search leads to %+v", got)
	}
	d.wants("«")
	lessons := 0
	for _, link := range d.links("") {
		d.host.Went = nil
		test.Tap(link)
		route := d.host.Went[0]
		if route.Page == page.Learn && strings.Contains(route.Part, findMark) {
			lessons++
		}
		if route.Page == page.Learn {
			d.show(route.Item, route.Part) // fails if there is no such place
		}
		d.show(itemSearch+"exact WORDS", "")
	}
	if lessons == 0 {
		t.Error("no lesson was found")
	}
	d.show(itemSearch+"visits", "")
	toChecklist := false
	for _, link := range d.links("") {
		d.host.Went = nil
		test.Tap(link)
		toChecklist = toChecklist || d.host.Went[0].Page == page.Checklists && d.host.Went[0].Item != "" && d.host.Went[0].Part != ""
	}
	if !toChecklist {
		t.Error("no item of a checklist was found")
	}
	d.show(itemSearch+"xyzzyplugh", "")
	d.wants("Nothing was found for “xyzzyplugh”")
}

func TestAFoundLessonOpensAtItsHeading(t *testing.T) {
	d := newDesk(t)
	for _, lesson := range d.module(second).Module.Lessons {
		d.show(second, lesson.ID)
		headings := d.reader().Headings()
		if len(headings) < 3 {
			continue
		}
		last := headings[len(headings)-1].Text
		d.show(second, lesson.ID+findMark+last)
		if got := d.reader().Place(); got <= 0 {
			t.Errorf("%s: looking for %q opens at %v", lesson.ID, last, got)
		}
		return
	}
	t.Fatal("no lesson has three headings")
}

// Everything fits a window of 1024×600 beside the rail, and grows with it.
func TestNothingNeedsMoreThanTheSmallestWindow(t *testing.T) {
	d := newDesk(t)
	attempt := d.answer(first, 1)
	open := []page.Route{{}, {Item: course}, {Item: first}, {Item: first, Part: partQuiz}, {Item: itemSearch + "prison"}}
	check := func(route page.Route) {
		d.show(route.Item, route.Part)
		if size := d.host.Content().MinSize(); size.Width > 830 || size.Height > 600 {
			t.Errorf("%+v needs %v", route, size)
		}
	}
	for _, route := range open {
		check(route)
	}
	if _, err := d.session.Learning().Submit(context.Background(), attempt.ID); err != nil {
		t.Fatal(err)
	}
	check(page.Route{Item: first, Part: partResult + attempt.ID})
}
