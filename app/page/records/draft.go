package records

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/casework"
	"wardbook/data/content"
)

// Parts of a draft that are no section of its checklist.
const (
	partSubject = "subject"
	partClosing = "closing"
)

// saveAfter is how long after the last key a draft is saved.
const saveAfter = 2 * time.Second

// filling is a draft while it is filled: one section a screen.
type filling struct {
	page     *Page
	draft    casework.Draft
	sections []content.Section
	part     string
	dirty    bool
	stop     func()
	saved    *widget.Label
	list     *fyne.Container // the sections at the side
	gaps     []casework.Gap
}

func (p *Page) showDraft(v View) fyne.CanvasObject {
	f := &filling{page: p, draft: *v.Draft, sections: casework.SectionsOf(*v.Draft.Checklist.Checklist), part: v.Route.Part, stop: func() {}, gaps: v.Gaps}
	if f.draft.Answers == nil {
		f.draft.Answers = map[string]casework.ItemAnswer{}
	}
	if f.draft.Closing == nil {
		f.draft.Closing = map[string]string{}
	}
	if f.part == "" || !slices.Contains(f.parts(), f.part) {
		f.part = f.parts()[0]
	}
	f.saved = widgets.Small(words.With("records.saved-at", map[string]any{"Moment": words.Moment(f.draft.SavedAt)}))
	p.leave = f.save
	split := container.NewHSplit(f.side(), f.screen())
	split.Offset = 0.26
	remove := widgets.NewQuiet(words.Of("records.remove"), f.remove)
	submit := widgets.NewPrimary(words.Of("records.submit"), f.submit)
	header := widgets.Header{Title: words.In(f.draft.Checklist.Title), Subtitle: f.subtitle(), Back: p.back, Actions: []fyne.CanvasObject{remove, submit}}
	return widgets.Page(header, split)
}

func (f *filling) subtitle() string {
	return words.With("checklists.version", map[string]any{"Version": f.draft.Checklist.Version}) + stateNote(f.draft.ChecklistState)
}

func (f *filling) environment() bool {
	return f.draft.Checklist.Checklist.Kind == content.ChecklistEnvironment
}

// parts are the screens in their order: sections with protective factors first, whom it is about last but the closing.
func (f *filling) parts() []string {
	var parts []string
	for _, section := range f.sections {
		parts = append(parts, section.ID)
	}
	if !f.environment() {
		parts = append(parts, partSubject)
	}
	if len(casework.ClosingOf(*f.draft.Checklist.Checklist)) > 0 {
		parts = append(parts, partClosing)
	}
	return parts
}

func (f *filling) titleOf(part string) string {
	switch part {
	case partSubject:
		return words.Of("records.about")
	case partClosing:
		return words.Of("checklists.closing")
	}
	for _, section := range f.sections {
		if section.ID == part {
			return words.In(section.Title)
		}
	}
	return part
}

// missing says in words what is still missing in a part, "" if nothing is.
func (f *filling) missing(part string) string {
	var sentences []string
	for _, g := range f.gaps {
		if f.partOf(g) == part {
			sentences = append(sentences, g.Sentence)
		}
	}
	switch len(sentences) {
	case 0:
		return ""
	case 1:
		return sentences[0]
	}
	return words.With("records.missing-first", map[string]any{"First": sentences[0], "More": words.Count("records.missing-more", len(sentences)-1)})
}

func (f *filling) partOf(g casework.Gap) string {
	for _, section := range f.sections {
		if section.ID == g.SectionID {
			return section.ID
		}
	}
	if g.SectionID == "" && g.ItemID == "" {
		return partSubject
	}
	return partClosing
}

func (f *filling) side() fyne.CanvasObject {
	f.list = container.NewVBox()
	f.drawSide()
	return container.NewVScroll(container.NewVBox(f.list, f.saved))
}

func (f *filling) drawSide() {
	f.list.RemoveAll()
	for _, part := range f.parts() {
		row := widgets.Row{Title: f.titleOf(part), Detail: f.missing(part)}
		if part == f.part {
			row.Icon = theme.NavigateNextIcon()
		}
		f.list.Add(widgets.NewLink(row, func() { f.goTo(part) }))
	}
	f.list.Refresh()
}

func (f *filling) goTo(part string) { f.page.goTo(itemDraft+f.draft.ID, part) }

func (f *filling) screen() fyne.CanvasObject {
	lines := []fyne.CanvasObject{widgets.Heading(f.titleOf(f.part))}
	switch f.part {
	case partSubject:
		lines = append(lines, newSubjectFields(&f.draft.Subject, f.changed).object)
	case partClosing:
		for _, closing := range casework.ClosingOf(*f.draft.Checklist.Checklist) {
			lines = append(lines, f.closing(closing))
		}
	default:
		for _, section := range f.sections {
			if section.ID != f.part {
				continue
			}
			if len(section.Guidance) > 0 {
				lines = append(lines, widgets.Text(words.In(section.Guidance)))
			}
			for _, item := range section.Items {
				lines = append(lines, f.item(item))
			}
		}
	}
	parts := f.parts()
	at := slices.Index(parts, f.part)
	var buttons []fyne.CanvasObject
	if at > 0 {
		buttons = append(buttons, widgets.NewButton(words.Of("records.previous"), func() { f.goTo(parts[at-1]) }))
	}
	if at+1 < len(parts) {
		buttons = append(buttons, widgets.NewPrimary(words.Of("records.next"), func() { f.goTo(parts[at+1]) }))
	}
	lines = append(lines, container.NewHBox(buttons...), widgets.Gap(2*theme.TextSize()))
	return widgets.NewForm(lines...)
}

// item is one thing to look for: what to look for and what not to confuse it with, the answers, and, for a positive
// answer, fact and interpretation apart.
func (f *filling) item(item content.Item) fyne.CanvasObject {
	details := container.NewVBox()
	answer := f.draft.Answers[item.ID]
	var options []widgets.Option
	for _, id := range casework.AnswersOf(*f.draft.Checklist.Checklist) {
		options = append(options, widgets.Option{Value: id, Text: words.Of("answer." + id)})
	}
	choice := widgets.NewChoiceRow(options, func(value string) {
		answer := f.draft.Answers[item.ID]
		answer.Answer = value
		f.draft.Answers[item.ID] = answer
		f.changed()
		f.drawDetails(details, item)
	})
	choice.SetValues(answer.Answer)
	f.drawDetails(details, item)
	return widgets.Section(words.In(item.Text),
		widgets.Small(words.With("checklists.guidance", map[string]any{"Text": words.In(item.Guidance)})),
		widgets.Small(words.With("checklists.not-confused", map[string]any{"Text": words.In(item.NotToBeConfusedWith)})),
		choice, details)
}

func (f *filling) drawDetails(details *fyne.Container, item content.Item) {
	answer := f.draft.Answers[item.ID]
	details.RemoveAll()
	switch {
	case f.draft.Checklist.Checklist.Kind != content.ChecklistObservation:
		if answer.Answer != "" {
			details.Add(widgets.NewField(words.Of("records.remark"), words.Of("records.remark-hint"), f.lines(2, answer.Remark, func(a *casework.ItemAnswer, text string) { a.Remark = text }, item.ID)))
		}
	case casework.Positive(answer.Answer):
		if len(answer.Evidence) == 0 {
			answer.Evidence = []casework.Evidence{{}}
			f.draft.Answers[item.ID] = answer
		}
		for i := range answer.Evidence {
			details.Add(f.evidence(details, item, i))
		}
		details.Add(container.NewHBox(widgets.NewQuiet(words.Of("records.more"), func() {
			answer := f.draft.Answers[item.ID]
			answer.Evidence = append(answer.Evidence, casework.Evidence{})
			f.draft.Answers[item.ID] = answer
			f.changed()
			f.drawDetails(details, item)
		})))
		interpretation := f.lines(3, answer.Interpretation, func(a *casework.ItemAnswer, text string) { a.Interpretation = text }, item.ID)
		field := widgets.NewField(words.Of("records.interpretation"), words.Of("records.interpretation-hint"), interpretation)
		details.Add(apart(prompted(field, interpretation)))
	}
	details.Refresh()
}

// lines is a field of several lines that writes into an answer.
func (f *filling) lines(rows int, text string, set func(a *casework.ItemAnswer, text string), itemID string) *widgets.Entry {
	entry := widgets.NewMultiLine(rows)
	entry.SetText(text)
	entry.OnChanged = func(typed string) {
		answer := f.draft.Answers[itemID]
		set(&answer, typed)
		f.draft.Answers[itemID] = answer
		f.changed()
	}
	return entry
}

// evidence is one occasion: fact alone.
func (f *filling) evidence(details *fyne.Container, item content.Item, at int) fyne.CanvasObject {
	change := func(set func(e *casework.Evidence)) {
		answer := f.draft.Answers[item.ID]
		answer.Evidence = slices.Clone(answer.Evidence)
		set(&answer.Evidence[at])
		f.draft.Answers[item.ID] = answer
		f.changed()
	}
	e := f.draft.Answers[item.ID].Evidence[at]
	line := func(value string, set func(e *casework.Evidence, text string)) *widgets.Entry {
		entry := widgets.NewEntry()
		entry.SetText(value)
		entry.OnChanged = func(text string) { change(func(e *casework.Evidence) { set(e, text) }) }
		return entry
	}
	day := widgets.NewDateField(func(day string) { change(func(e *casework.Evidence) { e.OccurredOn = day }) })
	day.SetDay(e.OccurredOn)
	fact := widgets.NewMultiLine(3)
	fact.SetText(e.Fact)
	fact.OnChanged = func(text string) { change(func(e *casework.Evidence) { e.Fact = text }) }
	who := container.NewVBox()
	drawWho := func(witnessed bool) {
		who.RemoveAll()
		if !witnessed {
			who.Add(widgets.NewField(words.Of("records.reported-by"), words.Of("records.reported-by-hint"), line(e.ReportedBy, func(e *casework.Evidence, text string) { e.ReportedBy = text })))
			who.Add(widgets.NewField(words.Of("records.source"), words.Of("records.source-hint"), line(e.SourceHeldAt, func(e *casework.Evidence, text string) { e.SourceHeldAt = text })))
		}
		who.Refresh()
	}
	witnessed := widgets.NewCheck(words.Of("records.witnessed"), func(yes bool) {
		change(func(e *casework.Evidence) { e.Witnessed = yes })
		drawWho(yes)
	})
	witnessed.SetChecked(e.Witnessed)
	drawWho(e.Witnessed)
	lines := container.NewVBox(
		prompted(widgets.NewField(words.Of("records.fact"), words.Of("records.fact-hint"), fact), fact),
		container.NewGridWithColumns(2,
			widgets.NewField(words.Of("records.day"), "", day),
			widgets.NewField(words.Of("records.time"), words.Of("records.time-hint"), line(e.OccurredTime, func(e *casework.Evidence, text string) { e.OccurredTime = text }))),
		container.NewGridWithColumns(2,
			widgets.NewField(words.Of("records.place"), "", line(e.Place, func(e *casework.Evidence, text string) { e.Place = text })),
			widgets.NewField(words.Of("records.how"), words.Of("records.how-hint"), line(e.HowKnown, func(e *casework.Evidence, text string) { e.HowKnown = text }))),
		witnessed, who,
	)
	if len(f.draft.Answers[item.ID].Evidence) > 1 {
		lines.Add(container.NewHBox(widgets.NewQuiet(words.Of("records.less"), func() {
			answer := f.draft.Answers[item.ID]
			answer.Evidence = slices.Delete(slices.Clone(answer.Evidence), at, at+1)
			f.draft.Answers[item.ID] = answer
			f.changed()
			f.drawDetails(details, item)
		})))
	}
	return widgets.Section(words.With("records.occasion", map[string]any{"Number": at + 1}), lines)
}

func (f *filling) closing(closing content.Closing) fyne.CanvasObject {
	entry := widgets.NewMultiLine(3)
	entry.SetText(f.draft.Closing[closing.ID])
	entry.OnChanged = func(text string) {
		f.draft.Closing[closing.ID] = text
		f.changed()
	}
	lines := container.NewVBox(widgets.NewField(words.In(closing.Text), "", entry))
	if len(closing.NoneAnswer) > 0 {
		none := words.In(closing.NoneAnswer)
		lines.Add(container.NewHBox(widgets.NewButton(none, func() { entry.SetText(none) })))
	}
	return lines
}

// changed notes that something was typed; it is saved once typing stops.
func (f *filling) changed() {
	f.dirty = true
	f.stop()
	f.stop = f.page.host.After(saveAfter, f.save)
}

// save keeps the draft as it is typed, away from Fyne's thread.
func (f *filling) save() {
	f.stop()
	if !f.dirty {
		return
	}
	f.dirty = false
	draft := f.draft
	draft.Answers, draft.Closing = maps.Clone(draft.Answers), maps.Clone(draft.Closing)
	var gaps []casework.Gap
	f.page.host.Quietly(f.page.saves.Next(func(ctx context.Context) (err error) {
		if err = f.page.casework.SaveDraft(ctx, draft); err == nil {
			gaps, err = f.page.casework.CheckDraft(ctx, draft.ID)
		}
		return err
	}), func(err error) {
		if err != nil {
			f.dirty = true
			f.page.host.Tell(err)
			return
		}
		if !slices.Equal(f.gaps, gaps) {
			f.gaps = gaps
			f.drawSide()
		}
		f.saved.SetText(words.With("records.saved-at", map[string]any{"Moment": words.Moment(time.Now())}))
	})
}

func (f *filling) remove() {
	f.page.host.Confirm(words.Of("records.remove"), words.Of("records.remove-message"), words.Of("records.remove"), func() {
		f.dirty = false
		f.stop()
		f.page.host.Quietly(f.page.saves.Next(func(ctx context.Context) error { return f.page.casework.RemoveDraft(ctx, f.draft.ID) }), f.page.doneOrTell)
	})
}

// submit saves, names what is missing, or asks once more and submits.
func (f *filling) submit() {
	f.stop()
	f.dirty = false
	draft := f.draft
	draft.Answers, draft.Closing = maps.Clone(draft.Answers), maps.Clone(draft.Closing)
	host, service := f.page.host, f.page.casework
	var gaps []casework.Gap
	host.Quietly(f.page.saves.Next(func(ctx context.Context) (err error) {
		if err = service.SaveDraft(ctx, draft); err == nil {
			gaps, err = service.CheckDraft(ctx, draft.ID)
		}
		return err
	}), func(err error) {
		switch {
		case err != nil:
			f.dirty = true
			host.Tell(err)
		case len(gaps) > 0:
			f.gaps = gaps
			f.drawSide()
			f.tellGaps(gaps)
		default:
			host.Confirm(words.Of("records.submit"), words.Of("records.submit-message"), words.Of("records.submit"), f.submitNow)
		}
	})
}

func (f *filling) tellGaps(gaps []casework.Gap) {
	options := make([]widgets.Option, len(gaps))
	for i, gap := range gaps {
		options[i] = widgets.Option{Value: strconv.Itoa(i), Text: f.titleOf(f.partOf(gap)) + ": " + gap.Sentence}
	}
	chosen := 0
	choice := widgets.NewChoice(options, func(value string) {
		if i, err := strconv.Atoi(value); err == nil && i < len(gaps) {
			chosen = i
		}
	})
	choice.SetValues(options[0].Value)
	scroll := container.NewVScroll(container.NewVBox(widgets.Text(words.Of("records.gaps")), choice))
	scroll.SetMinSize(fyne.NewSize(420, 220))
	f.page.host.Ask(words.Of("records.not-yet"), words.Of("records.go-there"), scroll, func() error {
		f.goTo(f.partOf(gaps[chosen]))
		return nil
	})
}

func (f *filling) submitNow() {
	var record casework.Record
	f.page.host.Quietly(f.page.saves.Next(func(ctx context.Context) (err error) {
		record, err = f.page.casework.Submit(ctx, f.draft.ID)
		return err
	}), func(err error) {
		var incomplete *casework.IncompleteError
		switch {
		case errors.As(err, &incomplete):
			f.tellGaps(incomplete.Gaps)
		case err != nil:
			f.page.host.Tell(err)
		default:
			f.page.goTo(itemRecord+record.ID, "")
		}
	})
}
