package publish

import (
	"cmp"
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

// showFolder draws what the linter says, what would be published, and, unless mistakes block it, the form.
func (p *Page) showFolder(folder string, v exchange.PublishPreview) fyne.CanvasObject {
	lines := container.NewVBox()
	again := widgets.NewButton(words.Of("publish.check-again"), p.host.Reload)
	other := widgets.NewButton(words.Of("publish.other-folder"), p.choose)
	if v.Blocked {
		lines.Add(widgets.NewNotice(words.Of("publish.blocked"), widgets.Problem, again, other))
	}
	for _, severity := range []content.Severity{content.SeverityError, content.SeverityWarning, content.SeverityQuestion} {
		for _, o := range findings(v.Findings, severity) {
			lines.Add(o)
		}
	}
	if len(v.Items) > 0 {
		lines.Add(widgets.Heading(words.Of("publish.items")))
	}
	fresh := 0
	for _, item := range inOrder(v.Items) {
		if item.Change != exchange.ChangeSame {
			fresh++
		}
		lines.Add(itemLines(item))
	}
	switch {
	case v.Blocked:
	case fresh == 0:
		lines.Add(widgets.NewNotice(words.Of("publish.same"), widgets.Neutral, again, other))
	default:
		lines.Add(newForm(p, folder, v.Items, fresh).object())
	}
	lines.Add(widgets.Gap(2 * theme.TextSize()))
	return widgets.Page(widgets.Header{Title: words.Of("publish.folder"), Subtitle: folder, Back: p.back}, widgets.NewForm(lines))
}

func findings(all []content.Finding, severity content.Severity) []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for _, f := range all {
		if f.Severity != severity {
			continue
		}
		if lines == nil {
			lines = append(lines, widgets.Heading(words.Of("publish.severity-"+string(severity))), widgets.Small(words.Of("publish.severity-what-"+string(severity))))
		}
		lines = append(lines, widgets.Text(placeOf(f)+" — "+f.Sentence))
	}
	return lines
}

func placeOf(f content.Finding) string {
	switch {
	case f.File == "." || f.File == "":
		return words.Of("publish.whole-folder")
	case f.Line > 0:
		return fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return f.File
}

// inOrder puts last what stays as it is.
func inOrder(items []exchange.PublishItem) []exchange.PublishItem {
	order := []exchange.Change{exchange.ChangeNew, exchange.ChangeChanged, exchange.ChangeSame}
	return slices.SortedStableFunc(slices.Values(items), func(a, b exchange.PublishItem) int {
		return cmp.Compare(slices.Index(order, a.Change), slices.Index(order, b.Change))
	})
}

func itemLines(item exchange.PublishItem) fyne.CanvasObject {
	change := words.With("publish.change-"+string(item.Change), map[string]any{"Version": item.Version, "Previous": item.Previous})
	column := container.NewVBox(widgets.Text(words.Of("learn.kind-"+string(item.Kind)) + ": " + words.In(item.Title) + " — " + change))
	for _, line := range item.Diff {
		column.Add(container.New(layout.NewCustomPaddedLayout(0, 0, 2*theme.TextSize(), 0), widgets.Small(line)))
	}
	return column
}
