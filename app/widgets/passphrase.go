package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Passphrase is a field that hides what is typed, with an icon that shows it (Fyne adds that), and a sentence about its strength while it
// is being chosen. There is no bar and no rule about characters: the sentence says what would help.
type Passphrase struct {
	Composite
	Entry    *Entry
	strength *widget.Label
	check    func(typed string) (sentence string, good bool)
	good     bool
	// OnChanged is called after each change.
	OnChanged func()
}

// NewPassphrase makes a field. check estimates what was typed; nil where an existing passphrase is asked for.
func NewPassphrase(check func(typed string) (sentence string, good bool)) *Passphrase {
	p := &Passphrase{Entry: NewEntry(), strength: Small(""), check: check}
	p.Entry.Password = true
	p.strength.Hide()
	p.Entry.OnChanged = func(typed string) {
		p.show(typed)
		if p.OnChanged != nil {
			p.OnChanged()
		}
	}
	p.init(p, container.New(tightColumn{}, container.New(inset{theme.InnerPadding()}, p.Entry), p.strength))
	return p
}

// Text is what was typed.
func (p *Passphrase) Text() string { return p.Entry.Text }

// Good reports whether check was satisfied.
func (p *Passphrase) Good() bool { return p.check == nil || p.good }

// Recheck estimates again, when what else is known about the account has changed.
func (p *Passphrase) Recheck() { p.show(p.Entry.Text) }

// Clear empties the field.
func (p *Passphrase) Clear() { p.Entry.SetText("") }

func (p *Passphrase) show(typed string) {
	if p.check == nil {
		return
	}
	if typed == "" {
		p.good = false
		p.strength.Hide()
		return
	}
	var sentence string
	sentence, p.good = p.check(typed)
	p.strength.Importance = widget.WarningImportance
	if p.good {
		p.strength.Importance = widget.SuccessImportance
	}
	p.strength.SetText(sentence)
	p.strength.Show()
	p.Refresh()
}

var _ fyne.Widget = (*Passphrase)(nil)
