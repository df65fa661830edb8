package learn

import (
	"context"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/text/unicode/norm"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/format/markdown"
)

// mostHits is how many places are shown: whoever has found more looks for something narrower.
const mostHits = 60

// hits are the places where words stand.
type hits struct {
	typed string
	found []content.Hit
	more  bool // there are more than are shown
}

func (p *Page) loadHits(ctx context.Context, typed string) (*hits, error) {
	v := &hits{typed: typed}
	found, err := p.content.Search(ctx, typed, words.Of("language.tag"), mostHits+1)
	if err != nil {
		return nil, err
	}
	v.more = len(found) > mostHits
	seen := map[[2]string]bool{} // a place is shown once, in the language that comes first
	for _, hit := range found[:min(len(found), mostHits)] {
		if place := [2]string{hit.ID, hit.Part}; !seen[place] {
			seen[place] = true
			v.found = append(v.found, hit)
		}
	}
	return v, nil
}

// searchField is the field that finds words in everything.
func (p *Page) searchField(typed string) fyne.CanvasObject {
	field := widgets.NewEntry()
	field.SetPlaceHolder(words.Of("learn.search-hint"))
	field.SetText(typed)
	field.OnSubmitted = func(text string) {
		if text = strings.TrimSpace(text); text != "" {
			p.goTo(itemSearch+text, "")
		}
	}
	p.search = field
	find := widgets.NewButton(words.Of("learn.search"), func() { field.OnSubmitted(field.Text) })
	return container.NewBorder(nil, nil, nil, find, field)
}

func (p *Page) showHits(v hits) fyne.CanvasObject {
	lines := container.NewVBox(p.searchField(v.typed))
	switch {
	case strings.TrimSpace(v.typed) == "":
		lines.Add(widgets.Text(words.Of("learn.search-what")))
	case len(v.found) == 0:
		lines.Add(widgets.Text(words.Named("learn.nothing-found", "Words", v.typed)))
	case v.more:
		lines.Add(widgets.Small(words.Count("learn.found-more", len(v.found))))
	default:
		lines.Add(widgets.Small(words.Count("learn.found", len(v.found))))
	}
	for _, hit := range v.found {
		row := widgets.Row{Title: hit.PartText, Detail: whereFound(hit), Side: kindOf(hit), Icon: iconOf(hit.Kind)}
		lines.Add(widgets.NewLink(row, func() { p.host.Go(placeOf(hit, v.typed)) }))
	}
	lines.Add(widgets.Gap(theme.TextSize()))
	if len(v.found) == 0 { // there is something to type, and nothing else to do
		field := p.search
		p.host.After(0, func() { p.host.Focus(field) })
	}
	header := widgets.Header{Title: words.Of("learn.search"), Back: p.toCourses}
	return widgets.Page(header, container.NewVScroll(widgets.Column(container.NewPadded(lines))))
}

// whereFound is the words around what was found, and the document they stand in.
func whereFound(hit content.Hit) string {
	snippet := oneLine(hit.Snippet)
	if hit.Part == "" {
		return snippet
	}
	return words.Named("learn.found-in", "Title", hit.Title) + "\n" + snippet
}

func kindOf(hit content.Hit) string {
	key := "learn.kind-" + string(hit.Kind)
	if hit.Part != "" {
		key = "learn.part-" + string(hit.Kind)
	}
	return words.Of(key)
}

func iconOf(kind content.Kind) fyne.Resource {
	switch kind {
	case content.KindChecklist:
		return theme.ListIcon()
	case content.KindGlossary:
		return theme.InfoIcon()
	}
	return theme.DocumentIcon()
}

// placeOf is where a hit can be read: the very lesson, item or word.
func placeOf(hit content.Hit, typed string) page.Route {
	switch hit.Kind {
	case content.KindChecklist, content.KindGlossary:
		return page.Route{Page: page.Checklists, Item: hit.ID, Part: hit.Part}
	}
	route := page.Route{Page: page.Learn, Item: hit.ID, Part: hit.Part}
	if hit.Part != "" {
		route.Part += findMark + typed
	}
	return route
}

// oneLine takes line ends and the marks of Markdown out of a snippet.
func oneLine(snippet string) string {
	words := strings.FieldsFunc(snippet, func(r rune) bool { return strings.ContainsRune(" \n\t|#*>`", r) })
	return strings.Join(words, " ")
}

// headingOf gives the number, from 0, of the heading below which the words that were searched for stand first, or -1 if
// that is before the first heading or nowhere.
func headingOf(blocks []markdown.Block, typed string) int {
	wanted := strings.FieldsFunc(fold(typed), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	if len(wanted) == 0 {
		return -1
	}
	heading, best, most := -1, -1, 0
	for _, block := range blocks {
		if block.Kind == markdown.Heading {
			heading++
		}
		text, count := fold(textOf(block)), 0
		for _, word := range wanted {
			if strings.Contains(text, word) {
				count++
			}
		}
		if count > most {
			best, most = heading, count
		}
	}
	return best
}

func textOf(block markdown.Block) string {
	texts := []string{markdown.Plain(block.Runs), block.Alt, block.Caption}
	for _, row := range block.Rows {
		for _, cell := range row {
			texts = append(texts, markdown.Plain(cell.Runs))
		}
	}
	return strings.Join(texts, " ")
}

// fold takes case and accents away, as the search does.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(text))
}
