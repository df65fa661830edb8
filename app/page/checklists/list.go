package checklists

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
)

// list is everything that can be read here.
type list struct {
	checklists []entry
	glossaries []content.Summary
}

// entry is a checklist in the list.
type entry struct {
	summary   content.Summary
	checklist content.Checklist
	standing  standing
}

func (p *Page) loadList(ctx context.Context) (*list, error) {
	summaries, err := p.content.List(ctx, content.KindChecklist)
	if err != nil {
		return nil, err
	}
	v := &list{}
	for _, summary := range summaries {
		document, _, err := p.get(ctx, summary.Ref)
		if err != nil {
			return nil, err
		}
		if document.Checklist == nil {
			continue
		}
		standing, err := p.standingOf(ctx, document)
		if err != nil {
			return nil, err
		}
		v.checklists = append(v.checklists, entry{summary, *document.Checklist, standing})
	}
	v.glossaries, err = p.content.List(ctx, content.KindGlossary)
	return v, err
}

func (p *Page) showList(v list) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("rail.checklists")}
	if len(v.checklists)+len(v.glossaries) == 0 {
		update := widgets.NewPrimary(words.Of("checklists.to-updates"), func() { p.host.Go(page.Route{Page: page.Updates}) })
		return widgets.Page(header, widgets.EmptyState(words.Of("checklists.none"), words.Of("checklists.none-next"), update))
	}
	lines := container.NewVBox(widgets.Text(words.Of("checklists.anybody")))
	for _, kind := range []content.ChecklistKind{content.ChecklistObservation, content.ChecklistEnvironment, content.ChecklistProcess} {
		headed := false
		for _, e := range v.checklists {
			if e.checklist.Kind != kind {
				continue
			}
			if !headed {
				lines.Add(widgets.Heading(words.Of("checklists.about-" + string(kind))))
				headed = true
			}
			lines.Add(p.checklistLink(e))
		}
	}
	if len(v.glossaries) > 0 {
		lines.Add(widgets.Heading(words.Of("checklists.words")))
	}
	for _, g := range v.glossaries {
		lines.Add(p.link(g, words.In(g.Summary), theme.InfoIcon()))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// checklistLink says what a checklist is for, who fills it, and what that takes.
func (p *Page) checklistLink(e entry) fyne.CanvasObject {
	detail := words.In(e.checklist.Purpose) + "\n" + words.Named("checklists.who", "Roles", roleNames(e.checklist))
	if certificate := e.standing.certificate(); certificate != "" {
		detail += " " + certificate
	}
	return p.link(e.summary, detail, theme.ListIcon())
}

func (p *Page) link(s content.Summary, detail string, icon fyne.Resource) fyne.CanvasObject {
	row := widgets.Row{Title: words.In(s.Title), Detail: detail, Side: words.Named("checklists.version", "Version", s.Version), Icon: icon}
	if s.State == content.StateWithdrawn {
		row.Side, row.Tone = words.Of("checklists.withdrawn-short"), widgets.Attention
	}
	return widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Checklists, Item: s.ID}) })
}
