package learn

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/learning"
)

// quiz is an attempt while it is open: one question a screen.
type quiz struct {
	page    *Page
	attempt learning.Attempt
	at      int
	stage   *fyne.Container
	pending func() // saves a short answer that is being typed
}

func (p *Page) showQuiz(attempt learning.Attempt) fyne.CanvasObject {
	q := &quiz{page: p, attempt: attempt, stage: container.NewStack(), pending: func() {}}
	if q.attempt.Given == nil {
		q.attempt.Given = map[string]learning.Given{}
	}
	q.at = max(0, slices.IndexFunc(attempt.Questions, func(question content.Question) bool { return !answered(attempt, question.ID) }))
	p.leave = func() { q.pending() }
	q.draw()
	header := widgets.Header{
		Title: words.In(attempt.Title), Subtitle: words.With("learn.quiz-rules", map[string]any{"Count": len(attempt.Questions), "Mark": attempt.PassMark}),
		Back: func() { p.host.Go(page.Route{Page: page.Learn, Item: attempt.ModuleID}) },
	}
	return widgets.Page(header, q.stage)
}

func answered(attempt learning.Attempt, questionID string) bool {
	given := attempt.Given[questionID]
	return len(given.AnswerIDs) > 0 || strings.TrimSpace(given.Text) != ""
}

func (q *quiz) draw() {
	question := q.attempt.Questions[q.at]
	position := words.With("learn.question-of", map[string]any{"At": q.at + 1, "Of": len(q.attempt.Questions)})
	lines := container.NewVBox(widgets.Small(position), widgets.Heading(words.In(question.Stem)), q.answers(question), widgets.Gap(theme.TextSize()))
	var buttons []fyne.CanvasObject
	if q.at > 0 {
		buttons = append(buttons, widgets.NewButton(words.Of("learn.previous-question"), func() { q.move(-1) }))
	}
	if q.at+1 < len(q.attempt.Questions) {
		buttons = append(buttons, widgets.NewPrimary(words.Of("learn.next-question"), func() { q.move(1) }))
	} else {
		buttons = append(buttons, widgets.NewPrimary(words.Of("learn.submit"), q.confirm))
	}
	lines.Add(container.NewHBox(buttons...))
	q.stage.Objects = []fyne.CanvasObject{container.NewVScroll(widgets.Column(container.NewPadded(lines)))}
	q.stage.Refresh()
}

func (q *quiz) move(by int) {
	q.pending()
	q.at += by
	q.draw()
}

func (q *quiz) answers(question content.Question) fyne.CanvasObject {
	given := q.attempt.Given[question.ID]
	if question.Kind == content.QuestionShort {
		return q.typed(question, given)
	}
	var options []widgets.Option
	for _, answer := range question.Answers {
		text := words.In(answer.Text)
		if question.Kind == content.QuestionTrueFalse {
			text = words.Of("learn.answer-" + answer.ID)
		}
		options = append(options, widgets.Option{Value: answer.ID, Text: text})
	}
	if question.Kind == content.QuestionSeveral {
		choices := widgets.NewChoices(options, func(values []string) { q.save(question.ID, learning.Given{AnswerIDs: values}) })
		choices.SetValues(given.AnswerIDs...)
		return container.NewVBox(widgets.Small(words.Of("learn.several")), choices)
	}
	choice := widgets.NewChoice(options, func(value string) { q.save(question.ID, learning.Given{AnswerIDs: []string{value}}) })
	choice.SetValues(given.AnswerIDs...)
	return choice
}

func (q *quiz) typed(question content.Question, given learning.Given) fyne.CanvasObject {
	entry := widgets.NewEntry()
	entry.SetText(given.Text)
	stop := func() {}
	entry.OnChanged = func(text string) {
		stop()
		q.pending = func() {
			stop()
			q.pending = func() {}
			q.save(question.ID, learning.Given{Text: text})
		}
		stop = q.page.host.After(time.Second, func() { q.pending() })
	}
	return widgets.NewField(words.Of("learn.your-answer"), words.Of("learn.short-hint"), entry)
}

// save keeps an answer as it is given.
func (q *quiz) save(questionID string, given learning.Given) {
	q.attempt.Given[questionID] = given
	id := q.attempt.ID
	q.page.host.Quietly(func(ctx context.Context) error { return q.page.learning.SaveAnswer(ctx, id, questionID, given) }, nil)
}

func (q *quiz) confirm() {
	q.pending()
	open := 0
	for _, question := range q.attempt.Questions {
		if !answered(q.attempt, question.ID) {
			open++
		}
	}
	message := words.Of("learn.submit-message")
	if open > 0 {
		message = words.Count("learn.unanswered", open) + " " + message
	}
	host, service, id := q.page.host, q.page.learning, q.attempt.ID
	host.Confirm(words.Of("learn.submit"), message, words.Of("learn.submit"), func() {
		var result learning.Result
		host.Quietly(func(ctx context.Context) (err error) {
			result, err = service.Submit(ctx, id)
			return err
		}, func(err error) {
			if err != nil {
				host.Tell(err)
				return
			}
			q.page.submitted = &result
			host.Go(page.Route{Page: page.Learn, Item: q.attempt.ModuleID, Part: partResult + id})
		})
	})
}

func (p *Page) showResult(r learning.Result) fyne.CanvasObject {
	values := map[string]any{"Percent": r.Percent, "Mark": r.PassMark}
	lines := container.NewVBox()
	if r.Passed {
		lines.Add(widgets.NewNotice(words.With("learn.passed", values), widgets.Good))
	} else {
		again := widgets.NewPrimary(words.Of("learn.again"), func() { p.host.Go(page.Route{Page: page.Learn, Item: r.ModuleID, Part: partQuiz}) })
		lines.Add(widgets.NewNotice(words.With("learn.not-passed", values), widgets.Attention, again))
	}
	for _, certificate := range r.Certificates {
		save := widgets.NewPrimary(words.Of("learn.save-certificate"), func() { p.saveCertificate(certificate) })
		text := words.With("learn.certificate-new", map[string]any{"Course": certificate.CourseTitle, "Day": words.Day(certificate.ExpiresAt)})
		lines.Add(widgets.NewNotice(text, widgets.Good, save))
	}
	for i, question := range r.Questions {
		for _, o := range resultLines(i+1, question) {
			lines.Add(o)
		}
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{
		Title: words.Of("learn.result"), Subtitle: words.In(r.Title),
		Back: func() { p.host.Go(page.Route{Page: page.Learn}) },
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// resultLines say how a question was answered and what there is to learn from it. Right and wrong are words, with a
// mark beside them.
func resultLines(number int, q learning.QuestionResult) []fyne.CanvasObject {
	state := "✗ " + words.Of("learn.wrong")
	if q.Right {
		state = "✓ " + words.Of("learn.right")
	}
	lines := []fyne.CanvasObject{
		widgets.Heading(words.With("learn.question-n", map[string]any{"Number": number, "Text": words.In(q.Question.Stem)})),
		widgets.Text(state + ". " + words.With("learn.you-answered", map[string]any{"Answer": givenText(q)})),
	}
	if !q.Right {
		var right []string
		for _, answer := range q.Correct {
			right = append(right, answerText(q.Question, answer))
		}
		lines = append(lines, widgets.Text(words.With("learn.right-would-be", map[string]any{"Answer": strings.Join(right, "; ")})))
	}
	for _, feedback := range q.Feedback {
		lines = append(lines, widgets.Text(words.In(feedback)))
	}
	return lines
}

func answerText(q content.Question, answer content.Answer) string {
	if q.Kind == content.QuestionTrueFalse {
		return words.Of("learn.answer-" + answer.ID)
	}
	return words.In(answer.Text)
}

func givenText(q learning.QuestionResult) string {
	var texts []string
	for _, answer := range q.Question.Answers {
		if slices.Contains(q.Given.AnswerIDs, answer.ID) {
			texts = append(texts, answerText(q.Question, answer))
		}
	}
	if q.Given.Text != "" {
		texts = append(texts, q.Given.Text)
	}
	if len(texts) == 0 {
		return words.Of("learn.nothing-given")
	}
	return strings.Join(texts, "; ")
}
