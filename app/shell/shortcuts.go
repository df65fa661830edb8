package shell

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"wardbook/app/page"
)

// Searchable is a page with a search field that Ctrl+F goes to.
type Searchable interface{ FocusSearch() }

// addShortcuts declares every shortcut of the window: Alt+1 to Alt+9 go to the pages of the rail in their order,
// Ctrl+F searches, Ctrl+L locks, F1 helps. While a dialog is open all but Ctrl+L do
// nothing, and Esc closes it.
func (s *Shell) addShortcuts() {
	add := func(modifier fyne.KeyModifier, key fyne.KeyName, do func()) {
		s.window.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: modifier}, func(fyne.Shortcut) { s.shortcut(do) })
	}
	for i, key := range []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6, fyne.Key7, fyne.Key8, fyne.Key9} {
		add(fyne.KeyModifierAlt, key, func() {
			if i < len(s.rail.pages) {
				s.Go(page.Route{Page: s.rail.pages[i]})
			}
		})
	}
	s.window.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyL, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) {
		s.Lock() // at any time: dialogs close, work is cancelled whole
	})
	add(fyne.KeyModifierControl, fyne.KeyF, func() {
		if unwrapped, ok := s.current.(interface{ Unwrap() any }); ok {
			if searchable, ok := unwrapped.Unwrap().(Searchable); ok {
				searchable.FocusSearch()
				return
			}
		}
		s.Go(page.Route{Page: page.Learn})
	})
	s.window.Canvas().SetOnTypedKey(func(event *fyne.KeyEvent) {
		switch {
		case event.Name == fyne.KeyF1:
			s.shortcut(func() { s.Go(page.Route{Page: page.Help}) })
		case event.Name == fyne.KeyEscape && s.cancel != nil && s.working == nil:
			s.cancel()
		}
	})
}

func (s *Shell) shortcut(do func()) {
	if s.session != nil && s.dialogs == 0 && s.working == nil {
		do()
	}
}
