// Package learn is where people learn: courses and their progress, the reader, the quiz with its result, certificates,
// and the search over all content.
package learn

import (
	"context"
	"errors"
	"io"
	"strings"

	"fyne.io/fyne/v2"

	"wardbook/app/page"
	"wardbook/data/content"
	"wardbook/data/learning"
)

// Content gives documents and finds words in them.
type Content interface {
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
	Media(ctx context.Context, ref content.Ref, path string) (io.ReadSeekCloser, content.MediaRef, error)
	Search(ctx context.Context, typed, language string, limit int) ([]content.Hit, error)
}

// Learning keeps what the account has read and answered.
type Learning interface {
	Overview(ctx context.Context) ([]learning.CourseProgress, error)
	Place(ctx context.Context, moduleID string) (learning.Place, error)
	SavePlace(ctx context.Context, moduleID string, version int, lessonID string, position float32) error
	MarkRead(ctx context.Context, moduleID string, version int, lessonID string) error
	LessonsRead(ctx context.Context, moduleID string) (map[string]bool, error)
	StartAttempt(ctx context.Context, moduleID string) (learning.Attempt, error)
	SaveAnswer(ctx context.Context, attemptID, questionID string, given learning.Given) error
	Submit(ctx context.Context, attemptID string) (learning.Result, error)
	Result(ctx context.Context, attemptID string) (learning.Result, error)
	Attempts(ctx context.Context, moduleID string) ([]learning.AttemptSummary, error)
	Certificates(ctx context.Context) ([]learning.Certificate, error)
	PrintCertificate(ctx context.Context, certificateID string, w io.Writer) error
}

// Items and parts of a route that are no course, module or lesson.
const (
	itemSearch = "search:" // with what was typed behind it
	partQuiz   = "quiz"
	partResult = "result:" // with the attempt's id behind it
	findMark   = "#"       // behind a lesson's id: the words that were searched for, to go to
)

// Page is the Learn page. Its routes are: no item, the courses; item a course, that course; item a module, the reader
// where it was left; with part a lesson, or a lesson and "#" and words, that lesson; part "quiz", the open attempt or a
// new one; part "result:ID", an attempt's result; item "search:WORDS", the search, which may be without words.
type Page struct {
	host     page.Host
	content  Content
	learning Learning
	saves    page.Saves
	trust    page.Publishers // nil where nothing is said about publishers
	search   fyne.Focusable  // the search field, where there is one
	leave    func()
}

// View is what Load found; one of its parts is set.
type View struct {
	Route    page.Route
	Overview *overview
	Course   *courseView
	Module   *moduleView
	Attempt  *learning.Attempt
	Result   *resultView
	Hits     *hits
}

// New makes the page.
func New(host page.Host, documents Content, progress Learning) *Page {
	return &Page{host: host, content: documents, learning: progress}
}

// WithTrust lets the page mark what came from publishers that are not trusted any more.
func (p *Page) WithTrust(trust page.Publishers) *Page {
	p.trust = trust
	return p
}

// Leave saves what is not saved yet.
func (p *Page) Leave() {
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}

// FocusSearch moves the focus to the search field, or shows the search where there is none.
func (p *Page) FocusSearch() {
	if p.search != nil {
		p.host.Focus(p.search)
		return
	}
	p.host.Go(page.Route{Page: page.Learn, Item: itemSearch})
}

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (View, error) {
	p.saves.Wait()
	v := View{Route: route}
	var err error
	typed, searching := strings.CutPrefix(route.Item, itemSearch)
	attempt, isResult := strings.CutPrefix(route.Part, partResult)
	switch {
	case searching:
		v.Hits, err = p.loadHits(ctx, typed)
	case route.Item == "":
		v.Overview, err = p.loadOverview(ctx)
	case route.Part == partQuiz:
		var open learning.Attempt
		open, err = p.learning.StartAttempt(ctx, route.Item)
		v.Attempt = &open
	case isResult:
		v.Result, err = p.loadResult(ctx, attempt)
	default:
		err = p.loadDocument(ctx, route, &v)
	}
	return v, err
}

// loadDocument reads a course or a module, also one that was withdrawn: it can still be read.
func (p *Page) loadDocument(ctx context.Context, route page.Route, v *View) error {
	document, state, err := p.content.Get(ctx, content.Ref{ID: route.Item})
	if err != nil && (!errors.Is(err, content.ErrWithdrawn) || document.ID == "") {
		return err
	}
	revoked, err := page.OwnerRevoked(ctx, p.trust, document.Owner)
	if err != nil {
		return err
	}
	defer func() {
		if v.Course != nil {
			v.Course.revoked = revoked
		}
		if v.Module != nil {
			v.Module.revoked = revoked
		}
	}()
	switch {
	case document.Course != nil:
		v.Course, err = p.loadCourse(ctx, document, state)
	case document.Module != nil && len(document.Module.Lessons) > 0:
		v.Module, err = p.loadModule(ctx, route, document, state)
	default:
		return content.ErrNotFound
	}
	return err
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	p.Leave()
	p.search = nil
	switch {
	case v.Course != nil:
		return p.showCourse(*v.Course)
	case v.Module != nil:
		return p.showModule(*v.Module)
	case v.Attempt != nil:
		return p.showQuiz(*v.Attempt)
	case v.Result != nil:
		return p.showResult(*v.Result)
	case v.Hits != nil:
		return p.showHits(*v.Hits)
	}
	return p.showOverview(*v.Overview)
}

func (p *Page) goTo(item, part string) {
	p.host.Go(page.Route{Page: page.Learn, Item: item, Part: part})
}

// quietly saves something after everything before it. done may be nil: then an error is shown.
func (p *Page) quietly(work func(ctx context.Context) error, done func(error)) {
	p.host.Quietly(p.saves.Next(work), done)
}

func (p *Page) toCourses() { p.goTo("", "") }
