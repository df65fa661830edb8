package learn

import (
	"context"
	"image"
	_ "image/jpeg" // pictures of lessons
	_ "image/png"  // pictures of lessons
	"io"
	"slices"
	"strings"

	"wardbook/app/page"
	"wardbook/app/words"
	"wardbook/data/content"
	"wardbook/data/format/markdown"
	"wardbook/data/learning"
)

// moduleView is a module with one lesson open.
type moduleView struct {
	document content.Document
	state    content.State
	revoked  bool
	lesson   int
	position float32 // where reading goes on, from 0 to 1
	heading  int     // where reading begins instead, because it was searched for; -1 otherwise
	read     map[string]bool
	attempts []learning.AttemptSummary
	blocks   []markdown.Block
	pictures map[string]image.Image
}

func (v moduleView) current() content.Lesson { return v.document.Module.Lessons[v.lesson] }

// hasQuiz reports whether the quiz can be taken.
func (v moduleView) hasQuiz() bool {
	return len(v.document.Module.Questions) > 0 && v.state != content.StateWithdrawn
}

// maxPicturePixels bounds what a picture may take in memory: a hostile one of few bytes can claim to be enormous.
const maxPicturePixels = 40_000_000

func (p *Page) loadModule(ctx context.Context, route page.Route, document content.Document, state content.State) (*moduleView, error) {
	v := &moduleView{document: document, state: state, heading: -1, pictures: map[string]image.Image{}}
	var err error
	if v.read, err = p.learning.LessonsRead(ctx, document.ID); err != nil {
		return nil, err
	}
	if v.attempts, err = p.learning.Attempts(ctx, document.ID); err != nil {
		return nil, err
	}
	place, err := p.learning.Place(ctx, document.ID)
	if err != nil {
		return nil, err
	}
	wanted, typed, searched := strings.Cut(route.Part, findMark)
	if wanted == "" {
		wanted = place.LessonID
	}
	v.lesson = max(0, slices.IndexFunc(document.Module.Lessons, func(l content.Lesson) bool { return l.ID == wanted }))
	lesson := v.current()
	body, _ := lesson.Body.In(words.Of("language.tag"))
	v.blocks = markdown.Blocks(body)
	switch {
	case searched:
		v.heading = headingOf(v.blocks, typed)
	case place.LessonID == lesson.ID:
		v.position = place.Position
	}
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

// picture reads an image of the module; in place of one that cannot be drawn, its description is shown.
func (p *Page) picture(ctx context.Context, ref content.Ref, path string) (image.Image, error) {
	file, _, err := p.content.Media(ctx, ref, path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, _, err := image.DecodeConfig(file)
	if err != nil || int64(size.Width)*int64(size.Height) > maxPicturePixels {
		return nil, nil //nolint:nilnil // the description is shown instead
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	decoded, _, err := image.Decode(file)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // the description is shown instead
	}
	return decoded, nil
}
