package content

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"wardbook/data/format/markdown"
)

// Limits of a document. They are far above what people write and far below what would freeze an old PC.
const (
	maxTitleBytes = 1 << 10
	maxTextBytes  = 32 << 10 // any other text, but for a lesson's
	maxVersion    = 1 << 31
	maxLessons    = 200
	maxQuestions  = 2_000
	maxAnswers    = 100
	maxParts      = 5_000 // sections, items, terms, closing questions
	maxListed     = 500   // modules, roles, objectives, sources, media
	maxMonths     = 120   // ten years
)

// check says, with ErrMalformedDocument, what no document can be: it holds for whatever enters the library, from the
// folder of a trainer or from a bundle, whoever signed it.
func (d Document) check() error {
	v := &validator{}
	v.head(d)
	if v.problem == "" {
		v.values(reflect.ValueOf(d), "the document")
	}
	switch {
	case v.problem != "":
	case d.Course != nil:
		v.course(*d.Course)
	case d.Module != nil:
		v.module(*d.Module)
	case d.Checklist != nil:
		v.checklist(*d.Checklist)
	case d.Glossary != nil:
		v.glossary(*d.Glossary)
	}
	v.media(d.Media)
	if v.problem != "" {
		return fmt.Errorf("%w: %s", ErrMalformedDocument, v.problem)
	}
	return nil
}

// validator keeps the first thing that is wrong.
type validator struct{ problem string }

func (v *validator) wrong(format string, args ...any) {
	if v.problem == "" {
		v.problem = fmt.Sprintf(format, args...)
	}
}

// require notes a problem unless the condition holds.
func (v *validator) require(holds bool, format string, args ...any) {
	if !holds {
		v.wrong(format, args...)
	}
}

func (v *validator) head(d Document) {
	bodies := map[Kind]bool{
		KindCourse: d.Course != nil, KindModule: d.Module != nil,
		KindChecklist: d.Checklist != nil, KindGlossary: d.Glossary != nil,
	}
	v.require(bodies[d.Kind], "its kind %q and its body differ", d.Kind)
	for kind, has := range bodies {
		v.require(!has || kind == d.Kind, "it has two bodies")
	}
	v.require(ValidID(d.ID), "the id %q has not the form of an id", d.ID)
	v.require(d.Version >= 1 && d.Version < maxVersion, "its version %d is no version", d.Version)
	v.require(d.Owner != "" && len(d.Owner) <= maxTitleBytes, "it names no owner")
	if d.BasedOn != nil {
		v.require(ValidID(d.BasedOn.ID) && d.BasedOn.Version >= 1 && d.BasedOn.Version < maxVersion, "what it is based on is no version of an item")
	}
	v.require(len(d.Title) > 0, "it has no title")
	for _, title := range d.Title {
		v.require(len(title) <= maxTitleBytes, "its title is too long")
	}
	for i, language := range d.Languages {
		v.require(validLanguage(language) && (i == 0 || d.Languages[i-1] < language), "its languages are not a sorted list")
	}
	if d.EffectiveFrom != "" {
		day, err := time.Parse(time.DateOnly, d.EffectiveFrom)
		v.require(err == nil && day.Year() >= 1970, "its effective date %q is no day", d.EffectiveFrom)
	}
}

// values holds for every text and list of a document that there is one way to write it: an empty one is left out.
func (v *validator) values(value reflect.Value, name string) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			v.values(value.Elem(), name)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			field := value.Type().Field(i)
			called, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if body, isText := value.Field(i).Interface().(Text); isText && value.Type() == reflect.TypeFor[Lesson]() && field.Name == "Body" {
				v.text(body, called, markdown.MaxBytes)
				continue
			}
			v.values(value.Field(i), called)
		}
	case reflect.Slice:
		v.require(value.IsNil() || value.Len() > 0, "%q is an empty list", name)
		for i := range value.Len() {
			v.values(value.Index(i), name)
		}
	case reflect.Map:
		if text, ok := value.Interface().(Text); ok {
			v.text(text, name, maxTextBytes)
		}
	case reflect.String:
		v.str(value.String(), name, maxTextBytes)
	}
}

func (v *validator) text(text Text, name string, limit int) {
	v.require(text == nil || len(text) > 0, "%q is an empty text", name)
	for language, body := range text {
		v.require(validLanguage(language), "%q stands in no language: %q", name, language)
		v.require(strings.TrimSpace(body) != "", "%q is empty in a language", name)
		v.str(body, name, limit)
	}
}

func (v *validator) str(text, name string, limit int) {
	v.require(len(text) <= limit, "%q is longer than %d KiB", name, limit>>10)
	if at := strings.IndexFunc(text, unprintable); at >= 0 {
		v.wrong("%q holds a character that cannot be shown, %U", name, []rune(text[at:])[0])
	}
}

// unprintable finds control characters and the marks that turn the direction of the text around them by force: they can
// make a text look like another one. The plain direction marks that Arabic needs are allowed.
func unprintable(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202a && r <= 0x202e || r == unicode.ReplacementChar
}

// ids holds that the ids of parts are well-formed and used once.
type ids map[string]bool

func (v *validator) id(seen ids, id string) {
	v.require(ValidID(id), "the id %q has not the form of an id", id)
	v.require(!seen[id], "the id %q is used twice", id)
	seen[id] = true
}

func (v *validator) course(c Course) {
	seen := ids{}
	for _, module := range c.Modules {
		v.id(seen, module)
	}
	v.require(len(c.Modules) > 0 && len(c.Modules) <= maxListed, "the course has no modules, or too many")
	v.require(c.PassMark >= 0 && c.PassMark <= 100, "the pass mark is %d per cent", c.PassMark)
	v.require(c.CertificateMonths >= 0 && c.CertificateMonths <= maxMonths, "the certificate lasts %d months", c.CertificateMonths)
}

func (v *validator) module(m Module) {
	v.require(len(m.Lessons) <= maxLessons && len(m.Questions) <= maxQuestions, "the module has too many lessons or questions")
	v.require(len(m.Objectives) <= maxListed && len(m.Sources) <= maxListed, "the module has too many objectives or sources")
	v.require(m.Minutes >= 0 && m.QuizDraw >= 0 && m.QuizDraw <= len(m.Questions), "the numbers of the module are not possible")
	seen := ids{}
	for _, lesson := range m.Lessons {
		v.id(seen, lesson.ID)
		v.require(lesson.Kind == LessonPlain || lesson.Kind == LessonVignette, "there is no kind of lesson %q", lesson.Kind)
		v.require(len(lesson.Title) > 0 && len(lesson.Body) > 0 && lesson.Minutes >= 0, "the lesson %q is incomplete", lesson.ID)
	}
	titles := map[string]bool{}
	for _, question := range m.Questions {
		v.require(question.ID != "" && len(question.ID) <= maxTitleBytes && !titles[question.ID], "the question %q has no title of its own", question.ID)
		titles[question.ID] = true
		v.question(question)
	}
}

func (v *validator) question(q Question) {
	v.require(len(q.Stem) > 0, "the question %q asks nothing", q.ID)
	v.require(len(q.Answers) > 0 && len(q.Answers) <= maxAnswers, "the question %q has no answers, or too many", q.ID)
	seen := map[string]bool{}
	whole, right, sum := 0, 0, 0
	for _, answer := range q.Answers {
		v.require(answer.ID != "" && len(answer.ID) <= maxTitleBytes && !seen[answer.ID], "the answers of %q have no ids of their own", q.ID)
		v.require(len(answer.Text) > 0, "an answer of %q is empty", q.ID)
		v.require(answer.Weight >= -100 && answer.Weight <= 100, "an answer of %q weighs %d per cent", q.ID, answer.Weight)
		seen[answer.ID] = true
		if answer.Weight == 100 {
			whole++
		}
		if answer.Weight > 0 {
			right, sum = right+1, sum+answer.Weight
		}
	}
	possible := false
	switch q.Kind {
	case QuestionSingle:
		possible = whole == 1 && len(q.Answers) >= 2
	case QuestionSeveral:
		possible = right >= 2 && sum >= 99 && sum <= 101
	case QuestionTrueFalse:
		possible = len(q.Answers) == 2 && seen["true"] && seen["false"] && whole == 1 && right == 1
	case QuestionShort:
		possible = whole >= 1
	}
	v.require(possible, "the question %q cannot be answered rightly as a question of the kind %q", q.ID, q.Kind)
}

func (v *validator) checklist(c Checklist) {
	sets := AnswerSets(c.Kind)
	v.require(slices.ContainsFunc(sets, func(set []string) bool { return slices.Equal(set, c.Answers) }),
		"a checklist of the kind %q has not the answers %q", c.Kind, c.Answers)
	v.require(c.Course == "" || ValidID(c.Course), "the course %q has not the form of an id", c.Course)
	v.require(len(c.Roles) <= maxListed && len(c.Sources) <= maxListed, "the checklist has too many roles or sources")
	sections, items := ids{}, ids{}
	parts := len(c.Sections) + len(c.Closing)
	for _, section := range c.Sections {
		v.id(sections, section.ID)
		v.require(len(section.Title) > 0, "the section %q has no title", section.ID)
		parts += len(section.Items)
		for _, item := range section.Items {
			v.id(items, item.ID)
			v.require(len(item.Text) > 0, "the item %q has no text", item.ID)
			v.require(slices.Contains(allItemKinds(), item.Kind), "there is no kind of item %q", item.Kind)
		}
	}
	for _, closing := range c.Closing {
		v.id(items, closing.ID)
		v.require(len(closing.Text) > 0, "the closing question %q asks nothing", closing.ID)
	}
	v.require(len(c.Sections) > 0 && parts <= maxParts, "the checklist has no sections, or too many parts")
}

func (v *validator) glossary(g Glossary) {
	v.require(len(g.Terms) > 0 && len(g.Terms) <= maxParts, "the glossary has no terms, or too many")
	seen := ids{}
	for _, term := range g.Terms {
		v.id(seen, term.ID)
		v.require(len(term.Term) > 0 && len(term.Definition) > 0, "the term %q is incomplete", term.ID)
	}
}

func (v *validator) media(list []MediaRef) {
	v.require(len(list) <= maxListed, "it brings too many images")
	for i, m := range list {
		sum, err := hex.DecodeString(m.SHA256)
		v.require(err == nil && len(sum) == 32 && strings.ToLower(m.SHA256) == m.SHA256, "the image %q has no SHA-256", m.Path)
		v.require(validMediaPath(m.Path), "the image %q lies outside images/", m.Path)
		v.require(i == 0 || list[i-1].Path < m.Path, "its images are not a sorted list")
		v.require(m.Size > 0 && m.Size <= MaxImageBytes, "the image %q has a size that is not possible", m.Path)
		v.require(m.MIME == mediaType(m.Path), "the image %q is not of the type %q", m.Path, m.MIME)
	}
}
