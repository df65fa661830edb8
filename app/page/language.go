package page

import (
	"maps"
	"slices"

	"fyne.io/fyne/v2"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
)

// LanguageNotice says which language is shown for want of the window's own; nil where none of the texts lacks it.
func LanguageNotice(texts ...content.Text) fyne.CanvasObject {
	wanted := words.Of("language.tag")
	for _, text := range texts {
		if _, fellBack := text.In(wanted); !fellBack {
			continue
		}
		shown := content.DefaultLanguage
		if _, ok := text[shown]; !ok {
			shown = slices.Min(slices.Collect(maps.Keys(text)))
		}
		return widgets.NewNotice(words.Named("language.fell-back", "Language", languageName(shown)), widgets.Neutral)
	}
	return nil
}

// languageName is the name of a language in the window's, or its tag.
func languageName(tag string) string {
	key := "language.name-" + tag
	if name := words.Of(key); name != key {
		return name
	}
	return tag
}
