package learn

import (
	"context"
	"slices"
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
	"wardbook/data/learning"
)

// quiz is an attempt while it is open: one question a screen. It shows neither weights nor feedback.
type quiz struct {
	page    *Page
	attempt learning.Attempt
	at      int
	stage   *fyne.Container
	pending func()            // saves a short answer that is being typed
	saved   *fyne.Container   // holds the line that says that the answer is kept
	strip   []*widgets.Button // one for each question
}

func (p *Page) showQuiz(attempt learning.Attempt) fyne.CanvasObject {
	q := &quiz{page: p, attempt: attempt, stage: container.NewStack(), pending: func() {}}
	if q.attempt.Given == nil {
		q.attempt.Given = map[string]learning.Given{}
	}
	q.at = len(attempt.Questions) - 1 // all answered: what is left is to submit
	for i := range attempt.Questions {
		if !q.answered(i) {
			q.at = i
			break
		}
	}
	p.leave = func() { q.pending() }
	q.draw()
	header := widgets.Header{
		Title: words.Of("learn.quiz"), Subtitle: words.Named("learn.quiz-rules", "Count", len(attempt.Questions), "Mark", attempt.PassMark),
		Back: func() { p.goTo(attempt.ModuleID, "") },
	}
	return widgets.Page(header, q.stage)
}

func (q *quiz) answered(i int) bool {
	given := q.attempt.Given[q.attempt.Questions[i].ID]
	return len(given.AnswerIDs) > 0 || strings.TrimSpace(given.Text) != ""
}

// draw shows the question and returns the first thing in it that takes the keyboard.
func (q *quiz) draw() fyne.Focusable {
	question := q.attempt.Questions[q.at]
	lines := container.NewVBox(widgets.Small(words.In(q.attempt.Title)))
	if q.attempt.State == content.StateSuperseded {
		lines.Add(widgets.NewNotice(words.Of("learn.quiz-superseded"), widgets.Neutral))
	}
	texts := []content.Text{question.Stem}
	for _, answer := range question.Answers {
		if question.Kind == content.QuestionSingle || question.Kind == content.QuestionSeveral {
			texts = append(texts, answer.Text)
		}
	}
	if notice := page.LanguageNotice(texts...); notice != nil {
		lines.Add(notice)
	}
	answers, first := q.answers(question)
	lines.Add(widgets.Heading(words.Named("learn.question-of", "At", q.at+1, "Of", len(q.attempt.Questions))))
	lines.Add(widgets.Text(words.In(question.Stem)))
	lines.Add(answers)
	q.saved = container.NewVBox()
	lines.Add(q.saved)
	lines.Add(widgets.Gap(theme.TextSize() / 2))
	var buttons []fyne.CanvasObject
	if q.at > 0 {
		buttons = append(buttons, widgets.NewButton(words.Of("learn.previous-question"), func() { q.move(q.at - 1) }))
	}
	if q.at+1 < len(q.attempt.Questions) {
		buttons = append(buttons, widgets.NewPrimary(words.Of("learn.next-question"), func() { q.move(q.at + 1) }))
	} else {
		buttons = append(buttons, widgets.NewPrimary(words.Of("learn.submit"), q.confirm))
	}
	lines.Add(widgets.Actions(buttons...))
	lines.Add(widgets.Gap(theme.TextSize()))
	lines.Add(widgets.Small(words.Of("learn.all-questions")))
	lines.Add(q.overview())
	q.mark()
	q.stage.Objects = []fyne.CanvasObject{container.NewVScroll(widgets.Column(container.NewPadded(lines)))}
	q.stage.Refresh()
	return first
}

// overview leads to each question and says which have an answer.
func (q *quiz) overview() fyne.CanvasObject {
	q.strip = nil
	var buttons []fyne.CanvasObject
	for i := range q.attempt.Questions {
		button := widgets.NewQuiet("", func() { q.move(i) })
		q.strip = append(q.strip, button)
		buttons = append(buttons, button)
	}
	return widgets.Actions(buttons...)
}

// mark writes which questions have an answer.
func (q *quiz) mark() {
	for i, button := range q.strip {
		text := strconv.Itoa(i + 1)
		button.Icon = theme.RadioButtonIcon()
		if q.answered(i) {
			button.Icon = theme.ConfirmIcon()
		}
		if i == q.at {
			text = words.Named("learn.this-question", "Number", i+1)
		}
		button.SetText(text)
	}
	q.saved.Objects = nil
	if q.answered(q.at) {
		q.saved.Add(widgets.Small(words.Of("learn.answer-kept")))
	}
	q.saved.Refresh()
}

// move shows another question. Whoever came by keyboard goes on by keyboard.
func (q *quiz) move(to int) {
	q.pending()
	byKeyboard := false
	if c := fyne.CurrentApp().Driver().CanvasForObject(q.stage); c != nil {
		byKeyboard = c.Focused() != nil
	}
	q.at = to
	if first := q.draw(); byKeyboard && first != nil {
		q.page.host.Focus(first)
	}
}

// answers is what the question is answered with, and the first of it that takes the keyboard.
func (q *quiz) answers(question content.Question) (fyne.CanvasObject, fyne.Focusable) {
	given := q.attempt.Given[question.ID]
	if question.Kind == content.QuestionShort {
		return q.typed(question, given)
	}
	var options []widgets.Option
	for _, answer := range question.Answers {
		options = append(options, widgets.Option{Value: answer.ID, Text: answerText(question, answer)})
	}
	if question.Kind == content.QuestionSeveral {
		choices := widgets.NewChoices(options, func(values []string) { q.save(question.ID, learning.Given{AnswerIDs: values}) })
		choices.SetValues(given.AnswerIDs...)
		return container.NewVBox(widgets.Small(words.Of("learn.several")), choices), choices.First()
	}
	choice := widgets.NewChoice(options, func(value string) { q.save(question.ID, learning.Given{AnswerIDs: []string{value}}) })
	choice.SetValues(given.AnswerIDs...)
	return choice, choice.First()
}

// typed is the field of a short answer, saved a moment after the last key and when it is left.
func (q *quiz) typed(question content.Question, given learning.Given) (fyne.CanvasObject, fyne.Focusable) {
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
	entry.OnLeave = func() { q.pending() }
	return widgets.NewField(words.Of("learn.your-answer"), words.Of("learn.short-hint"), entry), entry
}

// save keeps an answer as it is given.
func (q *quiz) save(questionID string, given learning.Given) {
	q.attempt.Given[questionID] = given
	q.mark()
	id := q.attempt.ID
	q.page.quietly(func(ctx context.Context) error { return q.page.learning.SaveAnswer(ctx, id, questionID, given) }, nil)
}

// confirm names the questions without an answer before the attempt is submitted.
func (q *quiz) confirm() {
	q.pending()
	var open []string
	for i := range q.attempt.Questions {
		if !q.answered(i) {
			open = append(open, strconv.Itoa(i+1))
		}
	}
	message := words.Of("learn.submit-message")
	switch len(open) {
	case 0:
	case 1:
		message = words.Named("learn.unanswered-one", "Number", open[0]) + " " + message
	default:
		last := len(open) - 1
		message = words.Named("learn.unanswered-several", "Numbers", strings.Join(open[:last], ", "), "Last", open[last]) + " " + message
	}
	p, id, module := q.page, q.attempt.ID, q.attempt.ModuleID
	p.host.Confirm(words.Of("learn.submit"), message, words.Of("learn.submit"), func() {
		p.quietly(func(ctx context.Context) error {
			_, err := p.learning.Submit(ctx, id)
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.goTo(module, partResult+id)
		})
	})
}

func answerText(q content.Question, answer content.Answer) string {
	if q.Kind == content.QuestionTrueFalse {
		return words.Of("learn.answer-" + answer.ID)
	}
	return words.In(answer.Text)
}

func answerTexts(q content.Question, ids []string) []string {
	var texts []string
	for _, answer := range q.Answers {
		if slices.Contains(ids, answer.ID) {
			texts = append(texts, answerText(q, answer))
		}
	}
	return texts
}
