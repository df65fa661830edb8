package widgets

import (
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
)

// FileMode is what a FileChooser is asked for.
type FileMode int

// The modes.
const (
	OpenFile FileMode = iota
	SaveFile
	ChooseFolder
)

// FileChooser lets a file or a folder be picked. Removable drives come first; no place is remembered, because Fyne's own
// would keep it in the clear.
type FileChooser struct {
	Composite
	mode       FileMode
	extensions []string // with dots, lower case; none means any
	chosen     func(path string)
	places     func() []Place
	away       Away

	at       string // the folder shown
	asked    string // the folder that is being listed, or the one shown
	entries  []fileEntry
	selected int
	replace  string // a path whose replacement was warned of

	placeList []Place
	placeBox  *fyne.Container
	path      *widget.Label
	list      *List
	empty     *widget.Label
	name      *Entry
	warning   *widget.Label
	accept    *Button
}

// Away does work that may wait for a slow stick or a lost drive away from Fyne's thread, and then calls done on it.
type Away func(work func(), done func())

// Place is where to begin looking.
type Place struct {
	Name      string
	Path      string
	Removable bool
}

type fileEntry struct {
	name     string
	folder   bool
	size     int64
	modified time.Time
}

// NewFileChooser makes the content of a dialog of about 700×420. extensions (".wardbook") limit what is listed; name is
// the name suggested for a new file. chosen gets an absolute path.
func NewFileChooser(mode FileMode, extensions []string, name string, away Away, chosen func(path string), cancel func()) *FileChooser {
	return newFileChooser(mode, extensions, name, away, chosen, cancel, places)
}

func newFileChooser(mode FileMode, extensions []string, name string, away Away, chosen func(path string), cancel func(), places func() []Place) *FileChooser {
	f := &FileChooser{mode: mode, chosen: chosen, places: places, away: away, selected: -1}
	for _, e := range extensions {
		f.extensions = append(f.extensions, "."+strings.ToLower(strings.TrimPrefix(e, ".")))
	}
	f.placeBox = container.NewVBox()
	f.path = widget.NewLabel("")
	f.path.Truncation = fyne.TextTruncateEllipsis
	f.warning = widget.NewLabel("")
	f.warning.Wrapping = fyne.TextWrapWord
	f.warning.Importance = widget.WarningImportance
	f.warning.Hide()
	f.empty = Small("")
	f.empty.Hide()
	f.list = NewShortList(func() int { return len(f.entries) }, f.row, f.pick)
	f.name = NewEntry()
	f.name.SetText(name)
	f.name.OnChanged = func(string) { f.showState() }
	f.name.OnSubmitted = func(string) { f.take() }
	f.accept = NewPrimary(words.Of([]string{"widget.file.open", "widget.file.save", "widget.file.folder"}[mode]), f.take)

	up := NewButton(words.Of("widget.file.up"), func() { f.show(filepath.Dir(f.at)) })
	up.Icon = theme.MoveUpIcon()
	again := NewButton(words.Of("widget.file.again"), func() { f.lookForPlaces(func() {}); f.show(f.at) })
	again.Icon = theme.ViewRefreshIcon()
	top := container.NewBorder(nil, nil, up, again, f.path)
	bottom := container.NewVBox(f.warning)
	if mode == SaveFile {
		bottom.Add(container.NewBorder(nil, nil, widget.NewLabel(words.Of("widget.file.name")), nil, f.name))
	}
	buttons := container.NewHBox(layout.NewSpacer(), NewButton(words.Of("widget.cancel"), cancel), f.accept)
	if mode != OpenFile {
		buttons.Objects = append([]fyne.CanvasObject{NewButton(words.Of("widget.file.newfolder"), f.newFolder)}, buttons.Objects...)
	}
	bottom.Add(buttons)
	room := canvas.NewRectangle(color.Transparent)
	room.SetMinSize(fyne.NewSize(640, 360))
	side := container.NewVScroll(f.placeBox)
	side.SetMinSize(fyne.NewSize(12*theme.TextSize(), 10))
	files := container.NewBorder(top, nil, nil, nil, container.NewStack(f.list, f.empty))
	f.init(f, container.NewStack(room, container.NewBorder(nil, bottom, container.NewBorder(nil, nil, nil, widget.NewSeparator(), side), nil, files)))
	f.accept.Disable()
	f.path.SetText(words.Of("widget.file.looking"))
	f.lookForPlaces(func() {
		if f.asked != "" {
			return // the person was faster
		}
		first := string(filepath.Separator)
		if len(f.placeList) > 0 {
			first = f.placeList[0].Path
		}
		f.show(first)
	})
	return f
}

// lookForPlaces finds the places anew and shows them.
func (f *FileChooser) lookForPlaces(then func()) {
	var found []Place
	f.away(func() { found = f.places() }, func() {
		f.placeList = found
		f.showPlaces()
		then()
	})
}

func (f *FileChooser) showPlaces() {
	f.placeBox.RemoveAll()
	for i, p := range f.placeList {
		if i == 0 && !p.Removable {
			f.placeBox.Add(Small(words.Of("widget.file.nostick")))
		}
		button := NewQuiet(p.Name, func() { f.show(p.Path) })
		button.Alignment = widget.ButtonAlignLeading
		button.Icon = theme.FolderIcon()
		if p.Removable {
			button.Icon = theme.StorageIcon()
		}
		f.placeBox.Add(button)
	}
}

// show lists a folder. Until it is listed, nothing can be taken.
func (f *FileChooser) show(folder string) {
	f.asked, f.selected, f.replace = folder, -1, ""
	f.accept.Disable()
	f.path.SetText(words.Of("widget.file.looking"))
	var found []fileEntry
	var err error
	f.away(func() { found, err = f.listing(folder) }, func() {
		if f.asked != folder {
			return // another folder was asked for since
		}
		f.at, f.entries = folder, found
		f.path.SetText(folder)
		switch {
		case err != nil:
			f.empty.SetText(words.Of("widget.file.unreadable"))
			f.empty.Show()
		case len(found) == 0:
			f.empty.SetText(words.Of("widget.file.empty"))
			f.empty.Show()
		default:
			f.empty.Hide()
		}
		f.list.UnselectAll()
		f.list.Refresh()
		f.list.ScrollToTop()
		f.showState()
	})
}

// listing reads what a folder holds that can be picked, folders first.
func (f *FileChooser) listing(folder string) ([]fileEntry, error) {
	read, err := os.ReadDir(folder)
	var entries []fileEntry
	for _, e := range read {
		info, infoErr := os.Stat(filepath.Join(folder, e.Name()))
		if strings.HasPrefix(e.Name(), ".") || infoErr != nil {
			continue
		}
		entry := fileEntry{e.Name(), info.IsDir(), info.Size(), info.ModTime()}
		if entry.folder || f.mode != ChooseFolder && info.Mode().IsRegular() && f.listed(entry.name) {
			entries = append(entries, entry)
		}
	}
	slices.SortFunc(entries, func(a, b fileEntry) int {
		if a.folder != b.folder {
			if a.folder {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return entries, err
}

func (f *FileChooser) listed(name string) bool {
	return len(f.extensions) == 0 || slices.Contains(f.extensions, strings.ToLower(filepath.Ext(name)))
}

func (f *FileChooser) row(i int) Row {
	e := f.entries[i]
	if e.folder {
		return Row{Title: e.name, Icon: theme.FolderIcon()}
	}
	return Row{Title: e.name, Icon: theme.FileIcon(), Side: words.Size(e.size) + " · " + words.Day(e.modified)}
}

// pick opens a folder, or marks a file.
func (f *FileChooser) pick(i int) {
	e := f.entries[i]
	if e.folder {
		f.show(filepath.Join(f.at, e.name))
		return
	}
	f.selected = i
	if f.mode == SaveFile {
		f.name.SetText(e.name)
	}
	f.showState()
}

// showState says whether what is there can be taken.
func (f *FileChooser) showState() {
	f.warning.Hide()
	if _, ok := f.target(); ok && f.at == f.asked {
		f.accept.Enable()
	} else {
		f.accept.Disable()
	}
	f.accept.SetText(words.Of([]string{"widget.file.open", "widget.file.save", "widget.file.folder"}[f.mode]))
	f.replace = ""
}

// target is the path that would be taken.
func (f *FileChooser) target() (string, bool) {
	switch f.mode {
	case ChooseFolder:
		return f.at, f.at != ""
	case SaveFile:
		name := strings.TrimSpace(f.name.Text)
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\:*?"<>|`) {
			return "", false
		}
		if filepath.Ext(name) == "" && len(f.extensions) > 0 {
			name += f.extensions[0]
		}
		return filepath.Join(f.at, name), true
	}
	if f.selected < 0 || f.selected >= len(f.entries) {
		return "", false
	}
	return filepath.Join(f.at, f.entries[f.selected].name), true
}

func (f *FileChooser) warn(key string) {
	f.warning.SetText(words.Of(key))
	f.warning.Show()
	f.Refresh()
}

func (f *FileChooser) take() {
	path, ok := f.target()
	if !ok || f.at != f.asked {
		return
	}
	if f.mode != SaveFile || f.replace == path {
		f.chosen(path)
		return
	}
	var err error
	f.away(func() { _, err = os.Lstat(path) }, func() {
		switch now, ok := f.target(); {
		case !ok || now != path: // something else was typed meanwhile
		case err == nil:
			f.replace = path
			f.warn("widget.file.exists")
			f.accept.SetText(words.Of("widget.file.replace"))
		case errors.Is(err, os.ErrNotExist):
			f.chosen(path)
		default:
			f.warn("widget.file.unreadable")
		}
	})
}

// newFolder makes a folder with a plain name and goes there; its name can be changed with the computer's own tools.
func (f *FileChooser) newFolder() {
	name, at, made := words.Of("widget.file.newfoldername"), f.at, ""
	names := []string{name}
	for n := 2; n <= 99; n++ {
		names = append(names, words.With("widget.file.numbered", map[string]any{"Name": name, "Number": n}))
	}
	f.away(func() {
		for _, name := range names {
			path := filepath.Join(at, name)
			err := os.Mkdir(path, 0o755)
			if err == nil {
				made = path
			}
			if !errors.Is(err, os.ErrExist) {
				return
			}
		}
	}, func() {
		if made == "" {
			f.warn("widget.file.readonly")
			return
		}
		f.show(made)
	})
}

// personal are the folders of the person at the computer that exist.
func personal() []Place {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	var list []Place
	for _, p := range []Place{
		{Name: words.Of("widget.file.home"), Path: home},
		{Name: words.Of("widget.file.desktop"), Path: filepath.Join(home, "Desktop")},
		{Name: words.Of("widget.file.documents"), Path: filepath.Join(home, "Documents")},
		{Name: words.Of("widget.file.downloads"), Path: filepath.Join(home, "Downloads")},
	} {
		if info, err := os.Stat(p.Path); err == nil && info.IsDir() {
			list = append(list, p)
		}
	}
	return list
}
