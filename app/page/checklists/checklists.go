// Package checklists lets everybody read the checklists and the words of the field, and print a checklist empty.
package checklists

import (
	"context"
	"io"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/account"
	"wardbook/data/content"
)

// Content gives checklists and glossaries.
type Content interface {
	List(ctx context.Context, kind content.Kind) ([]content.Summary, error)
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
}

// Blank prints empty checklists.
type Blank interface {
	PrintBlank(ctx context.Context, ref content.Ref, w io.Writer) (paperNumber string, err error)
}

// Actor is who is signed in.
type Actor interface {
	Has(roles ...account.Role) bool
}

// Page is the Checklists page. Its routes are: no item, the list; item a checklist or glossary, its text; part an item
// or a word, that place in it.
type Page struct {
	host    page.Host
	content Content
	blank   Blank
	actor   Actor
}

// View is what Load found.
type View struct {
	Lists    []content.Summary
	Glossary []content.Summary
	Document *content.Document
	State    content.State
	Part     string
}

// New makes the page.
func New(host page.Host, documents Content, blank Blank, actor Actor) *Page {
	return &Page{host: host, content: documents, blank: blank, actor: actor}
}

// Leave does nothing: nothing is typed here.
func (p *Page) Leave() {}

// Load reads what the route asks for.
func (p *Page) Load(ctx context.Context, route page.Route) (v View, err error) {
	if route.Item == "" {
		if v.Lists, err = p.content.List(ctx, content.KindChecklist); err != nil {
			return v, err
		}
		v.Glossary, err = p.content.List(ctx, content.KindGlossary)
		return v, err
	}
	document, state, err := p.content.Get(ctx, content.Ref{ID: route.Item})
	if err != nil {
		return v, err
	}
	v.Document, v.State, v.Part = &document, state, route.Part
	return v, nil
}

// Show draws it.
func (p *Page) Show(v View) fyne.CanvasObject {
	switch {
	case v.Document == nil:
		return p.showList(v)
	case v.Document.Checklist != nil:
		return p.showChecklist(v)
	case v.Document.Glossary != nil:
		return p.showGlossary(v)
	}
	return widgets.EmptyState(words.Of("checklists.none"), words.Of("checklists.none-next"))
}

func (p *Page) showList(v View) fyne.CanvasObject {
	header := widgets.Header{Title: words.Of("rail.checklists")}
	if len(v.Lists)+len(v.Glossary) == 0 {
		update := widgets.NewPrimary(words.Of("checklists.to-updates"), func() { p.host.Go(page.Route{Page: page.Updates}) })
		return widgets.Page(header, widgets.EmptyState(words.Of("checklists.none"), words.Of("checklists.none-next"), update))
	}
	lines := container.NewVBox()
	for _, summary := range append(v.Lists, v.Glossary...) {
		row := widgets.Row{Title: words.In(summary.Title), Detail: words.In(summary.Summary), Side: stateOf(summary), Icon: theme.ListIcon()}
		lines.Add(widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Checklists, Item: summary.ID}) }))
	}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

func stateOf(s content.Summary) string {
	if s.State == content.StateWithdrawn {
		return words.Of("checklists.withdrawn-short")
	}
	return words.With("checklists.version", map[string]any{"Version": s.Version})
}

func (p *Page) back() { p.host.Go(page.Route{Page: page.Checklists}) }

func (p *Page) showChecklist(v View) fyne.CanvasObject {
	d, c := *v.Document, v.Document.Checklist
	print := widgets.NewButton(words.Of("checklists.print"), func() { p.print(d) })
	actions := []fyne.CanvasObject{print}
	if v.State == content.StateCurrent && p.mayFill(*c) {
		actions = append(actions, widgets.NewPrimary(words.Of("checklists.fill"), func() {
			p.host.Go(page.Route{Page: page.Records, Item: "new", Part: d.ID})
		}))
	}
	lines := container.NewVBox()
	if v.State == content.StateWithdrawn {
		lines.Add(widgets.NewNotice(words.Of("checklists.withdrawn"), widgets.Attention))
	}
	lines.Add(widgets.Text(words.In(c.Purpose)))
	if len(c.Introduction) > 0 {
		lines.Add(widgets.Text(words.In(c.Introduction)))
	}
	lines.Add(widgets.Small(whoFills(*c)))
	lines.Add(widgets.Small(words.With("checklists.answers", map[string]any{"Answers": answers(c.Answers)})))
	var place fyne.CanvasObject
	for _, section := range c.Sections {
		lines.Add(widgets.Heading(words.In(section.Title)))
		if len(section.Guidance) > 0 {
			lines.Add(widgets.Text(words.In(section.Guidance)))
		}
		for _, item := range section.Items {
			shown := p.item(item)
			lines.Add(shown)
			if item.ID == v.Part {
				place = shown
			}
		}
	}
	if len(c.Closing) > 0 {
		lines.Add(widgets.Heading(words.Of("checklists.closing")))
		for _, closing := range c.Closing {
			lines.Add(widgets.Text(words.In(closing.Text)))
		}
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	scroll := container.NewVScroll(widgets.Column(container.NewPadded(lines)))
	p.reveal(place)
	subtitle := words.With("checklists.version", map[string]any{"Version": d.Version})
	if d.EffectiveFrom != "" {
		subtitle += " · " + words.With("checklists.effective", map[string]any{"Day": words.DayOf(d.EffectiveFrom)})
	}
	return widgets.Page(widgets.Header{Title: words.In(d.Title), Subtitle: subtitle, Back: p.back, Actions: actions}, scroll)
}

// reveal scrolls to a place once the page has its size.
func (p *Page) reveal(place fyne.CanvasObject) {
	if place != nil {
		p.host.After(0, func() { widgets.Reveal(place) })
	}
}

func (p *Page) item(item content.Item) fyne.CanvasObject {
	lines := container.NewVBox(widgets.Text(words.In(item.Text)))
	lines.Add(widgets.Small(words.With("checklists.guidance", map[string]any{"Text": words.In(item.Guidance)})))
	lines.Add(widgets.Small(words.With("checklists.not-confused", map[string]any{"Text": words.In(item.NotToBeConfusedWith)})))
	if item.Source != "" {
		lines.Add(widgets.Small(words.With("checklists.source", map[string]any{"Text": item.Source})))
	}
	if module, lesson, ok := strings.Cut(item.TaughtIn, "/"); ok {
		lines.Add(container.NewHBox(widgets.NewQuiet(words.Of("checklists.taught"), func() {
			p.host.Go(page.Route{Page: page.Learn, Item: module, Part: lesson})
		})))
	}
	return widgets.Section(words.Of("checklists.kind-"+string(item.Kind)), lines)
}

func whoFills(c content.Checklist) string {
	var roles []string
	for _, role := range c.Roles {
		roles = append(roles, words.Of("role."+role))
	}
	key := "checklists.who"
	if c.Course != "" {
		key = "checklists.who-certified"
	}
	return words.With(key, map[string]any{"Roles": strings.Join(roles, ", ")})
}

func answers(ids []string) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, words.Of("answer."+id))
	}
	return strings.Join(texts, " / ")
}

func (p *Page) mayFill(c content.Checklist) bool {
	for _, role := range c.Roles {
		if p.actor.Has(account.Role(role)) {
			return true
		}
	}
	return false
}

func (p *Page) showGlossary(v View) fyne.CanvasObject {
	lines := container.NewVBox()
	var place fyne.CanvasObject
	for _, term := range v.Document.Glossary.Terms {
		text := container.NewVBox(widgets.Text(words.In(term.Definition)))
		for _, more := range []struct {
			key  string
			text content.Text
		}{{"checklists.why", term.WhyItMatters}, {"checklists.confused", term.ConfusedWith}} {
			if len(more.text) > 0 {
				text.Add(widgets.Small(words.With(more.key, map[string]any{"Text": words.In(more.text)})))
			}
		}
		shown := widgets.Section(words.In(term.Term), text)
		lines.Add(shown)
		if term.ID == v.Part {
			place = shown
		}
	}
	p.reveal(place)
	return widgets.Page(widgets.Header{Title: words.In(v.Document.Title), Back: p.back}, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// print writes the empty checklist as a PDF to the place that the person chooses.
func (p *Page) print(d content.Document) {
	p.host.ChooseSave(words.Of("checklists.print"), d.ID+".pdf", func(path string) {
		number := ""
		p.host.Quietly(func(ctx context.Context) error {
			return page.WriteFile(path, func(w io.Writer) (err error) {
				number, err = p.blank.PrintBlank(ctx, d.Ref(), w)
				return err
			})
		}, func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.host.Say(words.Of("checklists.printed"), words.With("checklists.printed-as", map[string]any{"Number": number, "Path": path}))
		})
	})
}
