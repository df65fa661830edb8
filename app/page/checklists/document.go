package checklists

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
)

// documentView is a checklist or a glossary.
type documentView struct {
	document content.Document
	state    content.State
	revoked  bool   // its publisher is not trusted any more
	place    string // the item or word to go to, "" for the beginning
	standing standing
	versions []content.Summary
	lessons  map[string]content.Text // titles of the lessons that teach items, by module/lesson
}

func (p *Page) loadDocument(ctx context.Context, ref content.Ref, place string) (*documentView, error) {
	document, state, err := p.get(ctx, ref)
	if err != nil {
		return nil, err
	}
	v := &documentView{document: document, state: state, place: place, lessons: map[string]content.Text{}}
	if v.revoked, err = page.OwnerRevoked(ctx, p.trust, document.Owner); err != nil {
		return nil, err
	}
	if v.versions, err = p.content.Versions(ctx, document.ID); err != nil {
		return nil, err
	}
	switch {
	case document.Checklist != nil:
		if v.standing, err = p.standingOf(ctx, document); err != nil {
			return nil, err
		}
		err = p.loadLessons(ctx, v)
	case document.Glossary == nil:
		err = content.ErrNotFound
	}
	return v, err
}

// loadLessons finds the titles of the lessons that teach the items. A lesson may be of a module that is not here.
func (p *Page) loadLessons(ctx context.Context, v *documentView) error {
	modules := map[string]*content.Module{}
	for _, section := range v.document.Checklist.Sections {
		for _, item := range section.Items {
			module, lesson, ok := strings.Cut(item.TaughtIn, "/")
			if !ok {
				continue
			}
			if _, read := modules[module]; !read {
				document, _, err := p.get(ctx, content.Ref{ID: module})
				if err != nil && !errors.Is(err, content.ErrNotFound) {
					return err
				}
				modules[module] = document.Module
			}
			if modules[module] == nil {
				continue
			}
			for _, l := range modules[module].Lessons {
				if l.ID == lesson {
					v.lessons[item.TaughtIn] = l.Title
				}
			}
		}
	}
	return nil
}

// sheet is a long page whose places can be gone to.
type sheet struct {
	lines  *fyne.Container
	scroll *container.Scroll
	host   page.Host
}

func newSheet(host page.Host) *sheet {
	s := &sheet{lines: container.NewVBox(), host: host}
	s.scroll = container.NewVScroll(widgets.Column(container.NewPadded(s.lines)))
	return s
}

func (s *sheet) add(lines ...fyne.CanvasObject) {
	for _, line := range lines {
		if line != nil {
			s.lines.Add(line)
		}
	}
}

// to scrolls so that a line is the first that can be seen.
func (s *sheet) to(line fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(line).Y - driver.AbsolutePositionForObject(s.scroll.Content).Y
	most := s.scroll.Content.Size().Height - s.scroll.Size().Height
	s.scroll.ScrollToOffset(fyne.NewPos(0, max(0, min(top, most))))
}

// settles is how often the place is looked for again: text wraps, and so moves what is below it, only once it is drawn.
const settles = 3

// frame is a moment in which the window is drawn.
const frame = 50 * time.Millisecond

// open scrolls to a line once the page is drawn.
func (s *sheet) open(line fyne.CanvasObject) {
	if line == nil {
		return
	}
	left := settles
	var again func()
	again = func() {
		s.to(line)
		if left--; left > 0 {
			s.host.After(frame, again)
		}
	}
	s.host.After(0, again)
}

func (p *Page) showChecklist(v documentView) fyne.CanvasObject {
	d, c := v.document, v.document.Checklist
	s := newSheet(p.host)
	s.add(title(words.In(d.Title)), page.LanguageNotice(textsOf(d)...), page.RevokedNotice(v.revoked), p.fillingLine(v))
	s.add(widgets.Text(words.In(c.Purpose)))
	if len(c.Introduction) > 0 {
		s.add(widgets.Text(words.In(c.Introduction)))
	}
	s.add(p.facts(v))
	var headings []fyne.CanvasObject
	var jumps []fyne.CanvasObject
	for i, section := range c.Sections {
		heading := widgets.Heading(words.Named("checklists.section", "Number", i+1, "Title", words.In(section.Title)))
		headings = append(headings, heading)
		jumps = append(jumps, widgets.NewQuiet(words.In(section.Title), func() { s.to(heading) }))
	}
	if len(jumps) > 1 {
		s.add(widgets.Small(words.Of("checklists.sections")), widgets.Actions(jumps...))
	}
	var place fyne.CanvasObject
	number := 0
	for i, section := range c.Sections {
		s.add(widgets.Gap(theme.TextSize()/2), headings[i])
		if len(section.Guidance) > 0 {
			s.add(widgets.Text(words.In(section.Guidance)))
		}
		for _, item := range section.Items {
			number++
			shown := p.item(number, item, v.lessons)
			s.add(shown)
			if item.ID == v.place {
				place = shown
			}
		}
	}
	if len(c.Closing) > 0 {
		s.add(widgets.Gap(theme.TextSize()/2), widgets.Heading(words.Of("checklists.closing")))
	}
	for _, closing := range c.Closing {
		s.add(widgets.Text("• " + words.In(closing.Text)))
		if len(closing.NoneAnswer) > 0 {
			s.add(widgets.Small(words.Named("checklists.none-answer", "Text", words.In(closing.NoneAnswer))))
		}
	}
	s.add(sources(c.Sources)...)
	s.add(p.versions(v)...)
	s.add(widgets.Gap(theme.TextSize()))
	s.open(place)
	return widgets.Page(widgets.Header{Title: words.Of("checklists.checklist"), Back: p.back}, s.scroll)
}

// facts are what the sheet is, in a few words each.
func (p *Page) facts(v documentView) fyne.CanvasObject {
	d, c := v.document, v.document.Checklist
	facts := []string{
		words.Of("checklists.kind"), words.Of("checklists.about-" + string(c.Kind)),
		words.Of("checklists.version-label"), strconv.Itoa(d.Version) + " · " + words.Of("checklists.state-"+string(v.state)),
	}
	if d.EffectiveFrom != "" {
		facts = append(facts, words.Of("checklists.in-force"), words.DayOf(d.EffectiveFrom))
	}
	facts = append(facts, words.Of("checklists.filled-by"), roleNames(*c))
	if certificate := v.standing.certificate(); certificate != "" {
		facts = append(facts, words.Of("checklists.certificate"), certificate)
	}
	if len(c.Answers) > 0 {
		facts = append(facts, words.Of("checklists.answers"), answers(c.Answers))
	}
	return widgets.Facts(facts...)
}

// item is one thing to look for, with everything that helps to look fairly.
func (p *Page) item(number int, item content.Item, lessons map[string]content.Text) fyne.CanvasObject {
	text := widgets.Text(strconv.Itoa(number) + ". " + words.In(item.Text))
	text.TextStyle.Bold = true
	lines := container.NewVBox(text, widgets.Small(words.Of("checklists.kind-"+string(item.Kind))))
	for _, part := range []struct {
		key  string
		text content.Text
	}{{"checklists.guidance", item.Guidance}, {"checklists.not-confused", item.NotToBeConfusedWith}} {
		if len(part.text) > 0 {
			lines.Add(widgets.Text(words.Named(part.key, "Text", words.In(part.text))))
		}
	}
	if item.EvidenceRequired {
		lines.Add(widgets.Small(words.Of("checklists.evidence")))
	}
	if item.Source != "" {
		lines.Add(widgets.Small(words.Named("checklists.source", "Text", item.Source)))
	}
	module, lesson, ok := strings.Cut(item.TaughtIn, "/")
	switch lessonTitle, here := lessons[item.TaughtIn]; {
	case !ok:
	case here:
		row := widgets.Row{Title: words.In(lessonTitle), Detail: words.Of("checklists.taught"), Icon: theme.DocumentIcon()}
		lines.Add(widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Learn, Item: module, Part: lesson}) }))
	default:
		lines.Add(widgets.Small(words.Of("checklists.lesson-missing")))
	}
	lines.Add(widget.NewSeparator())
	return lines
}

func sources(list []string) []fyne.CanvasObject {
	if len(list) == 0 {
		return nil
	}
	lines := []fyne.CanvasObject{widgets.Gap(theme.TextSize() / 2), widgets.Heading(words.Of("checklists.sources"))}
	for _, source := range list {
		lines = append(lines, widgets.Small("• "+source))
	}
	return lines
}

// versions lead to the other versions of a document: records and drafts name the one they were made with.
func (p *Page) versions(v documentView) []fyne.CanvasObject {
	if len(v.versions) < 2 {
		return nil
	}
	lines := []fyne.CanvasObject{widgets.Gap(theme.TextSize() / 2), widgets.Heading(words.Of("checklists.versions"))}
	for _, s := range v.versions {
		row := widgets.Row{
			Title: words.Named("checklists.version", "Version", s.Version), Side: words.Of("checklists.state-" + string(s.State)),
			Detail: words.Named("checklists.arrived", "Day", words.Day(s.ArrivedAt)),
		}
		if s.ChangeNote != "" {
			row.Detail += "\n" + s.ChangeNote
		}
		if s.Version == v.document.Version {
			row.Detail = words.Of("checklists.this-version") + " " + row.Detail
		}
		item := s.ID + versionMark + strconv.Itoa(s.Version)
		lines = append(lines, widgets.NewLink(row, func() { p.host.Go(page.Route{Page: page.Checklists, Item: item}) }))
	}
	return lines
}

func answers(ids []string) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, words.Of("answer."+id))
	}
	return strings.Join(texts, " / ")
}

// title is the whole title of what a page shows; it wraps, unlike a page's header.
func title(text string) fyne.CanvasObject {
	label := widgets.Heading(text)
	label.SizeName = theme.SizeNameHeadingText
	label.Selectable = true
	return label
}

func (p *Page) showGlossary(v documentView) fyne.CanvasObject {
	s := newSheet(p.host)
	var texts []content.Text
	for _, term := range v.document.Glossary.Terms {
		texts = append(texts, term.Term, term.Definition)
	}
	s.add(title(words.In(v.document.Title)), page.LanguageNotice(texts...))
	s.add(page.RevokedNotice(v.revoked))
	if v.state == content.StateWithdrawn {
		s.add(widgets.NewNotice(words.Of("checklists.glossary-withdrawn"), widgets.Attention))
	}
	if summary := words.In(v.document.Summary); summary != "" {
		s.add(widgets.Text(summary))
	}
	var place fyne.CanvasObject
	for _, term := range v.document.Glossary.Terms {
		lines := container.NewVBox(widgets.Text(words.In(term.Definition)))
		for _, more := range []struct {
			key  string
			text content.Text
		}{{"checklists.why", term.WhyItMatters}, {"checklists.not-confused", term.ConfusedWith}} {
			if len(more.text) > 0 {
				lines.Add(widgets.Text(words.Named(more.key, "Text", words.In(more.text))))
			}
		}
		if term.Source != "" {
			lines.Add(widgets.Small(words.Named("checklists.source", "Text", term.Source)))
		}
		shown := widgets.Section(words.In(term.Term), lines)
		s.add(shown)
		if term.ID == v.place {
			place = shown
		}
	}
	s.add(p.versions(v)...)
	s.add(widgets.Gap(theme.TextSize()))
	s.open(place)
	return widgets.Page(widgets.Header{Title: words.Of("checklists.words"), Back: p.back}, s.scroll)
}
