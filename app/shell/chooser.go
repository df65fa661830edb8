package shell

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"wardbook/app/widgets"
)

// ChooseOpen lets the person pick a file.
func (s *Shell) ChooseOpen(title string, extensions []string, chosen func(path string)) {
	s.choose(title, widgets.OpenFile, extensions, "", chosen)
}

// ChooseSave lets the person name a new file.
func (s *Shell) ChooseSave(title, name string, chosen func(path string)) {
	s.choose(title, widgets.SaveFile, nil, name, chosen)
}

// ChooseFolder lets the person pick a folder.
func (s *Shell) ChooseFolder(title string, chosen func(path string)) {
	s.choose(title, widgets.ChooseFolder, nil, "", chosen)
}

// choose shows our own chooser: Fyne's keeps its last folder in the clear, and lists no sticks on Linux.
func (s *Shell) choose(title string, mode widgets.FileMode, extensions []string, name string, chosen func(path string)) {
	var shown *dialog.CustomDialog
	away := func(work, done func()) {
		s.Quietly(func(context.Context) error { work(); return nil }, func(err error) {
			if err != nil {
				s.Tell(err)
				return
			}
			done()
		})
	}
	chooser := widgets.NewFileChooser(mode, extensions, name, away, func(path string) {
		shown.Hide()
		chosen(path)
	}, func() { shown.Hide() })
	shown = dialog.NewCustomWithoutButtons(title, chooser, s.window)
	s.show(shown, shown.Hide, fyne.NewSize(760, 520))
}
