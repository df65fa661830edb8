package content

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Known tells the linter what is in the library already. A folder may rest on it.
type Known interface {
	// Newest returns the newest version of a document, whatever its state, or false.
	Newest(id string) (Document, bool)
}

// NothingKnown is an empty library.
type NothingKnown struct{}

// Newest finds nothing.
func (NothingKnown) Newest(string) (Document, bool) { return Document{}, false }

// Lint checks how the documents of a folder hang together, and asks about wordings that speak of who people are rather
// than of what they do. ReadFolder has already explained what is wrong within single files.
func Lint(folder Folder, known Known) []Finding {
	l := &linter{folder: folder, known: known}
	for _, source := range folder.Sources {
		switch source.Document.Kind {
		case KindCourse:
			l.course(source)
		case KindModule:
			l.module(source)
		case KindChecklist:
			l.checklist(source)
		}
		l.translations(source)
		l.wording(source)
	}
	return sortFindings(l.findings)
}

type linter struct {
	folder   Folder
	known    Known
	findings []Finding
}

func (l *linter) add(source Source, part string, severity Severity, format string, args ...any) {
	at := source.place(part)
	l.findings = append(l.findings, Finding{at.file, at.line, severity, fmt.Sprintf(format, args...)})
}

// find looks a document up in the folder first, then in the library.
func (l *linter) find(id string, kind Kind) (Document, bool) {
	for _, source := range l.folder.Sources {
		if source.Document.ID == id {
			return source.Document, source.Document.Kind == kind
		}
	}
	document, ok := l.known.Newest(id)
	return document, ok && document.Kind == kind
}

func (l *linter) course(source Source) {
	course := source.Document.Course
	for i, id := range course.Modules {
		if slices.Contains(course.Modules[:i], id) {
			l.add(source, "field modules", SeverityError, "the module “%s” stands twice in the course", id)
		}
		module, ok := l.find(id, KindModule)
		switch {
		case !ok:
			l.add(source, "field modules", SeverityError, "there is no module “%s”, neither in this folder nor in the library", id)
		case len(module.Module.Questions) == 0:
			l.add(source, "field modules", SeverityError, "the module “%s” has no quiz, so nobody could pass the course", id)
		}
	}
}

func (l *linter) module(source Source) {
	module := source.Document.Module
	if module.Minutes == 0 {
		l.add(source, "", SeverityWarning, "the module does not say how many minutes it takes")
	}
	if len(module.Questions) == 0 {
		l.add(source, "", SeverityWarning, "the module has no quiz: write quiz.gift beside module.yaml")
	}
	if len(module.Objectives) == 0 {
		l.add(source, "", SeverityWarning, "the module names no objectives; say what people can do afterwards")
	}
	if len(module.Sources) == 0 {
		l.add(source, "", SeverityWarning, "the module names no sources for its facts and rules")
	}
	longest := 0
	for _, question := range module.Questions {
		if longestIsRight(question) {
			longest++
		}
	}
	if choices := countChoices(module.Questions); choices >= 5 && longest*2 > choices {
		l.add(source, "", SeverityWarning, "in %d of %d questions the longest answer is the right one; people learn to pick it without reading", longest, choices)
	}
}

func countChoices(questions []Question) int {
	count := 0
	for _, q := range questions {
		if q.Kind == QuestionSingle {
			count++
		}
	}
	return count
}

func longestIsRight(q Question) bool {
	if q.Kind != QuestionSingle {
		return false
	}
	length := func(a Answer) int {
		text, _ := a.Text.In(DefaultLanguage)
		return len([]rune(text))
	}
	longest := slices.MaxFunc(q.Answers, func(a, b Answer) int { return length(a) - length(b) })
	return longest.Weight == 100
}

// translations points out parts that are missing in a language in which others of their kind are written. They fall back
// to another language, and say so.
func (l *linter) translations(source Source) {
	type part struct {
		key, called string
		text        Text
	}
	var parts []part
	d := source.Document
	switch {
	case d.Module != nil:
		for _, lesson := range d.Module.Lessons {
			parts = append(parts, part{lesson.ID, "lesson", lesson.Body})
		}
		for _, question := range d.Module.Questions {
			parts = append(parts, part{"question " + question.ID, "question", question.Stem})
		}
	case d.Checklist != nil:
		for _, item := range itemsOf(*d.Checklist) {
			parts = append(parts, part{item.ID, "item", item.Text})
		}
	case d.Glossary != nil:
		for _, term := range d.Glossary.Terms {
			parts = append(parts, part{term.ID, "term", term.Definition})
		}
	}
	languages := map[string]bool{}
	for _, p := range parts {
		for language := range p.text {
			languages[language] = true
		}
	}
	for _, language := range slices.Sorted(maps.Keys(languages)) {
		for _, p := range parts {
			if p.text[language] == "" {
				l.add(source, p.key, SeverityWarning, "this %s is not written in “%s”, as others are; it will be shown in another language", p.called, language)
			}
		}
	}
}

func (l *linter) checklist(source Source) {
	checklist := source.Document.Checklist
	if checklist.Course != "" {
		if _, ok := l.find(checklist.Course, KindCourse); !ok {
			l.add(source, "field course", SeverityError, "there is no course “%s”, neither in this folder nor in the library; nobody could fill the checklist", checklist.Course)
		}
	}
	for _, section := range checklist.Sections {
		for _, item := range section.Items {
			if item.TaughtIn == "" {
				if item.Kind == ItemConcern {
					l.add(source, item.ID, SeverityWarning, "no lesson is named that teaches “%s”; write taught_in: module/lesson", item.ID)
				}
				continue
			}
			moduleID, lessonID, named := strings.Cut(item.TaughtIn, "/")
			if !named {
				l.add(source, item.ID, SeverityError, "taught_in is written module/lesson, not “%s”", item.TaughtIn)
				continue
			}
			module, ok := l.find(moduleID, KindModule)
			if !ok || !slices.ContainsFunc(module.Module.Lessons, func(lesson Lesson) bool { return lesson.ID == lessonID }) {
				l.add(source, item.ID, SeverityError, "taught_in names “%s”, and there is no such lesson", item.TaughtIn)
			}
		}
	}
}

// Prepare gives every document its owner and version for publishing under an owner's key: what differs from the newest
// known version gets the next number unless the source states a higher one; what does not keeps its number. It explains
// what cannot be published so.
func Prepare(folder Folder, known Known, owner string) (Folder, []Finding) {
	l := &linter{folder: folder, known: known}
	prepared := Folder{files: folder.files}
	for _, source := range folder.Sources {
		stated := source.Document.Version
		source.Document.Owner = owner
		newest, ok := known.Newest(source.Document.ID)
		switch {
		case !ok:
			source.Document.Version = max(stated, 1)
		case newest.Owner != owner:
			l.add(source, "", SeverityError, "“%s” belongs to another publisher. Give your adaptation an id of its own and write based_on: %s", source.Document.ID, newest.Ref())
		case newest.Kind != source.Document.Kind:
			l.add(source, "", SeverityError, "“%s” is a %s in the library; an id keeps its kind", source.Document.ID, newest.Kind)
		case SameSubstance(newest, source.Document):
			if stated > newest.Version {
				l.add(source, "", SeverityWarning, "version %d is stated, and nothing differs from version %d: it keeps that number", stated, newest.Version)
			}
			source.Document = newest
		case stated == 0:
			source.Document.Version = newest.Version + 1
		case stated < newest.Version:
			l.add(source, "", SeverityError, "version %d of “%s” is older than the one in the library: state version %d or leave the version out", stated, source.Document.ID, newest.Version+1)
		case stated == newest.Version:
			l.add(source, "", SeverityError, "version %d of “%s” is published already with other content: state version %d or leave the version out", stated, source.Document.ID, newest.Version+1)
		}
		prepared.Sources = append(prepared.Sources, source)
	}
	return prepared, sortFindings(l.findings)
}

// SameSubstance reports whether two versions differ in nothing but number, owner, change note and effective date.
func SameSubstance(a, b Document) bool {
	for _, d := range []*Document{&a, &b} {
		d.Version, d.Owner, d.ChangeNote, d.EffectiveFrom = 1, "-", "", ""
	}
	first, errA := a.Encode()
	second, errB := b.Encode()
	return errA == nil && errB == nil && string(first) == string(second)
}
