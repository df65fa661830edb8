package records

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/casework"
	"wardbook/data/exchange"
	"wardbook/data/learning"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
)

const (
	reference = "B-2231-K"
	reader    = "Reader 12"
)

// checklists are one whose course the officer has passed, and one whose course nobody has.
var checklists = map[string]string{
	"checklists/gate.yaml": `id: gate-record
kind: observation
title: Gate record
purpose: Notes what was seen at the gate.
roles: [officer]
course: gate-course
answers: [not-observed, once, repeatedly, not-enough-information]
sections:
  - id: protective
    title: What protects
    items:
      - {id: asks-for-help, kind: protective, text: Asks staff for help, guidance: Any request., not_to_be_confused_with: Small talk.}
  - id: concern
    title: What gives concern
    items:
      - {id: presses-others, kind: concern, text: Presses others to obey, guidance: Words and deeds., not_to_be_confused_with: Loud games., evidence_required: true, taught_in: gate-module/opening}
closing:
  - {id: alternative-explanation, text: "What else could explain this?", none_answer: I cannot think of one}
`,
	"checklists/wing.yaml": `id: wing-record
kind: observation
title: Wing record
purpose: Notes what was seen in the wing.
roles: [officer]
course: wing-course
answers: [not-observed, once, repeatedly, not-enough-information]
sections:
  - id: protective
    title: What protects
    items:
      - {id: asks-for-help, kind: protective, text: Asks staff for help, guidance: Any request., not_to_be_confused_with: Small talk.}
closing:
  - {id: alternative-explanation, text: "What else could explain this?", none_answer: I cannot think of one}
`,
	"courses/gate.yaml":                  "id: gate-course\ntitle: Gate course\nsummary: A short course for the gate.\nmodules: [gate-module]\n",
	"modules/gate/module.yaml":           "id: gate-module\ntitle: Gate module\nminutes: 5\nobjectives: [Keep the gate]\nsources: [The standing orders of this test]\n",
	"modules/gate/lessons/01-opening.md": "---\nid: opening\ntitle: Opening the gate\n---\nOpen it slowly.\n",
	"modules/gate/quiz.gift":             "::Lamp:: Which one is a lamp? {=Lighthouse #Yes. ~Submarine #No.}\n",
	"courses/wing.yaml":                  "id: wing-course\ntitle: Wing course\nsummary: A short course for the wing.\nmodules: [wing-module]\n",
	"modules/wing/module.yaml":           "id: wing-module\ntitle: Wing module\nminutes: 5\nobjectives: [Keep the wing]\nsources: [The standing orders of this test]\n",
	"modules/wing/lessons/01-opening.md": "---\nid: opening\ntitle: Opening the wing\n---\nOpen it slowly.\n",
	"modules/wing/quiz.gift":             "::Lamp:: Which one is a lamp? {=Lighthouse #Yes. ~Submarine #No.}\n",
}

// site is a workstation whose officer, trainer and administrator are one account; another is a second reader.
type site struct {
	t       *testing.T
	station *station.Station
	session *station.Session
	host    *asked
	page    *Page
}

// asked is a host that fills the forms in dialogs before it submits them.
type asked struct {
	*pagetest.Host
	fill    func(content fyne.CanvasObject)
	refused error // what the last form's submit returned
	shown   fyne.CanvasObject
}

func (a *asked) Ask(title, _ string, content fyne.CanvasObject, submit func() error) {
	a.Asked = append(a.Asked, title)
	a.shown = content
	if a.fill != nil {
		a.fill(content)
		a.refused = submit()
	}
}

func newSite(t *testing.T) *site {
	t.Helper()
	ctx := context.Background()
	s := &site{t: t, host: &asked{Host: pagetest.NewHost(t)}}
	s.station, s.session = stationtest.New(t, account.RoleOfficer, account.RoleTrainer)
	folder := t.TempDir()
	for name, text := range checklists {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	request := exchange.PublishRequest{Folder: folder, Out: filepath.Join(t.TempDir(), "gate.wardbook"), Note: "First."}
	if _, err := s.session.Exchange().Publish(ctx, request); err != nil {
		t.Fatal(err)
	}
	s.pass("gate-module")
	added := stationtest.Add(t, s.session, reader, account.RoleSecondReader)
	if err := s.session.Accounts().GrantCasework(ctx, added.ID); err != nil {
		t.Fatal(err)
	}
	return s
}

// pass answers a module's quiz rightly.
func (s *site) pass(module string) {
	s.t.Helper()
	ctx, service := context.Background(), s.session.Learning()
	attempt, err := service.StartAttempt(ctx, module)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, question := range attempt.Questions {
		for _, answer := range question.Answers {
			if words.In(answer.Text) == "Lighthouse" {
				if err := service.SaveAnswer(ctx, attempt.ID, question.ID, learning.Given{AnswerIDs: []string{answer.ID}}); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
	if result, err := service.Submit(ctx, attempt.ID); err != nil || len(result.Certificates) == 0 {
		s.t.Fatalf("no certificate: %+v, %v", result, err)
	}
}

func (s *site) open(item, part string) {
	s.t.Helper()
	s.page = New(s.host, s.session.Casework(), s.session.Actor())
	s.show(page.Route{Page: page.Records, Item: item, Part: part})
}

func (s *site) show(route page.Route) {
	s.t.Helper()
	pagetest.Open(s.t, s.host.Host, page.Page[View](s.page), route)
}

// follow shows the place that the page asked for last.
func (s *site) follow() page.Route {
	s.t.Helper()
	if len(s.host.Went) == 0 {
		s.t.Fatalf("the page went nowhere; told %v, asked %v", s.host.Told, s.host.Asked)
	}
	route := s.host.Went[len(s.host.Went)-1]
	s.page.Leave()
	s.show(route)
	return route
}

func (s *site) signIn(name string) {
	s.t.Helper()
	s.session = stationtest.SignIn(s.t, s.station, name)
}

func (s *site) texts() []string { return pagetest.Texts(s.host.Content()) }

func (s *site) says(part string) bool { return within(s.texts(), part) }

func within(texts []string, part string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, part) })
}

func (s *site) press(key string) {
	s.t.Helper()
	test.Tap(pagetest.Button(s.t, s.host.Content(), words.Of(key)))
}

func (s *site) link(title string) {
	s.t.Helper()
	for _, l := range find[*widgets.Link](s.host.Content()) {
		if strings.HasPrefix(l.Title(), title) {
			test.Tap(l)
			return
		}
	}
	s.t.Fatalf("there is no line %q: %v", title, s.texts())
}

// find returns all widgets of a type, in drawing order.
func find[W fyne.CanvasObject](root fyne.CanvasObject) []W {
	var found []W
	pagetest.Walk(root, func(o fyne.CanvasObject) {
		if w, ok := o.(W); ok {
			found = append(found, w)
		}
	})
	return found
}

// field is the input below a label.
func field[W fyne.CanvasObject](s *site, key string) W {
	s.t.Helper()
	for _, f := range find[*widgets.Field](s.host.Content()) {
		if input, ok := f.Input.(W); ok && slices.Contains(pagetest.Texts(f), words.Of(key)) {
			return input
		}
	}
	s.t.Fatalf("there is no field %q: %v", words.Of(key), s.texts())
	panic("unreachable")
}

func (s *site) typed(key, text string) { s.t.Helper(); field[*widgets.Entry](s, key).SetText(text) }

// option is one of a choice.
type option interface {
	fyne.CanvasObject
	fyne.Tappable
	Text() string
}

// answer chooses an option by its text.
func (s *site) answer(text string) {
	s.t.Helper()
	for _, o := range find[option](s.host.Content()) {
		if o.Text() == text {
			o.Tapped(nil)
			return
		}
	}
	s.t.Fatalf("there is no option %q: %v", text, s.texts())
}

func (s *site) drafts() []casework.DraftSummary {
	s.t.Helper()
	drafts, err := s.session.Casework().Drafts(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return drafts
}

// begun begins a record of the gate and returns its draft, shown.
func (s *site) begun() string {
	s.t.Helper()
	s.open(itemNew, "gate-record")
	s.typed("records.reference", reference)
	s.answer(words.Of("records.category-convicted"))
	s.answer(words.Of("records.status-sentenced"))
	s.typed("records.unit", "Wing C")
	s.press("records.begin-record")
	s.follow()
	drafts := s.drafts()
	if len(drafts) != 1 {
		s.t.Fatalf("there are %d drafts; told %v", len(drafts), s.host.Told)
	}
	return drafts[0].ID
}

// fill answers everything that the gate's checklist asks for.
func (s *site) fill(id string) {
	s.t.Helper()
	s.show(page.Route{Page: page.Records, Item: itemDraft + id, Part: "protective"})
	s.answer(words.Of("answer.not-observed"))
	s.page.Leave()
	s.show(page.Route{Page: page.Records, Item: itemDraft + id, Part: "concern"})
	s.answer(words.Of("answer.once"))
	s.typed("records.fact", "Stood before the door and said: nobody goes out today.")
	field[*widgets.DateField](s, "records.day").SetDay(time.Now().AddDate(0, 0, -1).Format(time.DateOnly))
	s.typed("records.place", "Yard")
	s.typed("records.how", "Seen")
	find[*widgets.Check](s.host.Content())[0].SetChecked(true)
	s.typed("records.interpretation", "May want to keep the yard for his friends.")
	s.page.Leave()
	s.show(page.Route{Page: page.Records, Item: itemDraft + id, Part: partClosing})
	test.Tap(pagetest.Button(s.t, s.host.Content(), "I cannot think of one"))
	s.page.Leave()
}

// submitted fills a record, submits it, and returns its id; the record is shown.
func (s *site) submitted() string {
	s.t.Helper()
	id := s.begun()
	s.fill(id)
	s.show(page.Route{Page: page.Records, Item: itemDraft + id})
	s.press("records.submit")
	route := s.follow()
	record, ok := strings.CutPrefix(route.Item, itemRecord)
	if !ok {
		s.t.Fatalf("submitting leads to %v; told %v, asked %v", route, s.host.Told, s.host.Asked)
	}
	return record
}
