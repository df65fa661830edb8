// Package records is where casework is written and read: own drafts, records and urgent notes of an officer, and what
// waits for a second reader. It shows nothing about a person that a record does not say, and counts nothing.
package records

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/casework"
	"wardbook/data/content"
)

// Casework is the service of the casework store.
type Casework interface {
	ChecklistsToFill(ctx context.Context) ([]casework.Fillable, error)
	NewDraft(ctx context.Context, checklist content.Ref, subject casework.SubjectInput) (casework.Draft, error)
	Drafts(ctx context.Context) ([]casework.DraftSummary, error)
	Draft(ctx context.Context, id string) (casework.Draft, error)
	SaveDraft(ctx context.Context, draft casework.Draft) error
	RemoveDraft(ctx context.Context, id string) error
	CheckDraft(ctx context.Context, id string) ([]casework.Gap, error)
	Submit(ctx context.Context, id string) (casework.Record, error)
	Records(ctx context.Context) ([]casework.RecordSummary, error)
	Record(ctx context.Context, id, reason string) (casework.Record, error)
	TakeBack(ctx context.Context, id string) (casework.Draft, error)
	UrgentNote(ctx context.Context, input casework.UrgentNoteInput) (casework.UrgentNote, error)
	NoteDraft(ctx context.Context) (casework.NoteDraft, error)
	SaveNoteDraft(ctx context.Context, draft casework.NoteDraft) error
	RemoveNoteDraft(ctx context.Context) error
	Notes(ctx context.Context) ([]casework.NoteSummary, error)
	Note(ctx context.Context, id, reason string) (casework.UrgentNote, error)
	Waiting(ctx context.Context) ([]casework.Waiting, error)
	BeginReading(ctx context.Context, id, reason string) (casework.Record, error)
	BeginNoteReading(ctx context.Context, id, reason string) (casework.UrgentNote, error)
}

// Actor is who is signed in.
type Actor interface {
	Has(roles ...account.Role) bool
}

// Items of a route, each with an id behind it where it ends in a colon.
const (
	itemNew    = "new" // part: the checklist
	itemUrgent = "urgent"
	itemDraft  = "draft:" // part: the section
	itemRecord = "record:"
	itemNote   = "note:"
)

// Page is the Records page.
type Page struct {
	host     page.Host
	casework Casework // nil without access to casework
	actor    Actor
	leave    func()
	saves    page.Saves
	// reading keeps what a second reader has just opened, so that showing it does not open it again.
	reading *View
}

// View is what Load found.
type View struct {
	Route    page.Route
	Fillable []casework.Fillable
	Drafts   []casework.DraftSummary
	Records  []casework.RecordSummary
	Notes    []casework.NoteSummary
	Waiting  []casework.Waiting
	Draft    *casework.Draft
	Gaps     []casework.Gap
	Record   *casework.Record
	Note     *casework.UrgentNote
	// NoteDraft is the urgent note that the account has not sent yet.
	NoteDraft *casework.NoteDraft
	Own       bool
	AskWhy    bool // it is somebody else's: opening it again needs a reason
}

// New makes the page. service is nil for an account that has the role but not yet the key.
func New(host page.Host, service Casework, actor Actor) *Page {
	return &Page{host: host, casework: service, actor: actor}
}

// Leave saves the draft as it is typed.
func (p *Page) Leave() {
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (v View, err error) {
	v.Route = placeOf(route)
	route = v.Route
	if p.casework == nil {
		return v, nil
	}
	p.saves.Wait()
	kind, id, _ := strings.Cut(route.Item, ":")
	switch kind + ":" {
	case itemDraft:
		draft, err := p.casework.Draft(ctx, id)
		if err != nil {
			return v, err
		}
		v.Draft = &draft
		v.Gaps, err = p.casework.CheckDraft(ctx, id)
		return v, err
	case itemRecord, itemNote:
		if p.reading != nil && p.reading.Route == route {
			return *p.reading, nil
		}
		return p.loadOwn(ctx, v, kind+":" == itemRecord, id)
	}
	draft, err := p.casework.NoteDraft(ctx)
	switch {
	case err == nil:
		v.NoteDraft = &draft
	case !errors.Is(err, casework.ErrNotFound):
		return v, err
	}
	if route.Item == itemUrgent {
		return v, nil
	}
	return v, p.loadLists(ctx, &v)
}

// loadOwn opens what the account wrote itself. What somebody else wrote opens with a reason alone: a second reader who
// comes back to it, after the program was locked for example, is asked again.
func (p *Page) loadOwn(ctx context.Context, v View, isRecord bool, id string) (View, error) {
	v.Own = true
	var err error
	if isRecord {
		var record casework.Record
		record, err = p.casework.Record(ctx, id, "")
		v.Record = &record
	} else {
		var note casework.UrgentNote
		note, err = p.casework.Note(ctx, id, "")
		v.Note = &note
	}
	if errors.Is(err, casework.ErrReasonNeeded) {
		return View{Route: v.Route, AskWhy: true}, nil
	}
	return v, err
}

// placeOf is a route in this page's own form. Other pages name a draft, record or note by its id, and in Part which of
// them it is.
func placeOf(route page.Route) page.Route {
	switch route.Part + ":" {
	case itemDraft, itemRecord, itemNote:
		if !strings.Contains(route.Item, ":") {
			return page.Route{Page: route.Page, Item: route.Part + ":" + route.Item}
		}
	}
	return route
}

func (p *Page) loadLists(ctx context.Context, v *View) (err error) {
	if v.Fillable, err = p.casework.ChecklistsToFill(ctx); err != nil {
		return err
	}
	if v.Drafts, err = p.casework.Drafts(ctx); err != nil {
		return err
	}
	if v.Records, err = p.casework.Records(ctx); err != nil {
		return err
	}
	if v.Notes, err = p.casework.Notes(ctx); err != nil {
		return err
	}
	if p.actor.Has(account.RoleSecondReader) {
		v.Waiting, err = p.casework.Waiting(ctx)
	}
	return err
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	p.Leave()
	switch {
	case p.casework == nil:
		return widgets.Page(widgets.Header{Title: words.Of("rail.records")}, widgets.EmptyState(words.Of("records.no-key"), words.Of("records.no-key-next")))
	case v.Draft != nil:
		return p.showDraft(v)
	case v.AskWhy:
		return p.showAskWhy(v)
	case v.Record != nil:
		return p.showRecord(v)
	case v.Note != nil:
		return p.showNote(v)
	case v.Route.Item == itemNew:
		return p.showNew(v)
	case v.Route.Item == itemUrgent:
		return p.showUrgent(v)
	}
	return p.showLists(v)
}

func (p *Page) goTo(item, part string) {
	p.host.Go(page.Route{Page: page.Records, Item: item, Part: part})
}

func (p *Page) back() { p.goTo("", "") }

func (p *Page) showLists(v View) fyne.CanvasObject {
	var actions []fyne.CanvasObject
	if p.actor.Has(account.RoleOfficer, account.RoleSecondReader, account.RoleManager) {
		actions = append(actions, widgets.NewButton(words.Of("records.urgent"), func() { p.goTo(itemUrgent, "") }))
	}
	if len(v.Fillable) > 0 {
		actions = append(actions, widgets.NewPrimary(words.Of("records.new"), func() { p.goTo(itemNew, "") }))
	}
	header := widgets.Header{Title: words.Of("rail.records"), Actions: actions}
	lines := container.NewVBox()
	add := func(title string, rows []fyne.CanvasObject) {
		if len(rows) == 0 {
			return
		}
		lines.Add(widgets.Heading(title))
		for _, row := range rows {
			lines.Add(row)
		}
	}
	add(words.Of("records.waiting"), p.waitingRows(v.Waiting))
	add(words.Of("records.drafts"), append(p.noteDraftRow(v.NoteDraft), p.draftRows(v.Drafts)...))
	add(words.Of("records.own"), p.recordRows(v.Records))
	add(words.Of("records.notes"), p.noteRows(v.Notes))
	if len(lines.Objects) == 0 {
		next := "records.none-next"
		if !p.actor.Has(account.RoleOfficer) {
			next = "records.none-reader"
		}
		return widgets.Page(header, widgets.EmptyState(words.Of("records.none"), words.Of(next)))
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func titled(title content.Text, reference string) string {
	if reference == "" {
		return words.In(title)
	}
	return words.In(title) + " · " + reference
}

func (p *Page) draftRows(drafts []casework.DraftSummary) []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, d := range drafts {
		row := widgets.Row{
			Title: titled(d.ChecklistTitle, d.Reference), Icon: theme.DocumentCreateIcon(),
			Detail: words.With("records.saved-at", map[string]any{"Moment": words.Moment(d.SavedAt)}) + stateNote(d.ChecklistState),
		}
		rows = append(rows, widgets.NewLink(row, func() { p.goTo(itemDraft+d.ID, "") }))
	}
	return rows
}

func (p *Page) noteDraftRow(draft *casework.NoteDraft) []fyne.CanvasObject {
	if draft == nil {
		return nil
	}
	row := widgets.Row{
		Title: titled(content.Text{content.DefaultLanguage: words.Of("records.urgent")}, draft.Subject.Reference), Icon: theme.WarningIcon(),
		Detail: words.Named("records.note-unsent", "Moment", words.Moment(draft.SavedAt)),
	}
	return []fyne.CanvasObject{widgets.NewLink(row, func() { p.goTo(itemUrgent, "") })}
}

func stateNote(state content.State) string {
	switch state {
	case content.StateSuperseded:
		return " · " + words.Of("records.superseded")
	case content.StateWithdrawn:
		return " · " + words.Of("records.withdrawn")
	}
	return ""
}

func (p *Page) recordRows(records []casework.RecordSummary) []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, r := range records {
		row := widgets.Row{
			Title: titled(r.ChecklistTitle, r.Reference), Side: words.Of("records.state-" + string(r.State)), Icon: theme.DocumentIcon(),
			Detail: words.With("records.dates", map[string]any{
				"Submitted": words.Day(r.SubmittedAt), "Review": words.DayOf(r.ReviewDue), "Delete": words.DayOf(r.DeleteDue),
			}) + stateNote(r.ChecklistState),
		}
		rows = append(rows, widgets.NewLink(row, func() { p.goTo(itemRecord+r.ID, "") }))
	}
	return rows
}

func (p *Page) noteRows(notes []casework.NoteSummary) []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, n := range notes {
		row := widgets.Row{
			Title: words.Of("records.urgent") + " · " + n.Reference, Side: words.Of("records.state-" + string(n.State)), Icon: theme.WarningIcon(),
			Detail: words.With("records.dates", map[string]any{
				"Submitted": words.Day(n.SubmittedAt), "Review": words.DayOf(n.ReviewDue), "Delete": words.DayOf(n.DeleteDue),
			}),
		}
		rows = append(rows, widgets.NewLink(row, func() { p.goTo(itemNote+n.ID, "") }))
	}
	return rows
}

func (p *Page) waitingRows(waiting []casework.Waiting) []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, w := range waiting {
		title := words.Of("records.urgent")
		if !w.Urgent {
			title = words.In(w.ChecklistTitle)
		}
		side := words.Of("records.waits")
		if w.Mine {
			side = words.Of("records.you-read")
		}
		row := widgets.Row{
			Title: title + " · " + w.Reference, Side: side, Icon: theme.MailComposeIcon(),
			Detail: words.With("records.submitted-on", map[string]any{"Moment": words.Moment(w.SubmittedAt)}) + stateNote(w.ChecklistState),
		}
		rows = append(rows, widgets.NewLink(row, func() { p.openWaiting(w) }))
	}
	return rows
}

// openWaiting asks a second reader why, and begins the reading: from then on the author cannot take the record back.
func (p *Page) openWaiting(w casework.Waiting) {
	reason := widgets.NewEntry()
	title, message := words.Of("records.begin"), words.Of("records.begin-message")
	if w.Mine {
		title, message = words.Of("records.open-again"), words.Of("records.open-again-message")
	}
	form := container.NewVBox(widgets.Text(message), widgets.NewField(words.Of("records.reason"), words.Of("records.reason-hint"), reason))
	p.host.Ask(title, title, form, func() error {
		typed := strings.TrimSpace(reason.Text)
		if typed == "" {
			return casework.ErrReasonNeeded
		}
		view := View{Route: page.Route{Page: page.Records, Item: itemRecord + w.ID}}
		if w.Urgent {
			view.Route.Item = itemNote + w.ID
		}
		p.host.Quietly(func(ctx context.Context) error {
			if w.Urgent {
				note, err := p.casework.BeginNoteReading(ctx, w.ID, typed)
				view.Note = &note
				return err
			}
			record, err := p.casework.BeginReading(ctx, w.ID, typed)
			view.Record = &record
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.reading = &view
			p.host.Go(view.Route)
		})
		return nil
	})
}

// showAskWhy asks for the reason before something is opened again that somebody else wrote.
func (p *Page) showAskWhy(v View) fyne.CanvasObject {
	reason := widgets.NewEntry()
	field := widgets.NewField(words.Of("records.reason"), words.Of("records.reason-hint"), reason)
	open := func() {
		typed := strings.TrimSpace(reason.Text)
		if typed == "" {
			field.SetProblem(words.Of("records.reason-empty"))
			p.host.Focus(reason)
			return
		}
		view := View{Route: v.Route}
		kind, id, _ := strings.Cut(v.Route.Item, ":")
		p.host.Quietly(func(ctx context.Context) error {
			if kind+":" == itemRecord {
				record, err := p.casework.Record(ctx, id, typed)
				view.Record = &record
				return err
			}
			note, err := p.casework.Note(ctx, id, typed)
			view.Note = &note
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.reading = &view
			p.host.Go(view.Route)
		})
	}
	reason.OnSubmitted = func(string) { open() }
	form := widgets.NewForm(widgets.Text(words.Of("records.open-again-message")), field,
		widgets.Actions(widgets.NewPrimary(words.Of("records.open-again"), open)))
	return widgets.Page(widgets.Header{Title: words.Of("records.open-again"), Back: p.back}, form)
}

// showNew lets a checklist be chosen, or asks whom the record is about.
func (p *Page) showNew(v View) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("records.new"), Back: p.back}
	lines := container.NewVBox()
	for _, f := range v.Fillable {
		if v.Route.Part == f.ID && f.Allowed {
			return widgets.Page(header, p.subjectForm(f))
		}
	}
	lines.Add(widgets.Text(words.Of("records.choose")))
	for _, f := range v.Fillable {
		if !f.Allowed {
			// The checklist's own page says what helps, and can be read by anybody.
			read := widgets.NewButton(words.Of("records.read-checklist"), func() { p.host.Go(page.Route{Page: page.Checklists, Item: f.ID}) })
			lines.Add(widgets.NewNotice(words.In(f.Title)+": "+f.WhyNot, widgets.Neutral, read))
			continue
		}
		row := widgets.Row{Title: words.In(f.Title), Detail: words.With("checklists.version", map[string]any{"Version": f.Version}), Icon: theme.ListIcon()}
		lines.Add(widgets.NewLink(row, func() { p.goTo(itemNew, f.ID) }))
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func (p *Page) subjectForm(f casework.Fillable) fyne.CanvasObject {
	var subject casework.SubjectInput
	lines := container.NewVBox(widgets.Heading(words.In(f.Title)))
	var fields *subjectFields
	if f.ChecklistKind == content.ChecklistEnvironment {
		lines.Add(widgets.Text(words.Of("records.no-person")))
	} else {
		fields = newSubjectFields(&subject, func() {})
		lines.Add(fields.object)
	}
	lines.Add(container.NewHBox(widgets.NewPrimary(words.Of("records.begin-record"), func() {
		var draft casework.Draft
		p.host.Quietly(func(ctx context.Context) (err error) {
			draft, err = p.casework.NewDraft(ctx, f.Ref, subject)
			return err
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.goTo(itemDraft+draft.ID, "")
		})
	})))
	return widgets.NewForm(lines)
}

// subjectFields ask whom a record is about: the prison's own reference, never a name.
type subjectFields struct{ object fyne.CanvasObject }

func newSubjectFields(subject *casework.SubjectInput, changed func()) *subjectFields {
	entry := func(value *string) *widgets.Entry {
		e := widgets.NewEntry()
		e.SetText(*value)
		e.OnChanged = func(text string) {
			*value = text
			changed()
		}
		return e
	}
	var categories, statuses []widgets.Option
	for _, c := range casework.Categories() {
		categories = append(categories, widgets.Option{Value: string(c), Text: words.Of("records.category-" + string(c))})
	}
	for _, s := range casework.LegalStatuses() {
		statuses = append(statuses, widgets.Option{Value: string(s), Text: words.Of("records.status-" + string(s))})
	}
	category := widgets.NewChoiceRow(categories, func(value string) {
		subject.Category = casework.Category(value)
		changed()
	})
	category.SetValues(string(subject.Category))
	status := widgets.NewChoiceRow(statuses, func(value string) {
		subject.LegalStatus = casework.LegalStatus(value)
		changed()
	})
	status.SetValues(string(subject.LegalStatus))
	return &subjectFields{container.NewVBox(
		widgets.NewField(words.Of("records.reference"), words.Of("records.reference-hint"), entry(&subject.Reference)),
		widgets.NewField(words.Of("records.category"), "", category),
		widgets.NewField(words.Of("records.status"), "", status),
		widgets.NewField(words.Of("records.unit"), words.Of("records.unit-hint"), entry(&subject.Unit)),
	)}
}
