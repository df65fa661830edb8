package content

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"wardbook/data/format/gift"
)

// ErrNotWritable says that the folder form cannot hold a document as it is.
var ErrNotWritable = errors.New("this cannot be written as a content folder without loss")

// MediaOpener opens an image of a document.
type MediaOpener func(Document, MediaRef) (io.ReadCloser, error)

// WriteFolder writes documents as a new content folder that ReadFolder reads back as the same documents, but for owner,
// change note and effective date, which publishing gives. The folder must not exist yet, or be empty. It is written beside
// its place, read again and compared (ErrNotWritable), and only then gets its name: it is there whole or not at all.
// Answers to wording questions are not part of a document and so are not written. open may be nil if no document has
// images. A content folder is meant to be read by people: it is not encrypted.
func WriteFolder(dir string, open MediaOpener, documents ...Document) (err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("write the content folder: %w: %s", os.ErrExist, dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write the content folder: %w", err)
	}
	staged, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-*")
	if err != nil {
		return fmt.Errorf("write the content folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(staged))
		}
	}()
	w := &folderWriter{dir: staged, open: open}
	for _, d := range documents {
		if err := w.document(d); err != nil {
			return fmt.Errorf("write %s: %w", d.Ref(), err)
		}
	}
	if err := sameDocuments(staged, documents); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write the content folder: %w", err)
	}
	if err := os.Chmod(staged, 0o755); err != nil {
		return fmt.Errorf("write the content folder: %w", err)
	}
	if err := os.Rename(staged, dir); err != nil {
		return fmt.Errorf("write the content folder: %w", err)
	}
	return nil
}

// sameDocuments reads a written folder back and compares.
func sameDocuments(dir string, documents []Document) error {
	folder, findings := ReadFolder(os.DirFS(dir))
	for _, d := range documents {
		i := slices.IndexFunc(folder.Sources, func(s Source) bool { return s.Document.ID == d.ID })
		if i < 0 {
			return fmt.Errorf("%w: %s: %s", ErrNotWritable, d.Ref(), firstError(findings))
		}
		read := folder.Sources[i].Document
		if lines := Compare(d, read); len(lines) > 0 {
			return fmt.Errorf("%w: %s: %s", ErrNotWritable, d.Ref(), strings.Join(lines, "; "))
		}
		if !SameSubstance(d, read) || d.Version != read.Version {
			return fmt.Errorf("%w: %s", ErrNotWritable, d.Ref())
		}
	}
	if len(folder.Sources) != len(documents) {
		return fmt.Errorf("%w: two of the documents have the same id", ErrNotWritable)
	}
	return nil
}

func firstError(findings []Finding) string {
	for _, f := range findings {
		if f.Severity == SeverityError {
			return f.String()
		}
	}
	return "it was not read back"
}

type folderWriter struct {
	dir  string
	open MediaOpener
}

func (w *folderWriter) document(d Document) error {
	if !ValidID(d.ID) {
		return fmt.Errorf("%w: “%s” cannot be an id", ErrNotWritable, d.ID)
	}
	fields := &mapping{}
	fields.str("id", d.ID)
	fields.number("version", d.Version)
	if d.BasedOn != nil {
		fields.str("based_on", d.BasedOn.String())
	}
	if d.Checklist != nil {
		fields.str("kind", string(d.Checklist.Kind))
	}
	fields.text("title", d.Title)
	fields.text("summary", d.Summary)
	file := ""
	switch {
	case d.Course != nil:
		file = path.Join("courses", d.ID+".yaml")
		fields.list("roles", d.Course.Roles)
		fields.list("modules", d.Course.Modules)
		fields.number("pass_mark", d.Course.PassMark)
		fields.number("certificate_months", d.Course.CertificateMonths)
	case d.Module != nil:
		file = path.Join("modules", d.ID, "module.yaml")
		if err := w.module(d, fields); err != nil {
			return err
		}
	case d.Checklist != nil:
		file = path.Join("checklists", d.ID+".yaml")
		checklistFields(*d.Checklist, fields)
	case d.Glossary != nil:
		file = path.Join("glossary", d.ID+".yaml")
		for _, term := range d.Glossary.Terms {
			entry := fields.entry("terms")
			entry.str("id", term.ID)
			entry.text("term", term.Term)
			entry.text("definition", term.Definition)
			entry.text("why_it_matters", term.WhyItMatters)
			entry.text("confused_with", term.ConfusedWith)
			entry.str("source", term.Source)
		}
	default:
		return fmt.Errorf("%w: it has no body", ErrNotWritable)
	}
	encoded, err := fields.encode()
	if err != nil {
		return err
	}
	return w.file(file, bytes.NewReader(encoded))
}

func checklistFields(c Checklist, fields *mapping) {
	fields.text("purpose", c.Purpose)
	fields.text("introduction", c.Introduction)
	fields.list("roles", c.Roles)
	fields.str("course", c.Course)
	fields.list("answers", c.Answers)
	for _, section := range c.Sections {
		entry := fields.entry("sections")
		entry.str("id", section.ID)
		entry.text("title", section.Title)
		entry.text("guidance", section.Guidance)
		for _, item := range section.Items {
			itemFields(item, entry.entry("items"))
		}
	}
	for _, closing := range c.Closing {
		entry := fields.entry("closing")
		entry.str("id", closing.ID)
		entry.text("text", closing.Text)
		entry.text("none_answer", closing.NoneAnswer)
	}
	fields.list("sources", c.Sources)
}

func itemFields(item Item, fields *mapping) {
	fields.str("id", item.ID)
	fields.str("kind", string(item.Kind))
	fields.text("text", item.Text)
	fields.text("guidance", item.Guidance)
	fields.text("not_to_be_confused_with", item.NotToBeConfusedWith)
	if item.EvidenceRequired {
		fields.put("evidence_required", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
	fields.str("taught_in", item.TaughtIn)
	fields.str("source", item.Source)
}

func (w *folderWriter) module(d Document, fields *mapping) error {
	m := d.Module
	fields.number("minutes", m.Minutes)
	fields.texts("objectives", m.Objectives)
	fields.list("sources", m.Sources)
	fields.number("quiz_draw", m.QuizDraw)
	folder := path.Join("modules", d.ID)
	digits := max(2, len(fmt.Sprint(len(m.Lessons))))
	for i, lesson := range m.Lessons {
		for language, body := range lesson.Body {
			front := &mapping{}
			front.str("id", lesson.ID)
			front.str("title", lesson.Title[language])
			if lesson.Kind != LessonPlain {
				front.str("kind", string(lesson.Kind))
			}
			front.number("minutes", lesson.Minutes)
			encoded, err := front.encode()
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%0*d-%s%s.md", digits, i+1, lesson.ID, suffix(language))
			text := "---\n" + string(encoded) + "---\n\n" + body + "\n"
			if err := w.file(path.Join(folder, "lessons", name), strings.NewReader(text)); err != nil {
				return err
			}
		}
	}
	for language, bank := range banks(m.Questions) {
		if err := w.file(path.Join(folder, "quiz"+suffix(language)+".gift"), strings.NewReader(gift.Write(bank))); err != nil {
			return err
		}
	}
	for _, media := range d.Media {
		if err := w.media(d, media); err != nil {
			return err
		}
	}
	return nil
}

func suffix(language string) string {
	if language == DefaultLanguage {
		return ""
	}
	return "." + language
}

// banks returns the questions of each language in which they are asked.
func banks(questions []Question) map[string][]gift.Question {
	kinds := map[QuestionKind]gift.Kind{}
	for from, to := range giftKinds {
		kinds[to] = from
	}
	found := map[string][]gift.Question{}
	for _, q := range questions {
		for language, stem := range q.Stem {
			written := gift.Question{Title: q.ID, Stem: stem, Kind: kinds[q.Kind], General: q.General[language]}
			for _, answer := range q.Answers {
				written.Answers = append(written.Answers, gift.Answer{
					Text: cmp.Or(answer.Text[language], answer.ID), Weight: answer.Weight, Feedback: answer.Feedback[language],
				})
			}
			found[language] = append(found[language], written)
		}
	}
	return found
}

func (w *folderWriter) media(d Document, media MediaRef) error {
	if w.open == nil || !validMediaPath(media.Path) {
		return fmt.Errorf("%w: the image %s", ErrNotWritable, media.Path)
	}
	file, err := w.open(d, media)
	if err != nil {
		return fmt.Errorf("open %s: %w", media.Path, err)
	}
	return errors.Join(w.file(path.Join("modules", d.ID, media.Path), file), file.Close())
}

// file writes one new file and makes it durable.
func (w *folderWriter) file(name string, text io.Reader) (err error) {
	place := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(place, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, text); err != nil {
		return err
	}
	return file.Sync()
}

// mapping is a YAML mapping whose fields keep their order. What is empty is left out.
type mapping struct{ node yaml.Node }

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func (m *mapping) put(field string, value *yaml.Node) {
	m.node.Kind = yaml.MappingNode
	m.node.Content = append(m.node.Content, scalar(field), value)
}

func (m *mapping) str(field, text string) {
	if text != "" {
		m.put(field, scalar(text))
	}
}

func (m *mapping) number(field string, number int) {
	if number != 0 {
		m.put(field, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(number)})
	}
}

func textNode(text Text) *yaml.Node {
	if plain, ok := text[DefaultLanguage]; ok && len(text) == 1 {
		return scalar(plain)
	}
	languages := &mapping{}
	for _, language := range slices.SortedFunc(maps.Keys(text), defaultFirst) {
		languages.put(language, scalar(text[language]))
	}
	return &languages.node
}

func (m *mapping) text(field string, text Text) {
	if len(text) > 0 {
		m.put(field, textNode(text))
	}
}

func (m *mapping) sequence(field string, values []*yaml.Node, style yaml.Style) {
	if len(values) > 0 {
		m.put(field, &yaml.Node{Kind: yaml.SequenceNode, Content: values, Style: style})
	}
}

func (m *mapping) texts(field string, texts []Text) {
	var values []*yaml.Node
	for _, text := range texts {
		values = append(values, textNode(text))
	}
	m.sequence(field, values, 0)
}

func (m *mapping) list(field string, words []string) {
	var values []*yaml.Node
	style := yaml.FlowStyle
	for _, word := range words {
		values = append(values, scalar(word))
		if !idForm.MatchString(word) {
			style = 0 // sentences stand in lines of their own
		}
	}
	m.sequence(field, values, style)
}

// entry adds a mapping to a list of them.
func (m *mapping) entry(field string) *mapping {
	entry := &mapping{node: yaml.Node{Kind: yaml.MappingNode}}
	for i := 0; i+1 < len(m.node.Content); i += 2 {
		if m.node.Content[i].Value == field {
			m.node.Content[i+1].Content = append(m.node.Content[i+1].Content, &entry.node)
			return entry
		}
	}
	m.put(field, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{&entry.node}})
	return entry
}

func (m *mapping) encode() ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&m.node); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), encoder.Close()
}
