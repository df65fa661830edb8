package learn

import (
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of lessons
	_ "image/png"  // pictures of lessons
	"io"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/format/markdown"
)

// moduleView is a module with one lesson open.
type moduleView struct {
	document content.Document
	state    content.State
	lesson   int
	position float32
	read     map[string]bool
	blocks   []markdown.Block
	pictures map[string]image.Image
	fellBack bool
}

// maxPicturePixels bounds what a picture may take in memory: a hostile one of few bytes can claim to be enormous.
const maxPicturePixels = 40_000_000

func (p *Page) loadModule(ctx context.Context, route page.Route) (*moduleView, error) {
	document, state, err := p.content.Get(ctx, content.Ref{ID: route.Item})
	if err != nil {
		return nil, err
	}
	if document.Course != nil {
		return nil, errCourse
	}
	if document.Module == nil || len(document.Module.Lessons) == 0 {
		return nil, fmt.Errorf("%w: %s", content.ErrNotFound, route.Item)
	}
	v := &moduleView{document: document, state: state, pictures: map[string]image.Image{}}
	if v.read, err = p.learning.LessonsRead(ctx, document.ID); err != nil {
		return nil, err
	}
	place, err := p.learning.Place(ctx, document.ID)
	if err != nil {
		return nil, err
	}
	wanted := route.Part
	if wanted == "" {
		wanted = place.LessonID
	}
	v.lesson = max(0, slices.IndexFunc(document.Module.Lessons, func(l content.Lesson) bool { return l.ID == wanted }))
	lesson := document.Module.Lessons[v.lesson]
	if place.LessonID == lesson.ID {
		v.position = place.Position
	}
	body, fellBack := lesson.Body.In(words.Of("language.tag"))
	v.fellBack, v.blocks = fellBack, markdown.Blocks(body)
	for _, block := range v.blocks {
		if block.Kind != markdown.Image || v.pictures[block.Path] != nil {
			continue
		}
		if v.pictures[block.Path], err = p.picture(ctx, document.Ref(), block.Path); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// picture reads an image of the module; one that cannot be read is left to its description.
func (p *Page) picture(ctx context.Context, ref content.Ref, path string) (image.Image, error) {
	file, _, err := p.content.Media(ctx, ref, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, _, err := image.DecodeConfig(file)
	if err != nil || size.Width*size.Height > maxPicturePixels {
		return nil, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	decoded, _, err := image.Decode(file)
	if err != nil {
		return nil, nil //nolint:nilerr // the description is shown instead
	}
	return decoded, nil
}

func (p *Page) showModule(v moduleView) fyne.CanvasObject {
	lesson := v.document.Module.Lessons[v.lesson]
	reader := widgets.NewReader()
	reader.SetBlocks(v.blocks, func(path string) image.Image { return v.pictures[path] })
	if v.position > 0 {
		reader.SetPlace(v.position)
	}
	p.keepPlace(v, reader)

	head := container.NewVBox(widgets.Heading(words.In(lesson.Title)))
	if lesson.Kind == content.LessonVignette {
		head.Add(widgets.Small(words.Of("learn.vignette")))
	}
	if v.fellBack {
		head.Add(widgets.Small(words.Of("learn.fell-back")))
	}
	if v.state == content.StateWithdrawn {
		head.Add(widgets.NewNotice(words.Of("learn.withdrawn"), widgets.Attention))
	}
	text := container.NewBorder(head, container.NewHBox(p.steps(v)...), nil, nil, reader)
	split := container.NewHSplit(p.contents(v), container.NewPadded(text))
	split.Offset = 0.27
	header := widgets.Header{
		Title: words.In(v.document.Title), Back: func() { p.host.Go(page.Route{Page: page.Learn}) },
		Subtitle: words.With("learn.version", map[string]any{"Version": v.document.Version, "Minutes": v.document.Module.Minutes}),
	}
	return widgets.Page(header, split)
}

// keepPlace saves where the person reads, a moment after scrolling stops, and when the page is left.
func (p *Page) keepPlace(v moduleView, reader *widgets.Reader) {
	lesson := v.document.Module.Lessons[v.lesson]
	last, waiting := v.position, func() {}
	save := func() {
		waiting()
		place := reader.Place()
		if place == last {
			return
		}
		last = place
		p.host.Quietly(func(ctx context.Context) error {
			return p.learning.SavePlace(ctx, v.document.ID, v.document.Version, lesson.ID, place)
		}, nil)
	}
	reader.OnMoved = func(float32) {
		waiting()
		waiting = p.host.After(time.Second, save)
	}
	p.leave = save
	if v.position == 0 {
		p.host.Quietly(func(ctx context.Context) error {
			return p.learning.SavePlace(ctx, v.document.ID, v.document.Version, lesson.ID, 0)
		}, nil)
	}
}

// contents is the list at the side: lessons, with what was read, and the quiz.
func (p *Page) contents(v moduleView) fyne.CanvasObject {
	list := container.NewVBox()
	for i, lesson := range v.document.Module.Lessons {
		row := widgets.Row{Title: words.In(lesson.Title)}
		if v.read[lesson.ID] {
			row.Detail = words.Of("learn.read")
		}
		if i == v.lesson {
			row.Icon = theme.NavigateNextIcon()
		}
		list.Add(widgets.NewLink(row, func() { p.goTo(v, lesson.ID) }))
	}
	if len(v.document.Module.Questions) > 0 {
		list.Add(widgets.NewLink(widgets.Row{Title: words.Of("learn.quiz"), Icon: theme.QuestionIcon()}, func() { p.goTo(v, partQuiz) }))
	}
	if len(v.document.Module.Objectives) > 0 {
		list.Add(widgets.Strong(words.Of("learn.objectives")))
		for _, objective := range v.document.Module.Objectives {
			list.Add(widgets.Small("• " + words.In(objective)))
		}
	}
	if len(v.document.Module.Sources) > 0 {
		list.Add(widgets.Strong(words.Of("learn.sources")))
		for _, source := range v.document.Module.Sources {
			list.Add(widgets.Small("• " + source))
		}
	}
	return container.NewVScroll(list)
}

func (p *Page) goTo(v moduleView, part string) {
	p.host.Go(page.Route{Page: page.Learn, Item: v.document.ID, Part: part})
}

// steps are the buttons below the text.
func (p *Page) steps(v moduleView) []fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	lessons := v.document.Module.Lessons
	if v.lesson > 0 {
		buttons = append(buttons, widgets.NewButton(words.Of("learn.previous"), func() { p.goTo(v, lessons[v.lesson-1].ID) }))
	}
	label, next := words.Of("learn.done"), ""
	switch {
	case v.lesson+1 < len(lessons):
		label, next = words.Of("learn.next"), lessons[v.lesson+1].ID
	case len(v.document.Module.Questions) > 0 && v.state != content.StateWithdrawn:
		label, next = words.Of("learn.to-quiz"), partQuiz
	}
	buttons = append(buttons, widgets.NewPrimary(label, func() {
		p.host.Quietly(func(ctx context.Context) error {
			return p.learning.MarkRead(ctx, v.document.ID, v.document.Version, lessons[v.lesson].ID)
		}, func(err error) {
			switch {
			case err != nil:
				p.host.Tell(err)
			case next == "":
				p.host.Go(page.Route{Page: page.Learn})
			default:
				p.goTo(v, next)
			}
		})
	}))
	return buttons
}
