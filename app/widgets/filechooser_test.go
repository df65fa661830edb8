package widgets

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"wardbook/app/words"
	"wardbook/resources"
)

// chooser makes a chooser over a stick and a home folder.
func chooser(t *testing.T, mode FileMode, extensions []string, name string) (f *FileChooser, stick string, chosen *[]string) {
	t.Helper()
	test.NewTempApp(t)
	if err := words.Load(resources.Translations()); err != nil {
		t.Fatal(err)
	}
	stick, home := t.TempDir(), t.TempDir()
	chosen = &[]string{}
	for _, file := range []string{"b.wardbook", "A.WARDBOOK", "notes.txt", ".hidden.wardbook"} {
		if err := os.WriteFile(filepath.Join(stick, file), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(stick, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	f = newFileChooser(mode, extensions, name, atOnce, func(path string) { *chosen = append(*chosen, path) }, func() {}, func() []Place {
		return []Place{{Name: "STICK", Path: stick, Removable: true}, {Name: "Home", Path: home}}
	})
	w := test.NewTempWindow(t, f)
	w.Resize(fyne.NewSize(700, 420))
	return f, stick, chosen
}

// atOnce is an Away for tests.
func atOnce(work, done func()) { work(); done() }

func names(f *FileChooser) []string {
	var list []string
	for _, e := range f.entries {
		list = append(list, e.name)
	}
	return list
}

func TestAFileOnAStickIsChosen(t *testing.T) {
	f, stick, chosen := chooser(t, OpenFile, []string{".wardbook"}, "")
	if f.at != stick {
		t.Fatalf("it begins at %s, want the stick", f.at)
	}
	if want := []string{"folder", "A.WARDBOOK", "b.wardbook"}; !slices.Equal(names(f), want) {
		t.Errorf("listed are %v, want %v", names(f), want)
	}
	if !f.accept.Disabled() {
		t.Error("Open can be pressed before anything is chosen")
	}
	f.list.Select(2)
	test.Tap(f.accept)
	if want := []string{filepath.Join(stick, "b.wardbook")}; !slices.Equal(*chosen, want) {
		t.Errorf("chosen are %v, want %v", *chosen, want)
	}
	f.list.Select(0)
	if f.at != filepath.Join(stick, "folder") || !f.accept.Disabled() {
		t.Errorf("the folder did not open: at %s", f.at)
	}
	if !f.empty.Visible() {
		t.Error("an empty folder says nothing")
	}
}

func TestSavingOverAFileAsksFirst(t *testing.T) {
	f, stick, chosen := chooser(t, SaveFile, []string{"wardbook"}, "b")
	test.Tap(f.accept)
	if len(*chosen) != 0 || !f.warning.Visible() {
		t.Fatalf("the file would be replaced without a word: %v", *chosen)
	}
	// Another name takes the warning away.
	f.name.SetText("c")
	if f.warning.Visible() {
		t.Error("the warning stays for another name")
	}
	test.Tap(f.accept)
	if want := []string{filepath.Join(stick, "c.wardbook")}; !slices.Equal(*chosen, want) {
		t.Fatalf("chosen are %v, want %v", *chosen, want)
	}
	f.name.SetText("b")
	test.Tap(f.accept)
	test.Tap(f.accept)
	if len(*chosen) != 2 {
		t.Error("a second press does not replace it")
	}
}

func TestNamesThatLeadElsewhereAreNotTaken(t *testing.T) {
	f, _, chosen := chooser(t, SaveFile, nil, "")
	for _, name := range []string{"", " ", ".", "..", "../x", "a/b", `a\b`, "a:b", "a*", "/etc/x"} {
		f.name.SetText(name)
		if !f.accept.Disabled() {
			t.Errorf("%q can be taken", name)
		}
		f.name.OnSubmitted(name)
	}
	if len(*chosen) != 0 {
		t.Errorf("taken were %v", *chosen)
	}
}

func TestAFolderIsChosenAndMade(t *testing.T) {
	f, stick, chosen := chooser(t, ChooseFolder, nil, "")
	if want := []string{"folder"}; !slices.Equal(names(f), want) {
		t.Errorf("listed are %v, want %v", names(f), want)
	}
	f.newFolder()
	f.show(stick)
	f.newFolder()
	test.Tap(f.accept)
	want := filepath.Join(stick, words.With("widget.file.numbered", map[string]any{"Name": words.Of("widget.file.newfoldername"), "Number": 2}))
	if !slices.Equal(*chosen, []string{want}) {
		t.Errorf("chosen are %v, want %s", *chosen, want)
	}
}

func TestAStickThatWasPulledOutIsSaidSo(t *testing.T) {
	f, stick, _ := chooser(t, OpenFile, nil, "")
	if err := os.RemoveAll(stick); err != nil {
		t.Fatal(err)
	}
	f.show(stick)
	if !f.empty.Visible() || f.empty.Text != words.Of("widget.file.unreadable") || !f.accept.Disabled() {
		t.Errorf("it says %q", f.empty.Text)
	}
}

func TestWithoutAStickItSaysWhatToDo(t *testing.T) {
	test.NewTempApp(t)
	if err := words.Load(resources.Translations()); err != nil {
		t.Fatal(err)
	}
	f := newFileChooser(OpenFile, nil, "", atOnce, func(string) {}, func() {}, func() []Place { return []Place{{Name: "Home", Path: t.TempDir()}} })
	found := false
	for _, o := range f.placeBox.Objects {
		if label, ok := o.(*widget.Label); ok && label.Text == words.Of("widget.file.nostick") {
			found = true
		}
	}
	if !found {
		t.Error("nothing says that no stick was found")
	}
}

// Given a stick that answers slowly, when another folder is asked for meanwhile, then the slow answer is not shown, and
// nothing can be taken before an answer is there.
func TestASlowFolderHoldsNothingUp(t *testing.T) {
	f, stick, chosen := chooser(t, ChooseFolder, nil, "")
	var waiting []func()
	f.away = func(work, done func()) { waiting = append(waiting, func() { work(); done() }) }
	f.show(filepath.Join(stick, "folder"))
	if !f.accept.Disabled() {
		t.Error("a folder that is not listed yet can be taken")
	}
	f.take()
	f.show(stick)
	for _, answer := range []int{1, 0} {
		waiting[answer]()
	}
	if f.at != stick || len(*chosen) != 0 || f.accept.Disabled() {
		t.Errorf("it shows %s, taken were %v", f.at, *chosen)
	}
}
