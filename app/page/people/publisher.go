package people

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"wardbook/app/page"
	"wardbook/app/sentence"
	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/bundle"
	"wardbook/data/exchange"
)

// newPublisher is the form in which a publisher is added. A bundle file or the key's text says which key; the fingerprint
// that the publisher reads out says that it is the right one. The form does not show the fingerprint: what could be
// copied from the screen would compare the key with itself.
type newPublisher struct {
	page                            *Page
	known                           []exchange.Publisher
	name, key, heard                *widgets.Entry
	nameField, keyField, heardField *widgets.Field
}

func (p *Page) showAddPublisher(known []exchange.Publisher) fyne.CanvasObject {
	f := &newPublisher{page: p, known: known, name: widgets.NewEntry(), key: widgets.NewMultiLine(2), heard: widgets.NewEntry()}
	f.key.OnChanged = func(string) { f.read() }
	f.heard.OnSubmitted = func(string) { f.submit() }
	f.keyField = widgets.NewField(words.Of("people.key"), words.Of("people.key-hint"), f.key)
	f.nameField = widgets.NewField(words.Of("people.publisher-name"), words.Of("people.publisher-name-hint"), f.name)
	f.heardField = widgets.NewField(words.Of("people.heard"), words.Of("people.heard-hint"), f.heard)
	form := widgets.NewForm(
		widgets.Text(words.Of("people.add-publisher-how")),
		widgets.Actions(widgets.NewButton(words.Of("people.from-file"), f.choose)),
		f.keyField, f.nameField, f.heardField,
		widgets.Actions(widgets.NewPrimary(words.Of("people.trust"), f.submit)), widgets.Gap(2*theme.TextSize()),
	)
	return widgets.Page(widgets.Header{Title: words.Of("people.add-publisher"), Back: p.back}, form)
}

// choose takes key and name out of a bundle file.
func (f *newPublisher) choose() {
	host := f.page.host
	host.ChooseOpen(words.Of("people.from-file"), []string{".wardbook"}, func(path string) {
		var preview exchange.Preview
		host.Work(words.Of("people.from-file"), func(ctx context.Context, progress page.Progress) (err error) {
			progress(words.Of("people.reading-file"), 0, 0)
			preview, err = f.page.publishers.Preview(ctx, path)
			return err
		}, func(err error) {
			switch {
			case err != nil:
				host.Tell(err)
			case preview.Publisher.PublicKey == "": // nothing in the file can be relied on
				host.Tell(preview.Refusal)
			default:
				f.name.SetText(preview.Publisher.Name)
				f.key.SetText(preview.Publisher.PublicKey)
				host.Focus(f.heard)
			}
		})
	})
}

// read takes the key out of its field, and says there what is wrong with it.
func (f *newPublisher) read() (key bundle.PublicKey, good bool) {
	f.keyField.SetProblem("")
	if strings.TrimSpace(f.key.Text) == "" {
		return key, false
	}
	key, err := bundle.ParsePublicKey(f.key.Text)
	if err != nil {
		f.keyField.SetProblem(sentence.Of(err, words.Of))
		return key, false
	}
	for _, known := range f.known {
		if known.Fingerprint == key.Fingerprint() && known.State != exchange.TrustRevoked {
			f.keyField.SetProblem(words.With("people.known-already", map[string]any{"Name": known.Name}))
			return key, false
		}
	}
	return key, true
}

func (f *newPublisher) submit() {
	p := f.page
	f.heardField.SetProblem("")
	key, good := f.read()
	if !good {
		if f.keyField.Problem() == "" {
			f.keyField.SetProblem(words.Of("people.key-empty"))
		}
		p.host.Focus(f.key)
		return
	}
	name, heard := f.name.Text, f.heard.Text
	_, pasted := bundle.ParsePublicKey(heard)
	if pasted == nil || !key.MatchesFingerprint(heard) {
		f.heardField.SetProblem(words.Of("people.heard-differs"))
		p.host.Focus(f.heard)
		return
	}
	p.host.Quietly(func(ctx context.Context) error { return p.publishers.Trust(ctx, key, name, heard) }, func(err error) {
		if err != nil {
			p.host.Tell(err)
			return
		}
		p.back()
	})
}
