package page

import (
	"context"
	"errors"

	"wardbook/app/words"
	"wardbook/data/content"
)

// Library gives the titles of documents.
type Library interface {
	Get(ctx context.Context, ref content.Ref) (content.Document, content.State, error)
}

// Titled is a version of a document with what it is called.
type Titled struct {
	content.Ref
	Kind  content.Kind
	Title content.Text // nil: not known here
}

// Titles finds what documents are called. Without a library, and for those that it does not have, the id alone is known.
func Titles(ctx context.Context, library Library, refs []content.Ref) ([]Titled, error) {
	var items []Titled
	for _, ref := range refs {
		item := Titled{Ref: ref}
		if library != nil {
			document, _, err := library.Get(ctx, ref)
			switch {
			case err == nil || errors.Is(err, content.ErrWithdrawn):
				item.Kind, item.Title = document.Kind, document.Title
			case !errors.Is(err, content.ErrNotFound):
				return nil, err
			}
		}
		items = append(items, item)
	}
	return items, nil
}

// Named is the kind, title and version, or the id where the title is not known.
func (t Titled) Named() string {
	if t.Title == nil {
		return words.Named("updates.item", "ID", t.ID, "Version", t.Version)
	}
	return words.Of("learn.kind-"+string(t.Kind)) + ": " + words.Named("updates.item", "ID", words.In(t.Title), "Version", t.Version)
}
