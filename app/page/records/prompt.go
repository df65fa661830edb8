package records

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/content"
)

// prompted adds to a field what its writer should think again about: words that speak of who somebody is. It explains, blocks
// nothing, and is kept nowhere.
func prompted(field fyne.CanvasObject, entry *widgets.Entry) fyne.CanvasObject {
	prompt := widgets.Small("")
	show := func(text string) {
		var said []string
		for _, p := range content.WordingPrompts(text) {
			said = append(said, words.Named("records.prompt", "Word", p.Word, "Topic", words.Of("topic."+p.Topic)))
		}
		prompt.SetText(strings.Join(said, "\n"))
		if len(said) == 0 {
			prompt.Hide()
			return
		}
		prompt.Show()
	}
	show(entry.Text)
	changed := entry.OnChanged
	entry.OnChanged = func(text string) {
		if changed != nil {
			changed(text)
		}
		show(text)
	}
	return container.NewVBox(field, prompt)
}
