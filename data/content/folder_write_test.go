package content_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wardbook/data/content"
)

// documentsOf are the documents of a folder, each with the version that a library would give it.
func documentsOf(folder content.Folder) []content.Document {
	var documents []content.Document
	for _, source := range folder.Sources {
		d := source.Document
		d.Version = max(d.Version, 1)
		documents = append(documents, d)
	}
	return documents
}

// Given the starter content, when it is written for somebody to change, then the same documents are read back from it.
func TestTheStarterContentIsWrittenAndReadBackAsItIs(t *testing.T) {
	folder, _ := content.ReadFolder(os.DirFS("../../resources/starter"))
	dir := filepath.Join(t.TempDir(), "copy")
	documents := documentsOf(folder)
	open := func(d content.Document, m content.MediaRef) (io.ReadCloser, error) {
		for _, source := range folder.Sources {
			if source.Document.ID == d.ID {
				return folder.Open(source, m.Path)
			}
		}
		return nil, os.ErrNotExist
	}
	if err := content.WriteFolder(dir, open, documents...); err != nil {
		t.Fatal(err)
	}
	written, findings := content.ReadFolder(os.DirFS(dir))
	if len(findings) > 0 || len(written.Sources) != len(documents) {
		t.Fatalf("%d of %d documents were read back, with the findings %v", len(written.Sources), len(documents), findings)
	}
	for _, d := range documents {
		for _, source := range written.Sources {
			if source.Document.ID == d.ID && !content.SameSubstance(d, source.Document) {
				t.Errorf("%s is another: %v", d.ID, content.Compare(d, source.Document))
			}
		}
	}
}

func TestImagesAreWrittenWithTheirModule(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	files := goodFolder()
	files["modules/gate/lessons/01-opening.md"] += "\n![The gate from above](images/plan.png)\n"
	files["modules/gate/images/plan.png"] = picture.String()
	folder, findings := lint(files)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	open := func(d content.Document, m content.MediaRef) (io.ReadCloser, error) {
		if d.ID != "gate-module" || m.Path != "images/plan.png" {
			t.Errorf("%s of %s was asked for", m.Path, d.ID)
		}
		return io.NopCloser(bytes.NewReader(picture.Bytes())), nil
	}
	dir := filepath.Join(t.TempDir(), "copy")
	if err := content.WriteFolder(dir, open, documentsOf(folder)...); err != nil {
		t.Fatal(err)
	}
	if written, err := os.ReadFile(filepath.Join(dir, "modules", "gate-module", "images", "plan.png")); err != nil || !bytes.Equal(written, picture.Bytes()) {
		t.Errorf("the image is another (%v)", err)
	}

	// When an image breaks, then nothing is there.
	broken := errors.New("the medium is gone")
	dir = filepath.Join(t.TempDir(), "copy")
	err := content.WriteFolder(dir, func(content.Document, content.MediaRef) (io.ReadCloser, error) { return nil, broken }, documentsOf(folder)...)
	if !errors.Is(err, broken) {
		t.Errorf("a broken image gives %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*")); err != nil || len(left) > 0 {
		t.Errorf("%v was left (%v)", left, err)
	}
}

func TestAFolderThatHoldsSomethingIsNotWrittenInto(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := content.WriteFolder(dir, nil, module("gate", 1, "Text.")); !errors.Is(err, os.ErrExist) {
		t.Errorf("it gives %v", err)
	}
}

// drawnText draws what people type, with the marks that YAML, Markdown and GIFT take for themselves.
func drawnText(t *rapid.T, name string) string {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.TrimSpace(rapid.StringOfN(rapid.SampledFrom([]rune("ab éя #{}~=:\\-\"'|*_%<>&!@[]()\t\n1.,?")), 1, 40, -1).Draw(t, "text"))
	}).Filter(func(s string) bool { return s != "" }).Draw(t, name)
}

func drawnLine(t *rapid.T, name string) string {
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(strings.Fields(drawnText(t, "line")), " ") }).Draw(t, name)
}

func drawnModule(t *rapid.T) content.Document {
	en := func(text string) content.Text { return content.Text{"en": text} }
	d := content.Document{
		Kind: content.KindModule, ID: "drawn", Version: rapid.IntRange(1, 9).Draw(t, "version"), Owner: "owner",
		Title: en(drawnLine(t, "title")), Languages: []string{"en"}, Module: &content.Module{Minutes: rapid.IntRange(1, 60).Draw(t, "minutes")},
	}
	for range rapid.IntRange(0, 3).Draw(t, "objectives") {
		d.Module.Objectives = append(d.Module.Objectives, en(drawnText(t, "objective")))
		d.Module.Sources = append(d.Module.Sources, drawnText(t, "source"))
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "lessons") {
		d.Module.Lessons = append(d.Module.Lessons, content.Lesson{
			ID: fmt.Sprintf("lesson-%d", i), Title: en(drawnLine(t, "lesson title")), Body: en(drawnText(t, "body")),
			Kind: rapid.SampledFrom([]content.LessonKind{content.LessonPlain, content.LessonVignette}).Draw(t, "kind"),
		})
	}
	return d
}

// Given any module that the program would accept, when it is written, then it is read back as the same, or the writer says
// that it cannot and leaves nothing.
func TestAnyModuleIsWrittenWithoutLossOrRefused(t *testing.T) {
	root := t.TempDir()
	refused, written := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawnModule(t)
		encoded, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := content.Decode(encoded); err != nil {
			t.Fatalf("the program would not accept it: %v", err)
		}
		dir, err := os.MkdirTemp(root, "drawn-")
		if err != nil {
			t.Fatal(err)
		}
		err = content.WriteFolder(filepath.Join(dir, "copy"), nil, d)
		if errors.Is(err, content.ErrNotWritable) {
			refused++
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Fatalf("%v was left (%v)", left, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		written++
		folder, _ := content.ReadFolder(os.DirFS(filepath.Join(dir, "copy")))
		if len(folder.Sources) != 1 || !content.SameSubstance(d, folder.Sources[0].Document) {
			t.Fatalf("it is another:\n%+v\n%+v", d, folder.Sources)
		}
	})
	t.Logf("%d were written, %d refused", written, refused)
	if written < 10*refused {
		t.Errorf("%d of %d modules could not be written", refused, refused+written)
	}
}
