package learn

import (
	"context"
	"image"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
)

// restsAfter is how long the text must stand still before the place is saved.
const restsAfter = time.Second

func (p *Page) showModule(v moduleView) fyne.CanvasObject {
	lesson := v.current()
	reader := widgets.NewReader()
	reader.SetBlocks(v.blocks, func(path string) image.Image { return v.pictures[path] })
	if v.position > 0 {
		reader.SetPlace(v.position)
	}
	p.keepPlace(v, reader)
	contents, open := p.contents(v)
	p.host.After(0, func() {
		widgets.Reveal(open)
		if v.heading >= 0 {
			reader.GoTo(v.heading)
		}
		p.host.Focus(reader.Prose()) // the keys scroll at once
	})

	head := container.NewVBox(widgets.Heading(words.In(lesson.Title)))
	if lesson.Kind == content.LessonVignette {
		head.Add(widgets.Small(words.Of("learn.vignette")))
	}
	if notice := page.LanguageNotice(lesson.Body, lesson.Title); notice != nil {
		head.Add(notice)
	}
	if notice := page.RevokedNotice(v.revoked); notice != nil {
		head.Add(notice)
	}
	if v.state == content.StateWithdrawn {
		head.Add(widgets.NewNotice(words.Of("learn.module-withdrawn"), widgets.Attention))
	}
	text := container.NewBorder(head, container.NewHBox(p.steps(v)...), nil, nil, reader)
	split := container.NewHSplit(contents, container.NewPadded(text))
	split.Offset = 0.28
	return widgets.Page(widgets.Header{Title: words.In(v.document.Title), Back: p.toCourses}, split)
}

// keepPlace saves where the person reads: at once, a moment after scrolling stops, and when the page is left.
func (p *Page) keepPlace(v moduleView, reader *widgets.Reader) {
	lesson := v.current()
	save := func(place float32) {
		p.quietly(func(ctx context.Context) error {
			return p.learning.SavePlace(ctx, v.document.ID, v.document.Version, lesson.ID, place)
		}, nil)
	}
	saved, stop := v.position, func() {}
	moved := func() {
		stop()
		if place := reader.Place(); place != saved {
			saved = place
			save(place)
		}
	}
	reader.OnMoved = func(float32) {
		stop()
		stop = p.host.After(restsAfter, moved)
	}
	p.leave = moved
	save(saved)
}

// contents is what stands at the side: the lessons with what was read, the quiz with its attempts, and what the module
// is about. It returns the open lesson's line, too.
func (p *Page) contents(v moduleView) (contents, open fyne.CanvasObject) {
	module := v.document.Module
	list := container.NewVBox()
	for i, lesson := range module.Lessons {
		row := widgets.Row{Title: strconv.Itoa(i+1) + ". " + words.In(lesson.Title), Detail: lessonState(v, i), Icon: theme.RadioButtonIcon()}
		switch {
		case i == v.lesson:
			row.Icon = theme.NewPrimaryThemedResource(theme.RadioButtonCheckedIcon())
		case v.read[lesson.ID]:
			row.Icon = theme.ConfirmIcon()
		}
		link := widgets.NewLink(row, func() { p.goTo(v.document.ID, lesson.ID) })
		if i == v.lesson {
			open = link
		}
		list.Add(link)
	}
	if v.hasQuiz() {
		row := widgets.Row{Title: words.Of("learn.quiz"), Detail: quizState(v), Icon: theme.DocumentCreateIcon()}
		list.Add(widgets.NewLink(row, func() { p.goTo(v.document.ID, partQuiz) }))
	}
	for _, attempt := range v.attempts {
		if attempt.SubmittedAt.IsZero() {
			continue
		}
		row := widgets.Row{Title: words.Named("learn.attempt", "Day", words.Day(attempt.SubmittedAt)), Detail: outcome(attempt.Percent, attempt.Passed), Icon: theme.HistoryIcon()}
		list.Add(widgets.NewLink(row, func() { p.goTo(v.document.ID, partResult+attempt.ID) }))
	}
	list.Add(widgets.Gap(theme.TextSize() / 2))
	list.Add(widgets.Heading(words.Of("learn.about-module")))
	list.Add(widgets.Text(words.In(v.document.Title)))
	list.Add(widgets.Small(words.Named("learn.version", "Version", v.document.Version, "Length", words.Count("learn.minutes", module.Minutes))))
	if len(module.Objectives) > 0 {
		list.Add(widgets.Small(words.Of("learn.objectives")))
	}
	for _, objective := range module.Objectives {
		list.Add(widgets.Small("• " + words.In(objective)))
	}
	if len(module.Sources) > 0 {
		list.Add(widgets.Small(words.Of("learn.sources")))
	}
	for _, source := range module.Sources {
		list.Add(widgets.Small("• " + source))
	}
	return container.NewVScroll(list), open
}

// lessonState says whether a lesson is open, a case, and read.
func lessonState(v moduleView, i int) string {
	lesson := v.document.Module.Lessons[i]
	var parts []string
	if i == v.lesson {
		parts = append(parts, words.Of("learn.open-now"))
	}
	if lesson.Kind == content.LessonVignette {
		parts = append(parts, words.Of("learn.case"))
	}
	if lesson.Minutes > 0 {
		parts = append(parts, words.Count("learn.minutes", lesson.Minutes))
	}
	if v.read[lesson.ID] {
		parts = append(parts, words.Of("learn.read"))
	}
	return strings.Join(parts, ", ")
}

// quizState says how far the quiz is.
func quizState(v moduleView) string {
	state := words.Of("learn.quiz-new")
	for _, attempt := range v.attempts {
		switch {
		case attempt.SubmittedAt.IsZero():
			return words.Of("learn.quiz-open")
		case attempt.Passed:
			return words.Of("learn.quiz-done")
		}
		state = words.Of("learn.quiz-failed")
	}
	return state
}

// outcome is how an attempt ended.
func outcome(percent int, passed bool) string {
	if passed {
		return words.Named("learn.outcome-passed", "Percent", percent)
	}
	return words.Named("learn.outcome-failed", "Percent", percent)
}

// steps are the buttons below the text. Going on from a lesson is what marks it as read.
func (p *Page) steps(v moduleView) []fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	lessons := v.document.Module.Lessons
	if v.lesson > 0 {
		buttons = append(buttons, widgets.NewButton(words.Of("learn.previous"), func() { p.goTo(v.document.ID, lessons[v.lesson-1].ID) }))
	}
	label, next := words.Of("learn.done"), ""
	switch {
	case v.lesson+1 < len(lessons):
		label, next = words.Of("learn.next"), lessons[v.lesson+1].ID
	case v.hasQuiz():
		label, next = words.Of("learn.to-quiz"), partQuiz
	}
	return append(buttons, widgets.NewPrimary(label, func() {
		p.quietly(func(ctx context.Context) error {
			return p.learning.MarkRead(ctx, v.document.ID, v.document.Version, v.current().ID)
		}, func(err error) {
			switch {
			case err != nil:
				p.host.Tell(err)
			case next == "":
				p.toCourses()
			default:
				p.goTo(v.document.ID, next)
			}
		})
	}))
}
