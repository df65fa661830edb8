package checklists

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"wardbook/app/page"
	"wardbook/app/page/pagetest"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/audit"
	"wardbook/data/casework/blank"
	"wardbook/data/content"
	"wardbook/data/learning"
	"wardbook/data/station"
	"wardbook/data/station/stationtest"
	"wardbook/resources"
)

const (
	record = "observation-record"
	course = "officer-foundation"
)

// desk is a signed-in account with the starter content in front of the page.
type desk struct {
	t       *testing.T
	host    *pagetest.Host
	station *station.Station
	session *station.Session
	page    *Page
}

func newDesk(t *testing.T, roles ...account.Role) *desk {
	t.Helper()
	host := pagetest.NewHost(t)
	st, session, _ := stationtest.NewWith(t, station.SetupRequest{Roles: roles, Starter: true, StarterContent: resources.Starter()}, stationtest.Options(t))
	d := &desk{t: t, host: host, station: st, session: session}
	d.with(session.Content())
	return d
}

// with makes the page anew, as the shell does, with other content.
func (d *desk) with(documents Content) {
	d.page = New(d.host, documents, d.session.Blank(), d.session.Actor())
	var filling Filling
	if d.session.HasCasework() {
		filling = d.session.Casework()
	}
	d.page.WithFilling(d.session.Learning(), filling)
}

func (d *desk) show(item, part string) {
	d.t.Helper()
	d.host.Pending, d.host.Went = nil, nil
	pagetest.Open(d.t, d.host, page.Page[View](d.page), page.Route{Page: page.Checklists, Item: item, Part: part})
	for len(d.host.Pending) > 0 {
		d.host.RunPending()
	}
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

func (d *desk) tap(beginning string) page.Route {
	d.t.Helper()
	var found *widgets.Link
	pagetest.Walk(d.host.Content(), func(o fyne.CanvasObject) {
		if l, ok := o.(*widgets.Link); ok && found == nil && strings.HasPrefix(l.Title(), beginning) {
			found = l
		}
	})
	if found == nil {
		d.t.Fatalf("there is no line %q: %q", beginning, pagetest.Texts(d.host.Content()))
	}
	test.Tap(found)
	return d.went()
}

func (d *desk) went() page.Route {
	d.t.Helper()
	if len(d.host.Went) == 0 {
		d.t.Fatal("the page did not ask to go anywhere")
	}
	return d.host.Went[len(d.host.Went)-1]
}

func (d *desk) document(id string) content.Document {
	d.t.Helper()
	document, _, err := d.session.Content().Get(context.Background(), content.Ref{ID: id})
	if err != nil {
		d.t.Fatal(err)
	}
	return document
}

// certify passes every quiz of the course.
func (d *desk) certify() {
	d.t.Helper()
	ctx, service := context.Background(), d.session.Learning()
	for _, module := range d.document(course).Course.Modules {
		attempt, err := service.StartAttempt(ctx, module)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, question := range attempt.Questions {
			var given learning.Given
			for _, answer := range question.Answers {
				switch {
				case answer.Weight <= 0:
				case question.Kind == content.QuestionShort:
					given.Text = words.In(answer.Text)
				default:
					given.AnswerIDs = append(given.AnswerIDs, answer.ID)
				}
			}
			if err := service.SaveAnswer(ctx, attempt.ID, question.ID, given); err != nil {
				d.t.Fatal(err)
			}
		}
		if _, err := service.Submit(ctx, attempt.ID); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestTheListSaysWhatEachIsAndWhatItTakes(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	d.show("", "")
	for _, id := range []string{record, "environment-self-check", "fairness-review", "before-sharing"} {
		d.wants(words.In(d.document(id).Title))
	}
	d.wants(words.Of("checklists.about-observation"), words.Of("checklists.about-environment"), words.Of("checklists.about-process"),
		"Version 1", "Filled by: Officer.", "It takes a current certificate of the course “Foundations: see fairly, write fairly”. You do not have it yet.")
	d.certify()
	d.show("", "")
	d.wants("You have it, valid until ")
	if got := d.tap("Observation record"); got.Item != record {
		t.Errorf("it leads to %+v", got)
	}
}

func TestWithoutContentThePageSaysWhatToDo(t *testing.T) {
	host := pagetest.NewHost(t)
	_, session := stationtest.New(t, account.RoleOfficer)
	d := &desk{t: t, host: host, session: session}
	d.with(session.Content())
	d.show("", "")
	d.wants(words.Of("checklists.none"), words.Of("checklists.none-next"))
	d.press(words.Of("checklists.to-updates"))
	if got := d.went(); got.Page != page.Updates {
		t.Errorf("it leads to %+v", got)
	}
}

func TestAChecklistIsReadWhole(t *testing.T) {
	d := newDesk(t, account.RoleAuditor) // who fills nothing
	for _, summary := range []string{record, "environment-self-check", "fairness-review", "before-sharing"} {
		document := d.document(summary)
		d.show(summary, "")
		d.wants(words.In(document.Title), words.In(document.Checklist.Purpose))
		for _, section := range document.Checklist.Sections {
			d.wants(words.In(section.Title))
			for _, item := range section.Items {
				d.wants(words.In(item.Text), words.In(item.Guidance), words.In(item.NotToBeConfusedWith), item.Source, words.Of("checklists.kind-"+string(item.Kind)))
			}
		}
		for _, closing := range document.Checklist.Closing {
			d.wants(words.In(closing.Text))
		}
	}
}

func TestAnItemLeadsToTheLessonThatTeachesIt(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	module, lesson, _ := strings.Cut(d.document(record).Checklist.Sections[0].Items[0].TaughtIn, "/")
	d.show(record, "")
	title := ""
	for _, l := range d.document(module).Module.Lessons {
		if l.ID == lesson {
			title = words.In(l.Title)
		}
	}
	if title == "" {
		t.Fatalf("there is no lesson %s/%s", module, lesson)
	}
	if got, want := d.tap(title), (page.Route{Page: page.Learn, Item: module, Part: lesson}); got != want {
		t.Errorf("it leads to %+v, want %+v", got, want)
	}
}

// withoutModules is the real content, but for the modules: their bundle has not arrived.
type withoutModules struct{ Content }

func (w withoutModules) Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	document, state, err := w.Content.Get(ctx, ref)
	if document.Module != nil {
		return content.Document{}, "", content.ErrNotFound
	}
	return document, state, err
}

func TestALessonThatIsNotHereIsSaidSo(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	d.with(withoutModules{d.session.Content()})
	d.show(record, "")
	d.wants(words.Of("checklists.lesson-missing"))
}

func TestFillingIsOfferedWhenAllowedAndOtherwiseSaysWhyNot(t *testing.T) {
	t.Run("without a certificate", func(t *testing.T) {
		d := newDesk(t, account.RoleOfficer)
		d.show(record, "")
		d.wants("You cannot fill this checklist now. It takes a current certificate", words.Of("checklists.urgent"))
		if d.says(words.Of("checklists.fill")) {
			t.Error("it can be filled")
		}
		d.press(words.Of("checklists.to-course"))
		if got := d.went(); got.Page != page.Learn || got.Item != course {
			t.Errorf("the course is at %+v", got)
		}
		d.press(words.Of("checklists.write-urgent"))
		if got := d.went(); got.Page != page.Records || got.Item != "urgent" {
			t.Errorf("the urgent note is at %+v", got)
		}
	})
	t.Run("without the role", func(t *testing.T) {
		d := newDesk(t, account.RoleTrainer)
		d.certify()
		d.show(record, "")
		d.wants("It is filled by: Officer. If that is your work, ask your administrator")
	})
	t.Run("without the casework key", func(t *testing.T) {
		d := newDesk(t, account.RoleOfficer)
		d.certify()
		d.page.WithFilling(d.session.Learning(), nil)
		d.show(record, "")
		d.wants(words.Of("checklists.no-key"))
	})
	t.Run("with role, key and certificate", func(t *testing.T) {
		d := newDesk(t, account.RoleOfficer)
		d.certify()
		d.show(record, "")
		d.press(words.Of("checklists.fill"))
		if got, want := d.went(), (page.Route{Page: page.Records, Item: "new", Part: record}); got != want {
			t.Errorf("it leads to %+v, want %+v", got, want)
		}
	})
}

// aged is the real content with one checklist in another state, and another version of it.
type aged struct {
	Content
	state content.State
}

func (a aged) Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	document, state, err := a.Content.Get(ctx, ref)
	if document.Checklist == nil {
		return document, state, err
	}
	if a.state == content.StateWithdrawn && ref.Version == 0 {
		err = content.ErrWithdrawn
	}
	return document, a.state, err
}

func (a aged) List(ctx context.Context, kind content.Kind) ([]content.Summary, error) {
	list, err := a.Content.List(ctx, kind)
	for i := range list {
		list[i].State = a.state
	}
	return list, err
}

func (a aged) Versions(ctx context.Context, id string) ([]content.Summary, error) {
	list, err := a.Content.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
	newer := list[0]
	newer.Version, newer.ChangeNote = 2, "Clearer guidance"
	list[0].State = a.state
	return append([]content.Summary{newer}, list...), nil
}

func TestSupersededAndWithdrawnVersionsSaySoAndCannotBeFilled(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	d.certify()
	d.with(aged{d.session.Content(), content.StateSuperseded})
	d.show(record+"@1", "")
	d.wants(words.Of("checklists.superseded"), "Clearer guidance", "Shown now.", words.Of("checklists.state-superseded"))
	d.press(words.Of("checklists.newest"))
	if got := d.went(); got.Item != record {
		t.Errorf("the newest is at %+v", got)
	}
	if got := d.tap("Version 2"); got.Item != record+"@2" {
		t.Errorf("version 2 is at %+v", got)
	}
	d.with(aged{d.session.Content(), content.StateWithdrawn})
	d.show(record, "")
	d.wants(words.Of("checklists.withdrawn"), words.Of("checklists.state-withdrawn"))
	if d.says(words.Of("checklists.fill")) || d.says(words.Of("checklists.print")) {
		t.Error("a withdrawn checklist can be filled or printed")
	}
	d.show("", "")
	d.wants(words.Of("checklists.withdrawn-short"))
}

func TestTheBlankIsSavedWithItsPaperNumberInTheLog(t *testing.T) {
	d := newDesk(t, account.RoleOfficer, account.RoleAuditor)
	d.show(record, "")
	d.host.Path = filepath.Join(t.TempDir(), "blank.pdf")
	d.press(words.Of("checklists.print"))
	written, err := os.ReadFile(d.host.Path)
	if err != nil || !bytes.HasPrefix(written, []byte("%PDF-")) {
		t.Fatalf("the file begins with %.20q, %v", written, err)
	}
	entries, err := d.session.Log().List(context.Background(), audit.Filter{Act: blank.ActBlankPrint})
	if err != nil || len(entries) != 1 {
		t.Fatalf("the log has %d prints, %v", len(entries), err)
	}
	if said := d.host.Said[0]; !strings.Contains(said, "Version 1, paper number P-") || !strings.Contains(said, d.host.Path) {
		t.Errorf("said was %q", said)
	}
	// A place that cannot be written leaves an error and no file.
	d.host.Path = filepath.Join(t.TempDir(), "no such folder", "blank.pdf")
	d.press(words.Of("checklists.print"))
	if len(d.host.Told) != 1 {
		t.Errorf("told were %v", d.host.Told)
	}
}

func TestAPlaceIsScrolledTo(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	sections := d.document(record).Checklist.Sections
	item := sections[len(sections)-1].Items[0]
	offset := func() (y float32) {
		pagetest.Walk(d.host.Content(), func(o fyne.CanvasObject) {
			if s, ok := o.(*container.Scroll); ok {
				y = max(y, s.Offset.Y)
			}
		})
		return y
	}
	d.show(record, item.ID)
	found := offset()
	if found < 500 {
		t.Errorf("the item in the last section is shown at %v", found)
	}
	d.show(record, "")
	if got := offset(); got != 0 {
		t.Errorf("the checklist begins at %v", got)
	}
	d.press(words.In(sections[len(sections)-1].Title))
	if got := offset(); got <= 0 || got >= found {
		t.Errorf("its section is at %v, its first item at %v", got, found)
	}
}

// inFrench is the real content, one item of it in French alone.
type inFrench struct{ Content }

func (f inFrench) Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	document, state, err := f.Content.Get(ctx, ref)
	if document.Checklist != nil {
		item := &document.Checklist.Sections[0].Items[0]
		item.Guidance = content.Text{"fr": "Notez la date."}
	}
	return document, state, err
}

func TestAFallbackLanguageIsNamed(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	const notice = "Not available in your language; shown in French."
	d.show(record, "")
	if d.says(notice) {
		t.Error("a checklist in the window's language says that it is not")
	}
	d.with(inFrench{d.session.Content()})
	d.show(record, "")
	d.wants(notice, "Notez la date.")
}

// glossary is the real content and a glossary.
type glossary struct{ Content }

func (g glossary) Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error) {
	if ref.ID != "words" {
		return g.Content.Get(ctx, ref)
	}
	return content.Document{
		Kind: content.KindGlossary, ID: "words", Version: 1, Title: content.Text{"en": "Words"},
		Glossary: &content.Glossary{Terms: []content.Term{{
			ID: "disclosure", Term: content.Text{"en": "Disclosure"}, Definition: content.Text{"en": "Giving a record to somebody outside."},
			WhyItMatters: content.Text{"en": "It needs a reason."}, ConfusedWith: content.Text{"en": "A handover."}, Source: "Own text",
		}}},
	}, content.StateCurrent, nil
}

func (g glossary) List(ctx context.Context, kind content.Kind) ([]content.Summary, error) {
	if kind != content.KindGlossary {
		return g.Content.List(ctx, kind)
	}
	document, state, err := g.Get(ctx, content.Ref{ID: "words"})
	return []content.Summary{{Ref: document.Ref(), Kind: kind, Title: document.Title, State: state}}, err
}

func TestAGlossaryExplainsItsWords(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	d.with(glossary{d.session.Content()})
	d.show("", "")
	if got := d.tap("Words"); got.Item != "words" {
		t.Errorf("it leads to %+v", got)
	}
	d.show("words", "disclosure")
	d.wants("Disclosure", "Giving a record to somebody outside.", "It needs a reason.", "A handover.", "Own text")
}

// Everything fits a window of 1024×600 beside the rail.
func TestNothingNeedsMoreThanTheSmallestWindow(t *testing.T) {
	d := newDesk(t, account.RoleOfficer)
	for _, item := range []string{"", record, "before-sharing"} {
		d.show(item, "")
		if size := d.host.Content().MinSize(); size.Width > 830 || size.Height > 600 {
			t.Errorf("%q needs %v", item, size)
		}
	}
}
