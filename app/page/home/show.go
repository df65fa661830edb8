package home

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/content"
	"wardbook/data/learning"
)

// in gives a text of content in the window's language.
func in(text content.Text) string {
	said, _ := text.In(words.Of("language.tag"))
	return said
}

// link is a line that leads to a place in the window.
func (p *Page) link(row widgets.Row, route page.Route) fyne.CanvasObject {
	return widgets.NewLink(row, func() { p.host.Go(route) })
}

// Show draws what waits, most urgent first.
func (p *Page) Show(v View) fyne.CanvasObject {
	lines := container.NewVBox()
	for _, part := range [][]fyne.CanvasObject{
		p.warnings(v), p.waiting(v), p.due(v), p.drafts(v), p.changes(v), p.learning(v), p.publishing(v), p.chains(v),
	} {
		for _, o := range part {
			lines.Add(o)
		}
	}
	if len(lines.Objects) == 0 {
		lines.Add(widgets.EmptyState(words.Of("home.nothing.title"), words.Of("home.nothing.text"),
			widgets.NewPrimary(words.Of("home.nothing.action"), func() { p.host.Go(page.Route{Page: page.Learn}) })))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	body := container.NewVScroll(widgets.Column(container.NewPadded(lines)))
	return widgets.Page(widgets.Header{Title: words.Named("home.title", "Name", v.Name)}, body)
}

// part is a heading with lines below it, or nothing where there are no lines.
func part(title string, lines []fyne.CanvasObject) []fyne.CanvasObject {
	if len(lines) == 0 {
		return nil
	}
	return []fyne.CanvasObject{widgets.Section(title, lines...), widgets.Gap(theme.TextSize() / 2)}
}

// warnings are what endangers the store or somebody's way into it.
func (p *Page) warnings(v View) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	people := func() { p.host.Go(page.Route{Page: page.People}) }
	if v.PendingOwnCase {
		lines = append(lines, widgets.NewNotice(words.Of("home.owncase"), widgets.Attention))
	}
	if v.Info != nil {
		for _, repair := range v.Info.Repairs {
			lines = append(lines, widgets.NewNotice(repair, widgets.Attention))
		}
		for _, store := range v.Info.NearlyFull() {
			lines = append(lines, widgets.NewNotice(words.Of("home.full-"+store), widgets.Attention))
		}
	}
	if v.Info != nil && p.deps.Actor.Has(account.RoleAdministrator) {
		if !v.Info.RecoveryConfirmed {
			lines = append(lines, widgets.NewNotice(words.Of("home.recovery"), widgets.Attention))
		}
		if len(v.Info.RekeyPending) > 0 {
			lines = append(lines, widgets.NewNotice(words.Of("home.rekey"), widgets.Problem))
		}
		if v.Info.Administrators == 1 {
			lines = append(lines, widgets.NewNotice(words.Of("home.onlyone"), widgets.Neutral, widgets.NewButton(words.Of("home.topeople"), people)))
		}
	}
	if len(v.Pending) > 0 {
		lines = append(lines, widgets.NewNotice(words.Named("home.pending", "Names", strings.Join(v.Pending, ", ")), widgets.Attention,
			widgets.NewButton(words.Of("home.topeople"), people)))
	}
	if v.FailedSignIns > 0 {
		text := words.Count("home.failed", v.FailedSignIns) + " " + words.Named("home.failedlast", "When", words.Moment(v.LastFailed))
		lines = append(lines, widgets.NewNotice(text, widgets.Attention, widgets.NewButton(words.Of("home.tolog"), func() { p.host.Go(page.Route{Page: page.Log}) })))
	}
	return lines
}

// waiting is what the second reader has before them. It names no subject: Home stands open on a desk.
func (p *Page) waiting(v View) []fyne.CanvasObject {
	urgent, records, begun := 0, 0, 0
	for _, w := range v.Waiting {
		switch {
		case w.Mine:
			begun++
		case w.Urgent:
			urgent++
		default:
			records++
		}
	}
	var lines []fyne.CanvasObject
	for _, kind := range []struct {
		count int
		key   string
		tone  widgets.Tone
	}{{urgent, "home.urgent", widgets.Attention}, {records, "home.records", widgets.Neutral}, {begun, "home.begun", widgets.Neutral}} {
		if kind.count > 0 {
			lines = append(lines, p.link(widgets.Row{Title: words.Count(kind.key, kind.count), Tone: kind.tone}, page.Route{Page: page.Records, Part: "waiting"}))
		}
	}
	return part(words.Of("home.reading"), lines)
}

func (p *Page) due(v View) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for _, d := range v.Due {
		key := "home.due.review"
		switch {
		case d.Deletion && d.Past:
			key = "home.due.deletionpast"
		case d.Deletion:
			key = "home.due.deletion"
		case d.Past:
			key = "home.due.reviewpast"
		}
		title, kind := words.Of("home.due.note"), "note"
		if !d.Note {
			title, kind = in(d.Title), "record"
		}
		row := widgets.Row{Title: title, Detail: words.Named(key, "Day", words.DayOf(d.Day))}
		if d.Past {
			row.Side, row.Tone = words.Of("home.due.past"), widgets.Attention
		}
		lines = append(lines, p.link(row, page.Route{Page: page.Records, Item: d.ID, Part: kind}))
	}
	return part(words.Of("home.due.title"), lines)
}

func (p *Page) drafts(v View) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for _, d := range v.Drafts {
		row := widgets.Row{Title: in(d.ChecklistTitle), Detail: words.Named("home.draftsaved", "When", words.Moment(d.SavedAt))}
		if d.ChecklistState == content.StateWithdrawn {
			row.Side, row.Tone = words.Of("home.withdrawn"), widgets.Problem
		}
		lines = append(lines, p.link(row, page.Route{Page: page.Records, Item: d.ID, Part: "draft"}))
	}
	return part(words.Of("home.drafts"), lines)
}

// changes stay until they are marked as seen.
func (p *Page) changes(v View) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for _, c := range v.Changes {
		key, tone := "home.change.new", widgets.Neutral
		switch {
		case c.State == content.StateWithdrawn:
			key, tone = "home.change.withdrawn", widgets.Problem
		case c.Previous > 0:
			key = "home.change.version"
		}
		text := words.Named(key, "Title", in(c.Title), "Version", c.Version)
		if c.ChangeNote != "" {
			text += "\n" + words.Named("home.change.note", "Note", c.ChangeNote)
		}
		if c.EffectiveFrom != "" && c.State != content.StateWithdrawn {
			text += "\n" + words.Named("home.change.from", "Day", words.DayOf(c.EffectiveFrom))
		}
		seen := widgets.NewButton(words.Of("home.change.seen"), func() {
			p.host.Quietly(func(ctx context.Context) error { return p.deps.Content.Acknowledge(ctx, c.Ref) }, func(err error) {
				p.host.Tell(err)
				p.host.Reload()
			})
		})
		actions := []fyne.CanvasObject{seen}
		if route, ok := routeOf(c.Kind, c.ID); ok && c.State != content.StateWithdrawn {
			actions = append(actions, widgets.NewQuiet(words.Of("home.change.open"), func() { p.host.Go(route) }))
		}
		lines = append(lines, widgets.NewNotice(text, tone, actions...))
	}
	return part(words.Of("home.changes"), lines)
}

// routeOf is where a document can be read.
func routeOf(kind content.Kind, id string) (page.Route, bool) {
	switch kind {
	case content.KindCourse, content.KindModule:
		return page.Route{Page: page.Learn, Item: id}, true
	case content.KindChecklist:
		return page.Route{Page: page.Checklists, Item: id}, true
	}
	return page.Route{}, false
}

func (p *Page) learning(v View) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	if v.Place != nil {
		lines = append(lines, p.link(
			widgets.Row{Title: in(v.Place.Title), Detail: words.Named("home.learn.continue", "When", words.Moment(v.Place.At)), Icon: theme.MediaPlayIcon()},
			page.Route{Page: page.Learn, Item: v.Place.ModuleID, Part: v.Place.LessonID}))
	}
	for _, c := range v.Courses {
		if row, show := courseRow(c); show {
			lines = append(lines, p.link(row, page.Route{Page: page.Learn, Item: c.Ref.ID}))
		}
	}
	return part(words.Of("home.learn.title"), lines)
}

// courseRow says how far a course has come; a course for other roles that was not begun is not shown.
func courseRow(c learning.CourseProgress) (widgets.Row, bool) {
	passed, read, lessons := 0, 0, 0
	for _, m := range c.Modules {
		read += m.LessonsRead
		lessons += m.Lessons
		if m.QuizPassed {
			passed++
		}
	}
	row := widgets.Row{Title: in(c.Title)}
	switch {
	case c.Current && !c.Renewable:
		row.Detail = words.Named("home.learn.certificate", "Day", words.Day(c.Certificate.ExpiresAt))
	case c.Current:
		row.Detail, row.Side, row.Tone = words.Named("home.learn.renew", "Day", words.Day(c.Certificate.ExpiresAt)), words.Of("home.learn.renewshort"), widgets.Attention
	case c.Certificate != nil:
		row.Detail, row.Side, row.Tone = words.Named("home.learn.expired", "Day", words.Day(c.Certificate.ExpiresAt)), words.Of("home.learn.expiredshort"), widgets.Attention
	case read > 0 || passed > 0:
		row.Detail = words.Named("home.learn.progress", "Read", read, "Lessons", lessons, "Passed", passed, "Modules", len(c.Modules))
	case c.ForMe:
		row.Detail = words.Of("home.learn.begin")
	default:
		return row, false
	}
	return row, true
}

func (p *Page) publishing(v View) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	to := page.Route{Page: page.Publish}
	if len(v.Unconfirmed) > 0 {
		lines = append(lines, p.link(widgets.Row{
			Title: words.Count("home.publish.unconfirmed", len(v.Unconfirmed)), Detail: strings.Join(v.Unconfirmed, ", "),
		}, to))
	}
	if len(v.NotHanded) > 0 {
		lines = append(lines, p.link(widgets.Row{
			Title: words.Count("home.publish.nothanded", len(v.NotHanded)), Detail: strings.Join(v.NotHanded, ", "),
		}, to))
	}
	return part(words.Of("home.publish.title"), lines)
}

func (p *Page) chains(v View) []fyne.CanvasObject {
	if v.Chains == nil {
		return nil
	}
	var lines []fyne.CanvasObject
	for _, c := range v.Chains.Chains {
		if !c.OK {
			lines = append(lines, widgets.NewNotice(c.Problem, widgets.Problem))
			continue
		}
		lines = append(lines, widgets.NewNotice(words.Named("home.chain.whole", "Store", words.Of("home.chain."+c.Store), "Count", c.Entries), widgets.Good))
	}
	for _, sentence := range v.Chains.NotChecked {
		lines = append(lines, widgets.Small(sentence))
	}
	return part(words.Of("home.chain.title"), append(lines, widgets.Actions(
		widgets.NewButton(words.Of("home.tolog"), func() { p.host.Go(page.Route{Page: page.Log}) }))))
}
