package learn

import (
	"context"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/learning"
)

// resultView is how an attempt ended, and the courses that it counts towards.
type resultView struct {
	result  learning.Result
	courses []learning.CourseProgress
}

func (p *Page) loadResult(ctx context.Context, attemptID string) (*resultView, error) {
	result, err := p.learning.Result(ctx, attemptID)
	if err != nil {
		return nil, err
	}
	courses, err := p.learning.Overview(ctx)
	if err != nil {
		return nil, err
	}
	v := &resultView{result: result}
	for _, course := range courses {
		for _, module := range course.Modules {
			if module.Ref.ID == result.ModuleID {
				v.courses = append(v.courses, course)
			}
		}
	}
	return v, nil
}

func (p *Page) showResult(v resultView) fyne.CanvasObject {
	r := v.result
	lines := container.NewVBox(title(words.In(r.Title)))
	var texts []content.Text
	for _, question := range r.Questions {
		texts = append(texts, question.Question.Stem)
	}
	if notice := page.LanguageNotice(texts...); notice != nil {
		lines.Add(notice)
	}
	toModule := widgets.NewButton(words.Of("learn.to-module"), func() { p.goTo(r.ModuleID, "") })
	if r.Passed {
		again := widgets.NewQuiet(words.Of("learn.again"), func() { p.goTo(r.ModuleID, partQuiz) })
		lines.Add(widgets.NewNotice(words.Named("learn.passed", "Percent", r.Percent, "Mark", r.PassMark), widgets.Good, toModule, again))
	} else {
		again := widgets.NewPrimary(words.Of("learn.again"), func() { p.goTo(r.ModuleID, partQuiz) })
		lines.Add(widgets.NewNotice(words.Named("learn.not-passed", "Percent", r.Percent, "Mark", r.PassMark), widgets.Attention, again, toModule))
	}
	for _, course := range v.courses {
		if r.Passed {
			lines.Add(p.towards(course))
		}
	}
	lines.Add(widgets.Small(words.Named("learn.submitted", "Moment", words.Moment(r.SubmittedAt), "Version", r.Version)))
	for i, question := range r.Questions {
		for _, line := range resultLines(i+1, question) {
			lines.Add(line)
		}
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{Title: words.Of("learn.result"), Back: func() { p.goTo(r.ModuleID, "") }}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// towards says what a passed quiz brings: the certificate of a course, or what is left to do for it.
func (p *Page) towards(course learning.CourseProgress) fyne.CanvasObject {
	if course.Current {
		certificate := *course.Certificate
		save := widgets.NewPrimary(words.Of("learn.save-certificate"), func() { p.saveCertificate(certificate) })
		return widgets.NewNotice(words.Named("learn.certificate-new", "Course", words.In(course.Title), "Day", words.Day(certificate.ExpiresAt)), widgets.Good, save)
	}
	text := words.Named("learn.towards", "Course", words.In(course.Title), "Progress", courseProgress(course))
	if next := p.nextButton(course, true); next != nil {
		return widgets.NewNotice(text, widgets.Neutral, next)
	}
	return widgets.NewNotice(text, widgets.Neutral)
}

// resultLines say how a question was answered and what there is to learn from it. Right and wrong are words, with a
// sign beside them.
func resultLines(number int, q learning.QuestionResult) []fyne.CanvasObject {
	state, sign := words.Of("learn.wrong"), theme.CancelIcon()
	if q.Right {
		state, sign = words.Of("learn.right"), theme.ConfirmIcon()
	}
	said := widgets.Text(state)
	said.TextStyle.Bold = true
	lines := []fyne.CanvasObject{
		widgets.Gap(theme.TextSize() / 2),
		widgets.Heading(words.Named("learn.question-n", "Number", strconv.Itoa(number), "Text", words.In(q.Question.Stem))),
		container.NewBorder(nil, nil, widget.NewIcon(sign), nil, said),
		widgets.Text(words.Named("learn.you-answered", "Answer", givenText(q))),
	}
	if !q.Right {
		var right []string
		for _, answer := range q.Correct {
			right = append(right, answerText(q.Question, answer))
		}
		lines = append(lines, widgets.Text(words.Named("learn.right-would-be", "Answer", strings.Join(right, "; "))))
	}
	for _, feedback := range q.Feedback {
		lines = append(lines, widgets.Text(words.In(feedback)))
	}
	return lines
}

func givenText(q learning.QuestionResult) string {
	texts := answerTexts(q.Question, q.Given.AnswerIDs)
	if q.Given.Text != "" {
		texts = append(texts, q.Given.Text)
	}
	if len(texts) == 0 {
		return words.Of("learn.nothing-given")
	}
	return strings.Join(texts, "; ")
}
