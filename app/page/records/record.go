package records

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/casework"
)

func subjectFacts(s *casework.Subject) []string {
	if s == nil {
		return nil
	}
	pairs := []string{words.Of("records.reference"), s.Reference}
	if s.Category != "" {
		pairs = append(pairs, words.Of("records.category"), words.Of("records.category-"+string(s.Category)))
	}
	if s.LegalStatus != "" {
		pairs = append(pairs, words.Of("records.status"), words.Of("records.status-"+string(s.LegalStatus)))
	}
	return append(pairs, words.Of("records.unit"), s.Unit)
}

func (p *Page) showRecord(v View) fyne.CanvasObject {
	r := *v.Record
	lines := container.NewVBox()
	var actions []fyne.CanvasObject
	if v.Own && r.State == casework.StateSubmitted {
		actions = append(actions, widgets.NewButton(words.Of("records.take-back"), func() { p.takeBack(r) }))
	}
	if note := stateNote(r.ChecklistState); note != "" {
		lines.Add(widgets.NewNotice(strings.TrimPrefix(note, " · "), widgets.Attention))
	}
	pairs := append(subjectFacts(r.Subject), words.Of("records.submitted"), words.Moment(r.SubmittedAt), words.Of("records.review"), words.DayOf(r.ReviewDue),
		words.Of("records.delete"), words.DayOf(r.DeleteDue), words.Of("records.state"), words.Of("records.state-"+string(r.State)))
	lines.Add(widgets.Facts(pairs...))
	if r.Blind {
		lines.Add(widgets.NewNotice(words.Of("records.blind"), widgets.Neutral))
	}
	for _, section := range casework.SectionsOf(*r.Checklist.Checklist) {
		lines.Add(widgets.Heading(words.In(section.Title)))
		for _, item := range section.Items {
			answer, ok := r.Answers[item.ID]
			if r.Blind && !ok {
				continue
			}
			if !ok || answer.Answer == "" && !r.Blind {
				lines.Add(widgets.Small(words.In(item.Text) + " — " + words.Of("records.unanswered")))
				continue
			}
			lines.Add(widgets.Section(words.In(item.Text), answerLines(answer)...))
		}
	}
	for _, closing := range casework.ClosingOf(*r.Checklist.Checklist) {
		if r.Blind {
			break
		}
		lines.Add(widgets.Section(words.In(closing.Text), widgets.Text(r.Closing[closing.ID])))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	header := widgets.Header{
		Title: words.In(r.Checklist.Title), Subtitle: words.With("checklists.version", map[string]any{"Version": r.Checklist.Version}), Back: p.back, Actions: actions,
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// answerLines show fact and interpretation apart.
func answerLines(a casework.ItemAnswer) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	if a.Answer != "" {
		lines = append(lines, widgets.Text(words.Of("answer."+a.Answer)))
	}
	for i, e := range a.Evidence {
		who := words.Of("records.witnessed")
		if !e.Witnessed {
			who = words.With("records.told-by", map[string]any{"Who": e.ReportedBy, "Where": e.SourceHeldAt})
		}
		when := words.DayOf(e.OccurredOn)
		if e.OccurredTime != "" {
			when += ", " + e.OccurredTime
		}
		lines = append(lines, widgets.Section(words.With("records.fact-n", map[string]any{"Number": i + 1}),
			widgets.Text(e.Fact), widgets.Small(strings.Join([]string{when, e.Place, e.HowKnown, who}, " · "))))
	}
	if a.Interpretation != "" {
		lines = append(lines, apart(widgets.Section(words.Of("records.interpretation"), widgets.Text(a.Interpretation))))
	}
	if a.Remark != "" {
		lines = append(lines, widgets.Text(a.Remark))
	}
	return lines
}

// apart sets what somebody makes of the facts visibly off from the facts (LED 2016/680 Art 7).
func apart(interpretation fyne.CanvasObject) fyne.CanvasObject {
	plate := canvas.NewRectangle(theme.Color(theme.ColorNameHeaderBackground))
	plate.CornerRadius = theme.InputRadiusSize()
	return container.NewStack(plate, container.NewPadded(interpretation))
}

func (p *Page) takeBack(r casework.Record) {
	p.host.Confirm(words.Of("records.take-back"), words.Of("records.take-back-message"), words.Of("records.take-back"), func() {
		var draft casework.Draft
		p.host.Quietly(func(ctx context.Context) (err error) {
			draft, err = p.casework.TakeBack(ctx, r.ID)
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.goTo(itemDraft+draft.ID, "")
		})
	})
}

func (p *Page) showNote(v View) fyne.CanvasObject {
	n := *v.Note
	pairs := append(subjectFacts(&n.Subject), words.Of("records.submitted"), words.Moment(n.SubmittedAt), words.Of("records.review"), words.DayOf(n.ReviewDue),
		words.Of("records.delete"), words.DayOf(n.DeleteDue), words.Of("records.state"), words.Of("records.state-"+string(n.State)))
	lines := container.NewVBox(widgets.Facts(pairs...), widgets.Section(words.Of("records.fact"), widgets.Text(n.What)),
		widgets.Facts(words.Of("records.when"), words.Moment(n.When), words.Of("records.place"), n.Where, words.Of("records.how"), n.HowKnown))
	return widgets.Page(widgets.Header{Title: words.Of("records.urgent"), Back: p.back}, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}
