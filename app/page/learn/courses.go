package learn

import (
	"context"
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

// overview is all courses, with whom each is meant for.
type overview struct {
	courses []learning.CourseProgress
	roles   map[string][]string // by course; none is everybody
}

// courseView is one course.
type courseView struct {
	document     content.Document
	state        content.State
	revoked      bool
	progress     *learning.CourseProgress // nil if the course was withdrawn
	certificates []learning.Certificate   // of this course, newest first
}

func (p *Page) loadOverview(ctx context.Context) (*overview, error) {
	courses, err := p.learning.Overview(ctx)
	if err != nil {
		return nil, err
	}
	v := &overview{courses: courses, roles: map[string][]string{}}
	for _, course := range courses {
		document, _, err := p.content.Get(ctx, course.Ref)
		if err != nil {
			return nil, err
		}
		if document.Course != nil {
			v.roles[course.Ref.ID] = document.Course.Roles
		}
	}
	return v, nil
}

func (p *Page) loadCourse(ctx context.Context, document content.Document, state content.State) (*courseView, error) {
	v := &courseView{document: document, state: state}
	courses, err := p.learning.Overview(ctx)
	if err != nil {
		return nil, err
	}
	for _, course := range courses {
		if course.Ref.ID == document.ID {
			v.progress = &course
		}
	}
	certificates, err := p.learning.Certificates(ctx)
	for _, certificate := range certificates {
		if certificate.CourseID == document.ID {
			v.certificates = append(v.certificates, certificate)
		}
	}
	return v, err
}

func (p *Page) showOverview(v overview) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("rail.learn")}
	if len(v.courses) == 0 {
		update := widgets.NewPrimary(words.Of("learn.to-updates"), func() { p.host.Go(page.Route{Page: page.Updates}) })
		return widgets.Page(header, widgets.EmptyState(words.Of("learn.none"), words.Of("learn.none-next"), update))
	}
	lines := container.NewVBox(p.searchField(""), widgets.Gap(theme.TextSize()/2))
	primary := false
	for _, course := range v.courses {
		lines.Add(widgets.Heading(words.In(course.Title)))
		lines.Add(widgets.Text(words.In(course.Summary)))
		lines.Add(widgets.Small(forWhom(v.roles[course.Ref.ID]) + " · " + courseProgress(course)))
		lines.Add(p.certificateState(course))
		for _, line := range p.moduleLinks(course) {
			lines.Add(line)
		}
		var buttons []fyne.CanvasObject
		if next := p.nextButton(course, !primary); next != nil {
			buttons, primary = append(buttons, next), true
		}
		about := widgets.NewQuiet(words.Of("learn.about-course"), func() { p.goTo(course.Ref.ID, "") })
		lines.Add(widgets.Actions(append(buttons, about)...))
		lines.Add(widgets.Gap(theme.TextSize()))
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func (p *Page) showCourse(v courseView) fyne.CanvasObject {
	d := v.document
	lines := container.NewVBox(title(words.In(d.Title)))
	if notice := page.LanguageNotice(d.Title, d.Summary); notice != nil {
		lines.Add(notice)
	}
	if notice := page.RevokedNotice(v.revoked); notice != nil {
		lines.Add(notice)
	}
	if v.state == content.StateWithdrawn {
		lines.Add(widgets.NewNotice(words.Of("learn.course-withdrawn"), widgets.Attention))
	}
	lines.Add(widgets.Text(words.In(d.Summary)))
	facts := []string{
		words.Of("learn.for"), strings.Join(roleNames(d.Course.Roles), ", "),
		words.Of("learn.version-label"), strconv.Itoa(d.Version),
	}
	if d.EffectiveFrom != "" {
		facts = append(facts, words.Of("learn.in-force"), words.DayOf(d.EffectiveFrom))
	}
	if v.progress != nil {
		minutes := 0
		for _, module := range v.progress.Modules {
			minutes += module.Minutes
		}
		facts = append(facts,
			words.Of("learn.length"), words.Count("learn.minutes", minutes),
			words.Of("learn.pass-mark"), words.Named("learn.each-quiz", "Mark", v.progress.PassMark),
			words.Of("learn.so-far"), courseProgress(*v.progress))
	}
	if months := d.Course.CertificateMonths; months > 0 {
		facts = append(facts, words.Of("learn.certificate"), words.Count("learn.valid-months", months))
	}
	lines.Add(widgets.Facts(facts...))
	if v.progress != nil {
		lines.Add(p.certificateState(*v.progress))
		lines.Add(widgets.Heading(words.Of("learn.modules")))
		for _, line := range p.moduleLinks(*v.progress) {
			lines.Add(line)
		}
		if next := p.nextButton(*v.progress, true); next != nil {
			lines.Add(widgets.Actions(next))
		}
	}
	if len(v.certificates) > 0 {
		lines.Add(widgets.Heading(words.Of("learn.certificates")))
	}
	for _, c := range v.certificates {
		lines.Add(widgets.Text(words.Named("learn.certificate-line", "Version", c.CourseVersion, "Issued", words.Day(c.IssuedAt), "Until", words.Day(c.ExpiresAt))))
		lines.Add(widgets.Actions(widgets.NewButton(words.Of("learn.save-certificate"), func() { p.saveCertificate(c) })))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{Title: words.Of("learn.course"), Back: p.toCourses}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// title is the whole title of what a page shows; it wraps, unlike a page's header.
func title(text string) fyne.CanvasObject {
	label := widgets.Heading(text)
	label.SizeName = theme.SizeNameHeadingText
	label.Selectable = true
	return label
}

func roleNames(roles []string) []string {
	if len(roles) == 0 {
		return []string{words.Of("learn.everybody")}
	}
	var names []string
	for _, role := range roles {
		names = append(names, words.Of("role."+role))
	}
	return names
}

func forWhom(roles []string) string {
	return words.Named("learn.for-whom", "Roles", strings.Join(roleNames(roles), ", "))
}

// courseProgress says in words how far the account has come in a course.
func courseProgress(course learning.CourseProgress) string {
	read, lessons, passed, quizzes := 0, 0, 0, 0
	for _, m := range course.Modules {
		read, lessons = read+m.LessonsRead, lessons+m.Lessons
		if m.Questions > 0 {
			quizzes++
		}
		if m.Questions > 0 && m.QuizPassed {
			passed++
		}
	}
	return words.Named("learn.course-progress", "Read", read, "Lessons", lessons, "Passed", passed, "Quizzes", quizzes)
}

// moduleLinks lead to the modules of a course, with how far the account has come in each.
func (p *Page) moduleLinks(course learning.CourseProgress) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for i, module := range course.Modules {
		if module.State == "" {
			lines = append(lines, widgets.Small(words.Named("learn.module-missing", "ID", module.Ref.ID)))
			continue
		}
		row := widgets.Row{
			Title: strconv.Itoa(i+1) + ". " + words.In(module.Title), Detail: moduleProgress(module),
			Side: words.Count("learn.minutes", module.Minutes), Icon: theme.DocumentIcon(),
		}
		lines = append(lines, widgets.NewLink(row, func() { p.goTo(module.Ref.ID, "") }))
	}
	return lines
}

// moduleProgress says in words how far the account has come in a module.
func moduleProgress(m learning.ModuleProgress) string {
	parts := []string{words.Named("learn.lessons-read", "Read", m.LessonsRead, "All", m.Lessons)}
	switch {
	case m.Questions == 0:
	case m.QuizPassed:
		parts = append(parts, words.Named("learn.quiz-passed", "Day", words.Day(m.PassedAt)))
	case m.OpenAttempt != "":
		parts = append(parts, words.Of("learn.quiz-open"))
	case m.Attempted && !m.PassedAt.IsZero():
		parts = append(parts, words.Named("learn.quiz-renew", "Day", words.Day(m.PassedAt)))
	case m.Attempted:
		parts = append(parts, words.Named("learn.quiz-best", "Percent", m.BestPercent))
	default:
		parts = append(parts, words.Of("learn.quiz-new"))
	}
	said := strings.Join(parts, ", ")
	if m.State == content.StateWithdrawn {
		said = words.Of("learn.withdrawn") + ". " + said
	}
	return said
}

// nextStep is where a course goes on: the first module that is not read, or whose quiz is not passed.
func nextStep(course learning.CourseProgress) (module learning.ModuleProgress, part string, found bool) {
	for _, m := range course.Modules {
		if m.State == "" || m.State == content.StateWithdrawn {
			continue
		}
		switch quizLeft := m.Questions > 0 && !m.QuizPassed; {
		case m.LessonsRead < m.Lessons && (quizLeft || m.Questions == 0):
			return m, "", true
		case quizLeft:
			return m, partQuiz, true
		}
	}
	return learning.ModuleProgress{}, "", false
}

// nextButton goes on with a course; nil if nothing is left to do.
func (p *Page) nextButton(course learning.CourseProgress, primary bool) fyne.CanvasObject {
	module, part, found := nextStep(course)
	if !found {
		return nil
	}
	key := "learn.begin"
	for _, m := range course.Modules {
		if m.LessonsRead > 0 || m.Attempted || m.OpenAttempt != "" {
			key = "learn.continue"
		}
	}
	press := func() { p.goTo(module.Ref.ID, part) }
	if primary {
		return widgets.NewPrimary(words.Of(key), press)
	}
	return widgets.NewButton(words.Of(key), press)
}

// certificateState says whether the account has a certificate of the course, and until when.
func (p *Page) certificateState(course learning.CourseProgress) fyne.CanvasObject {
	certificate := course.Certificate
	if certificate == nil {
		return widgets.Small(words.Named("learn.no-certificate", "Mark", course.PassMark))
	}
	until := words.Day(certificate.ExpiresAt)
	save := widgets.NewButton(words.Of("learn.save-certificate"), func() { p.saveCertificate(*certificate) })
	switch {
	case !course.Current:
		return widgets.NewNotice(words.Named("learn.certificate-ended", "Day", until), widgets.Attention)
	case course.Renewable:
		return widgets.NewNotice(words.Named("learn.certificate-renew", "Day", until), widgets.Attention, save)
	}
	return widgets.NewNotice(words.Named("learn.certificate-until", "Day", until), widgets.Good, save)
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
