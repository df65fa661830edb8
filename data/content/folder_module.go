package content

import (
	"bytes"
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wardbook/data/format/gift"
	"wardbook/data/format/markdown"
)

func (r *folderReader) module(fields *record, source *Source) {
	source.Document.Kind = KindModule
	body := &Module{
		Minutes:    fields.number("minutes", 0, 0, maxMinutes),
		Objectives: fields.texts("objectives"),
		QuizDraw:   fields.number("quiz_draw", 0, 0, maxQuestions),
		Sources:    fields.strings("sources", false),
	}
	source.Document.Module = body
	if name := path.Base(source.Folder); !idForm.MatchString(name) {
		r.errorf(fields.file, 0, "the folder of a module is named with lower-case letters, digits and hyphens, not “%s”", name)
		return
	}
	r.lessons(source)
	r.quiz(source)
	r.unusedMedia(source)
	if len(body.Lessons) == 0 {
		r.errorf(fields.file, 0, "the module has no lessons: write them into %s/lessons/", source.Folder)
	}
	if body.QuizDraw > len(body.Questions) {
		fields.errorf("quiz_draw", "%d questions are to be drawn, and the bank has %d", body.QuizDraw, len(body.Questions))
	}
}

// maxMinutes is a day, which nobody learns for.
const maxMinutes = 24 * 60

var lessonName = regexp.MustCompile(`^([0-9]{1,4})-([a-z0-9]+(?:-[a-z0-9]+)*)(?:\.([a-zA-Z][a-zA-Z0-9-]{1,11}))?\.md$`)

// lessonFile is a lesson in one language. Files with the same name but for the language are one lesson.
type lessonFile struct {
	name, stem string
	number     int
	language   string
}

// lessonFiles lists the lessons of a module in their order, the default language of each first: it gives what is not text.
func (r *folderReader) lessonFiles(source *Source) []lessonFile {
	var files []lessonFile
	for _, name := range r.glob(source.Folder + "/lessons/*.md") {
		match := lessonName.FindStringSubmatch(path.Base(name))
		if match == nil || match[3] != "" && !validLanguage(match[3]) {
			r.errorf(name, 0, "a lesson's file is named like 01-what-you-saw.md, a translation like 01-what-you-saw.fr.md")
			continue
		}
		number, err := strconv.Atoi(match[1])
		if err != nil {
			r.errorf(name, 0, "a lesson's file starts with its number")
			continue
		}
		files = append(files, lessonFile{name, match[1] + "-" + match[2], number, cmp.Or(match[3], DefaultLanguage)})
	}
	slices.SortStableFunc(files, func(a, b lessonFile) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.stem, b.stem), defaultFirst(a.language, b.language))
	})
	return files
}

func defaultFirst(a, b string) int {
	if (a == DefaultLanguage) != (b == DefaultLanguage) {
		return map[bool]int{true: -1, false: 1}[a == DefaultLanguage]
	}
	return strings.Compare(a, b)
}

func (r *folderReader) lessons(source *Source) {
	var lessons []Lesson
	last := lessonFile{}
	for _, file := range r.lessonFiles(source) {
		lesson, ok := r.lesson(file.name, file.language, source)
		if !ok {
			continue
		}
		if file.stem == last.stem {
			r.translateLesson(file, &lessons[len(lessons)-1], lesson)
			continue
		}
		if slices.ContainsFunc(lessons, func(l Lesson) bool { return l.ID == lesson.ID }) {
			r.errorf(file.name, source.lines[lesson.ID].line, "the lesson id “%s” is used twice in this module", lesson.ID)
			continue
		}
		last, lessons = file, append(lessons, lesson)
	}
	source.Document.Module.Lessons = lessons
}

// translateLesson adds a language to a lesson.
func (r *folderReader) translateLesson(file lessonFile, into *Lesson, translation Lesson) {
	switch {
	case into.ID != translation.ID:
		r.errorf(file.name, 2, "a translation has the id of its lesson, “%s”", into.ID)
	case into.Body[file.language] != "":
		r.errorf(file.name, 0, "the lesson “%s” is written in “%s” twice", into.ID, file.language)
	default:
		maps.Copy(into.Title, translation.Title)
		maps.Copy(into.Body, translation.Body)
	}
}

// lesson reads one file: fields between two lines of hyphens, then Markdown.
func (r *folderReader) lesson(file, language string, source *Source) (Lesson, bool) {
	text, ok := r.readText(file)
	if !ok {
		return Lesson{}, false
	}
	rest, found := bytes.CutPrefix(text, []byte("---\n"))
	front, body, closed := bytes.Cut(append(rest, '\n'), []byte("\n---\n"))
	if !found || !closed {
		r.errorf(file, 1, "a lesson starts with its fields between two lines of three hyphens")
		return Lesson{}, false
	}
	fields := r.parseYAML(file, front, 1)
	if fields == nil {
		return Lesson{}, false
	}
	offset := bytes.Count(front, []byte("\n")) + 3
	markdownText := strings.TrimSpace(string(body))
	offset += bytes.Count(body[:bytes.Index(body, []byte(markdownText))], []byte("\n"))
	lesson := Lesson{
		ID:      fields.id("id"),
		Title:   Text{language: fields.str("title", true)},
		Kind:    LessonKind(fields.oneOf("kind", string(LessonPlain), string(LessonPlain), string(LessonVignette))),
		Minutes: fields.number("minutes", 0, 0, maxMinutes),
		Body:    Text{language: markdownText},
	}
	fields.done()
	if _, known := source.lines[lesson.ID]; !known || language == DefaultLanguage {
		source.lines[lesson.ID] = place{file, fields.line("id")}
	}
	source.bodies[bodyKey(lesson.ID, language)] = place{file, offset + 1}
	blocks, problems := markdown.Read(markdownText)
	for _, problem := range problems {
		if problem.Shown {
			r.warnf(file, offset+problem.Line, "%s", problem.Sentence)
		} else {
			r.errorf(file, offset+problem.Line, "%s", problem.Sentence)
		}
	}
	for _, block := range blocks {
		if block.Kind != markdown.Image {
			continue
		}
		line := offset + 1 + strings.Count(before(markdownText, block.Path), "\n")
		if block.Alt == "" {
			r.warnf(file, line, "the image “%s” has no description for people who cannot see it", block.Path)
		}
		r.addMedia(source, block.Path, place{file, line})
	}
	r.checkLesson(file, offset, markdownText, blocks)
	return lesson, lesson.ID != ""
}

func bodyKey(lessonID, language string) string { return lessonID + " " + language }

func before(text, mark string) string {
	head, _, _ := strings.Cut(text, mark)
	return head
}

// A lesson takes a few minutes to read: 200 to 1,200 words. What is far outside is probably a mistake.
const (
	shortLessonWords = 150
	longLessonWords  = 1_300
)

func (r *folderReader) checkLesson(file string, offset int, text string, blocks []markdown.Block) {
	if text == "" {
		r.errorf(file, offset, "the lesson has no text")
		return
	}
	words := len(strings.Fields(text))
	if words < shortLessonWords || words > longLessonWords {
		r.warnf(file, 0, "the lesson has %d words; people read 200 to 1,200 well in one go", words)
	}
	for _, block := range blocks {
		if block.Kind == markdown.Heading && block.Level == 1 {
			line := offset + 1 + strings.Count(before(text, markdown.Plain(block.Runs)), "\n")
			r.warnf(file, line, "headings in a lesson start at ##: the title stands above the text already")
			return
		}
	}
}

// quiz reads the bank in every language, the default one first if there is one: the others are held against it.
func (r *folderReader) quiz(source *Source) {
	type bankFile struct{ name, language string }
	var files []bankFile
	for _, name := range append(r.glob(source.Folder+"/quiz.gift"), r.glob(source.Folder+"/quiz.*.gift")...) {
		language := DefaultLanguage
		if stem := strings.TrimSuffix(path.Base(name), ".gift"); stem != "quiz" {
			language = strings.TrimPrefix(stem, "quiz.")
		}
		switch {
		case !validLanguage(language):
			r.errorf(name, 0, "“%s” is not a language", language)
		case slices.ContainsFunc(files, func(f bankFile) bool { return f.language == language }):
			r.errorf(name, 0, "the question bank is written in “%s” twice", language)
		default:
			files = append(files, bankFile{name, language})
		}
	}
	slices.SortStableFunc(files, func(a, b bankFile) int { return defaultFirst(a.language, b.language) })
	for i, file := range files {
		text, ok := r.readText(file.name)
		if !ok {
			continue
		}
		bank, mistakes := gift.Parse(string(text))
		for _, mistake := range mistakes {
			r.errorf(file.name, mistake.Line, "%s", mistake.Sentence)
		}
		if len(bank) == 0 && len(mistakes) == 0 {
			r.errorf(file.name, 0, "the question bank is empty")
		}
		if i == 0 {
			r.questions(file.name, file.language, bank, source)
		} else {
			r.translateQuestions(file.name, file.language, path.Base(files[0].name), bank, source)
		}
	}
}

func (r *folderReader) questions(file, language string, bank []gift.Question, source *Source) {
	body := source.Document.Module
	for _, q := range bank {
		if slices.ContainsFunc(body.Questions, func(known Question) bool { return known.ID == q.Title }) {
			r.errorf(file, q.Line, "there are two questions with the title “%s”", q.Title)
			continue
		}
		for i, answer := range q.Answers {
			if answer.Feedback == "" && q.General == "" {
				r.warnf(file, answer.Line, "the answer “%s” of “%s” has no feedback to learn from", answer.Text, q.Title)
			}
			if i > 0 && slices.ContainsFunc(q.Answers[:i], func(a gift.Answer) bool { return a.Text == answer.Text }) {
				r.errorf(file, answer.Line, "“%s” has the answer “%s” twice", q.Title, answer.Text)
			}
		}
		source.lines["question "+q.Title] = place{file, q.Line}
		body.Questions = append(body.Questions, questionOf(q, language))
	}
}

// translateQuestions adds a language to the questions with the same titles: the answers stand in the same order.
func (r *folderReader) translateQuestions(file, language, base string, bank []gift.Question, source *Source) {
	body := source.Document.Module
	for _, q := range bank {
		i := slices.IndexFunc(body.Questions, func(known Question) bool { return known.ID == q.Title })
		if i < 0 {
			r.errorf(file, q.Line, "the question “%s” is not in %s; a translation keeps the titles", q.Title, base)
			continue
		}
		original, translated := &body.Questions[i], questionOf(q, language)
		switch {
		case original.Stem[language] != "":
			r.errorf(file, q.Line, "there are two questions with the title “%s”", q.Title)
		case len(original.Answers) != len(translated.Answers) || original.Kind != translated.Kind:
			r.errorf(file, q.Line, "“%s” has other answers here than in %s", q.Title, base)
		case !slices.EqualFunc(original.Answers, translated.Answers, func(a, b Answer) bool { return a.Weight == b.Weight }):
			r.errorf(file, q.Line, "the right answers of “%s” stand in another order than in %s", q.Title, base)
		default:
			original.Stem = merged(original.Stem, translated.Stem)
			original.General = merged(original.General, translated.General)
			for j, answer := range translated.Answers {
				into := &original.Answers[j]
				into.Text, into.Feedback = merged(into.Text, answer.Text), merged(into.Feedback, answer.Feedback)
			}
		}
	}
}

// merged adds the languages of another text; a text that is in no language stays nil.
func merged(into, from Text) Text {
	if into == nil {
		return from
	}
	maps.Copy(into, from)
	return into
}

var giftKinds = map[gift.Kind]QuestionKind{
	gift.Single: QuestionSingle, gift.Several: QuestionSeveral, gift.TrueFalse: QuestionTrueFalse, gift.Short: QuestionShort,
}

func optionalText(text, language string) Text {
	if text == "" {
		return nil
	}
	return Text{language: text}
}

func questionOf(q gift.Question, language string) Question {
	question := Question{ID: q.Title, Kind: giftKinds[q.Kind], Stem: Text{language: q.Stem}, General: optionalText(q.General, language)}
	for i, answer := range q.Answers {
		id := answerID(i)
		if q.Kind == gift.TrueFalse {
			id = answer.Text
		}
		question.Answers = append(question.Answers, Answer{
			ID: id, Text: Text{language: answer.Text}, Weight: answer.Weight, Feedback: optionalText(answer.Feedback, language),
		})
	}
	return question
}

// answerID names the answers a, b, … z, aa, bb, … by their place.
func answerID(i int) string { return strings.Repeat(string(rune('a'+i%26)), 1+i/26) }
