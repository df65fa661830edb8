package publish

import (
	"context"
	"maps"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/exchange"
)

// form asks for what a trainer decides when publishing.
type form struct {
	page       *Page
	folder     string
	items      []exchange.PublishItem
	fresh      int // new and changed items
	older      map[string]content.State
	note       *widgets.Entry
	from       *widgets.DateField
	until      *widgets.DateField
	noteField  *widgets.Field
	fromField  *widgets.Field
	untilField *widgets.Field
	column     *fyne.Container
}

func newForm(p *Page, folder string, items []exchange.PublishItem, fresh int) *form {
	f := &form{page: p, folder: folder, items: items, fresh: fresh, older: map[string]content.State{}}
	f.note = widgets.NewMultiLine(3)
	f.from, f.until = widgets.NewDateField(nil), widgets.NewDateField(nil)
	f.from.SetDay(time.Now().Format(time.DateOnly))
	f.noteField = widgets.NewField(words.Of("publish.note"), words.Of("publish.note-hint"), f.note)
	f.fromField = widgets.NewField(words.Of("publish.effective"), words.Of("publish.effective-hint"), f.from)
	f.untilField = widgets.NewField(words.Of("publish.expires"), words.Of("publish.expires-hint"), f.until)
	return f
}

func (f *form) object() fyne.CanvasObject {
	f.column = container.NewVBox(widgets.Heading(words.Of("publish.decide")), f.noteField, f.fromField, f.untilField)
	for _, item := range f.items {
		if item.Change != exchange.ChangeChanged {
			continue
		}
		choice := widgets.NewChoice([]widgets.Option{
			{Value: string(content.StateSuperseded), Text: words.Of("publish.superseded")},
			{Value: string(content.StateWithdrawn), Text: words.Of("publish.withdrawn")},
		}, func(state string) { f.older[item.ID] = content.State(state) })
		choice.SetValues(string(content.StateSuperseded))
		f.column.Add(widgets.NewField(words.With("publish.older", map[string]any{"Title": words.In(item.Title), "Version": item.Previous}), "", choice))
	}
	f.column.Add(widgets.Text(words.Count("publish.summary", f.fresh)))
	f.column.Add(widgets.Actions(widgets.NewPrimary(words.Of("publish.publish"), f.publish)))
	return f.column
}

// publish asks for the file, and before that for a confirmation if something is withdrawn, which cannot be undone.
func (f *form) publish() {
	request, ok := f.request()
	if !ok {
		return
	}
	choose := func() {
		f.page.host.ChooseSave(words.Of("publish.publish"), bundleName(), func(path string) {
			request.Out = path
			f.page.write(func(ctx context.Context, progress exchange.Progress) (exchange.Published, error) {
				request.Progress = progress
				return f.page.exchange.Publish(ctx, request)
			})
		})
	}
	var withdrawn []string
	for _, item := range f.items {
		if request.Older[item.ID] == content.StateWithdrawn {
			withdrawn = append(withdrawn, words.With("publish.older", map[string]any{"Title": words.In(item.Title), "Version": item.Previous}))
		}
	}
	if len(withdrawn) == 0 {
		choose()
		return
	}
	f.page.host.Confirm(words.Of("publish.withdraw"), words.With("publish.withdraw-message", map[string]any{"What": strings.Join(withdrawn, ", ")}),
		words.Of("publish.withdraw"), choose)
}

// request reads the form. What cannot be read is pointed out at its field: a day that was mistyped is not taken for none.
func (f *form) request() (exchange.PublishRequest, bool) {
	request := exchange.PublishRequest{Folder: f.folder, Note: strings.TrimSpace(f.note.Text), Effective: f.from.Day(), Older: maps.Clone(f.older)}
	var wrong fyne.Focusable
	point := func(field *widgets.Field, input fyne.Focusable, problem string) {
		field.SetProblem(problem)
		if problem != "" && wrong == nil {
			wrong = input
		}
	}
	problem := ""
	if request.Note == "" {
		problem = words.Of("publish.note-needed")
	}
	point(f.noteField, f.note, problem)
	point(f.fromField, f.from, dayProblem(f.from))
	problem = dayProblem(f.until)
	if day := f.until.Day(); day != "" {
		last, err := time.ParseInLocation(time.DateOnly, day, time.Local)
		if err != nil || day < time.Now().Format(time.DateOnly) {
			problem = words.Of("publish.expires-past")
		}
		request.Expires = last.AddDate(0, 0, 1) // the whole day counts
	}
	point(f.untilField, f.until, problem)
	f.column.Refresh() // a field is higher with a problem below it
	if wrong != nil {
		f.page.host.Focus(wrong)
	}
	return request, wrong == nil
}

func dayProblem(field *widgets.DateField) string {
	if field.Day() == "" && strings.TrimSpace(field.Text) != "" {
		return words.Of("widget.date.wrong")
	}
	return ""
}
