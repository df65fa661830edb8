package records

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/widgets"
	"wardbook/app/words"
	"wardbook/data/casework"
)

// writing is an urgent note while it is written.
type writing struct {
	page  *Page
	note  casework.NoteDraft
	dirty bool
	stop  func()
	saved *widget.Label
}

// showUrgent is the form of an urgent note: facts alone, and first of all what to do. It is saved as typed, because whoever
// writes one is called away.
func (p *Page) showUrgent(v View) fyne.CanvasObject {
	u := &writing{page: p, stop: func() {}, saved: widgets.Small("")}
	actions := []fyne.CanvasObject{}
	if v.NoteDraft != nil {
		u.note = *v.NoteDraft
		u.saved.SetText(words.Named("records.saved-at", "Moment", words.Moment(u.note.SavedAt)))
		actions = append(actions, widgets.NewQuiet(words.Of("records.remove"), u.remove))
	} else {
		now := time.Now()
		u.note.Day, u.note.Time = now.Format(time.DateOnly), now.Format("15:04")
	}
	what := widgets.NewMultiLine(5)
	what.SetText(u.note.What)
	what.OnChanged = func(text string) { u.note.What = text; u.typed() }
	date := widgets.NewDateField(nil)
	date.SetDay(u.note.Day)
	if date.Text == "" {
		date.SetText(u.note.Day)
	}
	date.OnChanged = func(text string) {
		if u.note.Day = date.Day(); u.note.Day == "" {
			u.note.Day = text
		}
		u.typed()
	}
	form := widgets.NewForm(
		widgets.NewNotice(words.Of("records.urgent-first"), widgets.Problem),
		widgets.NewField(words.Of("records.reference"), words.Of("records.reference-hint"), u.entry(&u.note.Subject.Reference)),
		widgets.NewField(words.Of("records.unit"), words.Of("records.unit-hint"), u.entry(&u.note.Subject.Unit)),
		prompted(widgets.NewField(words.Of("records.fact"), words.Of("records.fact-hint"), what), what),
		container.NewGridWithColumns(2,
			widgets.NewField(words.Of("records.day"), "", date),
			widgets.NewField(words.Of("records.time"), words.Of("records.time-hint"), u.entry(&u.note.Time))),
		widgets.NewField(words.Of("records.place"), "", u.entry(&u.note.Where)),
		widgets.NewField(words.Of("records.how"), words.Of("records.how-hint"), u.entry(&u.note.HowKnown)),
		container.NewHBox(widgets.NewPrimary(words.Of("records.send-note"), u.send)), u.saved, widgets.Gap(2*theme.TextSize()),
	)
	p.leave = u.save
	return widgets.Page(widgets.Header{Title: words.Of("records.urgent"), Back: p.back, Actions: actions}, form)
}

func (u *writing) entry(value *string) *widgets.Entry {
	e := widgets.NewEntry()
	e.SetText(*value)
	e.OnChanged = func(text string) { *value = text; u.typed() }
	return e
}

func (u *writing) typed() {
	u.dirty = true
	u.stop()
	u.stop = u.page.host.After(saveAfter, u.save)
}

func (u *writing) save() {
	u.stop()
	if !u.dirty {
		return
	}
	u.dirty = false
	note := u.note
	u.page.host.Quietly(u.page.saves.Next(func(ctx context.Context) error { return u.page.casework.SaveNoteDraft(ctx, note) }), func(err error) {
		if err != nil {
			u.dirty = true
			u.page.host.Tell(err)
			return
		}
		u.saved.SetText(words.Named("records.saved-at", "Moment", words.Moment(time.Now())))
	})
}

func (u *writing) remove() {
	u.page.host.Confirm(words.Of("records.remove"), words.Of("records.remove-message"), words.Of("records.remove"), func() {
		u.stop()
		u.dirty = false
		u.page.host.Quietly(u.page.saves.Next(u.page.casework.RemoveNoteDraft), u.page.doneOrTell)
	})
}

// input is the note as the service takes it. A day or time that is none is left out, and the service asks for it.
func (u *writing) input() casework.UrgentNoteInput {
	input := casework.UrgentNoteInput{Subject: u.note.Subject, What: u.note.What, Where: u.note.Where, HowKnown: u.note.HowKnown}
	if when, err := time.ParseInLocation("2006-01-02 15:04", u.note.Day+" "+strings.TrimSpace(u.note.Time), time.Local); err == nil {
		input.When = when
	}
	return input
}

func (u *writing) send() {
	u.save()
	p, input := u.page, u.input()
	p.host.Confirm(words.Of("records.send-note"), words.Of("records.send-note-message"), words.Of("records.send-note"), func() {
		var note casework.UrgentNote
		p.host.Quietly(p.saves.Next(func(ctx context.Context) (err error) {
			note, err = p.casework.UrgentNote(ctx, input)
			return err
		}), func(err error) {
			if err != nil {
				p.host.Tell(err)
				return
			}
			p.goTo(itemNote+note.ID, "")
		})
	})
}

// doneOrTell goes back to the lists, or says what went wrong.
func (p *Page) doneOrTell(err error) {
	if err != nil {
		p.host.Tell(err)
		return
	}
	p.back()
}
