// Package learn is where people learn: courses and their progress, the reader, the quiz with its result, certificates,
// and the search over all content.
package learn

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
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
	PrintCertificate(ctx context.Context, certificateID string, w io.Writer) error
}

// Parts of a route that are no lesson.
const (
	partQuiz   = "quiz"
	partResult = "result:" // with the attempt's id
	itemSearch = "search:" // with what was typed, as the route's item
)

// errCourse says that a route names a course, which is shown among the others.
var errCourse = errors.New("a course")

// Page is the Learn page. Its routes are: no item, or a course, the courses; item a module and part a lesson, the reader; part
// "quiz"; part "result:ID"; item "search:WORDS".
type Page struct {
	host     page.Host
	content  Content
	learning Learning
	search   *widgets.Entry
	leave    func()
	// submitted is what the last submission said; only it names the certificates that were issued by it.
	submitted *learning.Result
}

// View is what Load found; one of its parts is set.
type View struct {
	Route   page.Route
	Courses []learning.CourseProgress
	Module  *moduleView
	Attempt *learning.Attempt
	Result  *learning.Result
	Hits    []content.Hit
	Typed   string
}

// New makes the page.
func New(host page.Host, documents Content, progress Learning) *Page {
	return &Page{host: host, content: documents, learning: progress}
}

// Leave saves what is not saved yet.
func (p *Page) Leave() {
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}

// FocusSearch moves the focus to the search field, if there is one.
func (p *Page) FocusSearch() {
	if p.search != nil {
		p.host.Focus(p.search)
		return
	}
	p.host.Go(page.Route{Page: page.Learn})
}

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (View, error) {
	v := View{Route: route}
	var err error
	switch typed, searching := strings.CutPrefix(route.Item, itemSearch); {
	case searching:
		v.Typed = typed
		v.Hits, err = p.content.Search(ctx, typed, words.Of("language.tag"), 60)
	case route.Item == "":
		v.Courses, err = p.learning.Overview(ctx)
	case route.Part == partQuiz:
		var attempt learning.Attempt
		attempt, err = p.learning.StartAttempt(ctx, route.Item)
		v.Attempt = &attempt
	case strings.HasPrefix(route.Part, partResult):
		id := strings.TrimPrefix(route.Part, partResult)
		if p.submitted != nil && p.submitted.AttemptID == id {
			v.Result = p.submitted
			break
		}
		var result learning.Result
		result, err = p.learning.Result(ctx, id)
		v.Result = &result
	default:
		v.Module, err = p.loadModule(ctx, route)
		if errors.Is(err, errCourse) {
			v.Courses, err = p.learning.Overview(ctx)
		}
	}
	return v, err
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	p.Leave()
	p.search = nil
	switch {
	case v.Module != nil:
		return p.showModule(*v.Module)
	case v.Attempt != nil:
		return p.showQuiz(*v.Attempt)
	case v.Result != nil:
		return p.showResult(*v.Result)
	case strings.HasPrefix(v.Route.Item, itemSearch):
		return p.showHits(v)
	}
	return p.showCourses(v.Courses)
}

// searchField is the field that finds words in everything.
func (p *Page) searchField(typed string) fyne.CanvasObject {
	p.search = widgets.NewEntry()
	p.search.SetPlaceHolder(words.Of("learn.search-hint"))
	p.search.SetText(typed)
	p.search.OnSubmitted = func(text string) {
		if text = strings.TrimSpace(text); text != "" {
			p.host.Go(page.Route{Page: page.Learn, Item: itemSearch + text})
		}
	}
	field := p.search
	find := widgets.NewButton(words.Of("learn.search"), func() { field.OnSubmitted(field.Text) })
	return container.NewBorder(nil, nil, nil, find, p.search)
}

func (p *Page) showCourses(courses []learning.CourseProgress) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("rail.learn")}
	if len(courses) == 0 {
		update := widgets.NewPrimary(words.Of("learn.to-updates"), func() { p.host.Go(page.Route{Page: page.Updates}) })
		return widgets.Page(header, widgets.EmptyState(words.Of("learn.none"), words.Of("learn.none-next"), update))
	}
	lines := container.NewVBox(p.searchField(""), widgets.Gap(theme.TextSize()/2))
	for _, course := range courses {
		for _, o := range p.courseLines(course) {
			lines.Add(o)
		}
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func (p *Page) courseLines(course learning.CourseProgress) []fyne.CanvasObject {
	lines := []fyne.CanvasObject{widgets.Heading(words.In(course.Title)), widgets.Text(words.In(course.Summary))}
	lines = append(lines, p.certificateLines(course)...)
	for i, module := range course.Modules {
		if module.State == "" {
			lines = append(lines, widgets.Small(words.With("learn.module-missing", map[string]any{"ID": module.Ref.ID})))
			continue
		}
		row := widgets.Row{
			Title: strconv.Itoa(i+1) + ". " + words.In(module.Title), Detail: progressOf(module),
			Side: words.Count("learn.minutes", module.Minutes), Icon: theme.DocumentIcon(),
		}
		lines = append(lines, widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Learn, Item: module.Ref.ID}) }))
	}
	return append(lines, widgets.Gap(theme.TextSize()))
}

// progressOf says in words how far somebody has come.
func progressOf(m learning.ModuleProgress) string {
	if m.State == content.StateWithdrawn {
		return words.Of("learn.withdrawn")
	}
	parts := []string{words.With("learn.lessons-read", map[string]any{"Read": m.LessonsRead, "All": m.Lessons})}
	switch {
	case m.Questions == 0:
	case m.QuizPassed:
		parts = append(parts, words.With("learn.quiz-passed", map[string]any{"Day": words.Day(m.PassedAt)}))
	case m.OpenAttempt != "":
		parts = append(parts, words.Of("learn.quiz-open"))
	case m.Attempted:
		parts = append(parts, words.With("learn.quiz-best", map[string]any{"Percent": m.BestPercent}))
	default:
		parts = append(parts, words.Of("learn.quiz-new"))
	}
	return strings.Join(parts, " · ")
}

func (p *Page) certificateLines(course learning.CourseProgress) []fyne.CanvasObject {
	certificate := course.Certificate
	switch {
	case certificate == nil:
		return []fyne.CanvasObject{widgets.Small(words.With("learn.no-certificate", map[string]any{"Mark": course.PassMark}))}
	case !course.Current:
		return []fyne.CanvasObject{widgets.NewNotice(words.With("learn.certificate-ended", map[string]any{"Day": words.Day(certificate.ExpiresAt)}), widgets.Attention)}
	}
	save := widgets.NewButton(words.Of("learn.save-certificate"), func() { p.saveCertificate(*certificate) })
	text := words.With("learn.certificate-until", map[string]any{"Day": words.Day(certificate.ExpiresAt)})
	return []fyne.CanvasObject{widgets.NewNotice(text, widgets.Good, save)}
}

// saveCertificate writes the PDF to the place that the person chooses.
func (p *Page) saveCertificate(certificate learning.Certificate) {
	p.host.ChooseSave(words.Of("learn.save-certificate"), "certificate-"+certificate.CourseID+".pdf", func(path string) {
		p.host.Quietly(func(ctx context.Context) error {
			return page.WriteFile(path, func(w io.Writer) error { return p.learning.PrintCertificate(ctx, certificate.ID, w) })
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Say(words.Of("learn.saved"), path)
		})
	})
}

func (p *Page) showHits(v View) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("learn.search"), Back: func() { p.host.Go(page.Route{Page: page.Learn}) }}
	lines := container.NewVBox(p.searchField(v.Typed), widgets.Gap(theme.TextSize()/2))
	if len(v.Hits) == 0 {
		lines.Add(widgets.Text(words.With("learn.nothing-found", map[string]any{"Words": v.Typed})))
	} else {
		lines.Add(widgets.Small(words.Count("learn.found", len(v.Hits))))
	}
	for _, hit := range v.Hits {
		row := widgets.Row{Title: hit.PartText, Detail: hit.Title + " — " + oneLine(hit.Snippet), Side: words.Of("learn.kind-" + string(hit.Kind))}
		lines.Add(widgets.NewLink(row, func() { p.host.Go(placeOf(hit)) }))
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func placeOf(hit content.Hit) page.Route {
	switch hit.Kind {
	case content.KindModule:
		return page.Route{Page: page.Learn, Item: hit.ID, Part: hit.Part}
	case content.KindChecklist, content.KindGlossary:
		return page.Route{Page: page.Checklists, Item: hit.ID, Part: hit.Part}
	}
	return page.Route{Page: page.Learn}
}

// oneLine takes the marks of Markdown and line ends out of a snippet.
func oneLine(snippet string) string {
	return strings.Join(strings.FieldsFunc(snippet, func(r rune) bool { return strings.ContainsRune(" \n\t|#*>", r) }), " ")
}
