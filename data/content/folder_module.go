package content

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"wardbook/data/format/gift"
	"wardbook/data/format/markdown"
)

func (r *folderReader) module(fields *record, source *Source) {
	source.Document.Kind = KindModule
	body := &Module{
		Minutes:    fields.number("minutes", 0),
		Objectives: fields.texts("objectives"),
		QuizDraw:   fields.number("quiz_draw", 0),
		Sources:    fields.strings("sources", false),
	}
	source.Document.Module = body
	source.lines["quiz_draw"] = place{fields.file, fields.line("quiz_draw")}
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

var lessonName = regexp.MustCompile(`^(\d+-[a-z0-9-]+)(?:\.([a-zA-Z-]{2,12}))?\.md$`)

func (r *folderReader) lessons(source *Source) {
	type translated struct {
		stem   string
		lesson Lesson
	}
	var found []translated
	for _, file := range r.glob(source.Folder + "/lessons/*.md") {
		match := lessonName.FindStringSubmatch(path.Base(file))
		if match == nil {
			r.errorf(file, 0, "a lesson's file is named like 01-what-you-saw.md, a translation like 01-what-you-saw.fr.md")
			continue
		}
		language := match[2]
		if language == "" {
			language = DefaultLanguage
		}
		lesson, ok := r.lesson(file, language, source)
		if !ok {
			continue
		}
		i := slices.IndexFunc(found, func(t translated) bool { return t.stem == match[1] })
		if i < 0 {
			found = append(found, translated{match[1], lesson})
			continue
		}
		if found[i].lesson.ID != lesson.ID {
			r.errorf(file, 2, "a translation has the id of its lesson, “%s”", found[i].lesson.ID)
			continue
		}
		for _, merge := range []struct{ into, from Text }{{found[i].lesson.Title, lesson.Title}, {found[i].lesson.Body, lesson.Body}} {
			for tag, text := range merge.from {
				merge.into[tag] = text
			}
		}
	}
	for _, t := range found {
		if slices.ContainsFunc(source.Document.Module.Lessons, func(l Lesson) bool { return l.ID == t.lesson.ID }) {
			r.errorf(source.lines[t.lesson.ID].file, 0, "the lesson id “%s” is used twice in this module", t.lesson.ID)
			continue
		}
		source.Document.Module.Lessons = append(source.Document.Module.Lessons, t.lesson)
	}
}

// lesson reads one file: fields between two lines of hyphens, then Markdown.
func (r *folderReader) lesson(file, language string, source *Source) (Lesson, bool) {
	text, ok := r.readText(file)
	if !ok {
		return Lesson{}, false
	}
	rest, found := bytes.CutPrefix(text, []byte("---\n"))
	front, body, closed := bytes.Cut(rest, []byte("\n---\n"))
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
		Minutes: fields.number("minutes", 0),
		Body:    Text{language: markdownText},
	}
	fields.done()
	if _, known := source.lines[lesson.ID]; !known || language == DefaultLanguage {
		source.lines[lesson.ID] = place{file, fields.line("id")}
	}
	blocks, problems := markdown.Read(markdownText)
	for _, problem := range problems {
		r.errorf(file, offset+problem.Line, "%s", problem.Sentence)
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

func before(text, mark string) string {
	head, _, _ := strings.Cut(text, mark)
	return head
}

// A lesson takes a few minutes to read. What is far outside is probably a mistake.
const (
	shortLessonWords = 150
	longLessonWords  = 1300
)

func (r *folderReader) checkLesson(file string, offset int, text string, blocks []markdown.Block) {
	if text == "" {
		r.errorf(file, offset, "the lesson has no text")
		return
	}
	words := len(strings.Fields(text))
	if words < shortLessonWords || words > longLessonWords {
		r.warnf(file, 0, "the lesson has %d words; people read %d to %d well in one go", words, shortLessonWords, longLessonWords)
	}
	for _, block := range blocks {
		if block.Kind == markdown.Heading && block.Level == 1 {
			r.warnf(file, 0, "headings in a lesson start at ##: the title stands above the text already")
			return
		}
	}
}

func (r *folderReader) quiz(source *Source) {
	for _, file := range append(r.glob(source.Folder+"/quiz.gift"), r.glob(source.Folder+"/quiz.*.gift")...) {
		text, ok := r.readText(file)
		if !ok {
			continue
		}
		language := DefaultLanguage
		if name := strings.TrimSuffix(path.Base(file), ".gift"); name != "quiz" {
			language = strings.TrimPrefix(name, "quiz.")
		}
		if !validLanguage(language) {
			r.errorf(file, 0, "“%s” is not a language", language)
			continue
		}
		bank, mistakes := gift.Parse(string(text))
		for _, mistake := range mistakes {
			r.errorf(file, mistake.Line, "%s", mistake.Sentence)
		}
		if len(bank) == 0 && len(mistakes) == 0 {
			r.errorf(file, 0, "the question bank is empty")
		}
		if language == DefaultLanguage {
			r.questions(file, bank, source)
		} else {
			r.translateQuestions(file, language, bank, source)
		}
	}
}

func (r *folderReader) questions(file string, bank []gift.Question, source *Source) {
	body := source.Document.Module
	for _, q := range bank {
		if slices.ContainsFunc(body.Questions, func(known Question) bool { return known.ID == q.Title }) {
			r.errorf(file, q.Line, "there are two questions with the title “%s”", q.Title)
			continue
		}
		question := questionOf(q)
		for i, answer := range q.Answers {
			if answer.Feedback == "" && q.General == "" {
				r.warnf(file, answer.Line, "the answer “%s” of “%s” has no feedback to learn from", answer.Text, q.Title)
			}
			if i > 0 && slices.ContainsFunc(q.Answers[:i], func(a gift.Answer) bool { return a.Text == answer.Text }) {
				r.errorf(file, answer.Line, "“%s” has the answer “%s” twice", q.Title, answer.Text)
			}
		}
		source.lines["question "+q.Title] = place{file, q.Line}
		body.Questions = append(body.Questions, question)
	}
}

// translateQuestions adds a language to the questions with the same titles: the answers stand in the same order.
func (r *folderReader) translateQuestions(file, language string, bank []gift.Question, source *Source) {
	body := source.Document.Module
	for _, q := range bank {
		i := slices.IndexFunc(body.Questions, func(known Question) bool { return known.ID == q.Title })
		if i < 0 {
			r.errorf(file, q.Line, "the question “%s” is not in quiz.gift; a translation keeps the titles", q.Title)
			continue
		}
		original, translated := body.Questions[i], questionOf(q)
		if len(original.Answers) != len(translated.Answers) || original.Kind != translated.Kind {
			r.errorf(file, q.Line, "“%s” has other answers here than in quiz.gift", q.Title)
			continue
		}
		add := func(into *Text, from Text) {
			if text := from[DefaultLanguage]; text != "" {
				if *into == nil {
					*into = Text{}
				}
				(*into)[language] = text
			}
		}
		add(&original.Stem, translated.Stem)
		add(&original.General, translated.General)
		for j := range original.Answers {
			if original.Answers[j].Weight != translated.Answers[j].Weight {
				r.errorf(file, q.Line, "the right answers of “%s” stand in another order than in quiz.gift", q.Title)
				break
			}
			add(&original.Answers[j].Text, translated.Answers[j].Text)
			add(&original.Answers[j].Feedback, translated.Answers[j].Feedback)
		}
		body.Questions[i] = original
	}
}

var giftKinds = map[gift.Kind]QuestionKind{
	gift.Single: QuestionSingle, gift.Several: QuestionSeveral, gift.TrueFalse: QuestionTrueFalse, gift.Short: QuestionShort,
}

func optionalText(text string) Text {
	if text == "" {
		return nil
	}
	return Text{DefaultLanguage: text}
}

func questionOf(q gift.Question) Question {
	question := Question{ID: q.Title, Kind: giftKinds[q.Kind], Stem: Text{DefaultLanguage: q.Stem}, General: optionalText(q.General)}
	for i, answer := range q.Answers {
		id := string(rune('a' + i%26))
		if i >= 26 {
			id = strings.Repeat(id, 1+i/26)
		}
		if q.Kind == gift.TrueFalse {
			id = answer.Text
		}
		question.Answers = append(question.Answers, Answer{ID: id, Text: Text{DefaultLanguage: answer.Text}, Weight: answer.Weight, Feedback: optionalText(answer.Feedback)})
	}
	return question
}

// unusedMedia points out images that no lesson shows; they would not travel.
func (r *folderReader) unusedMedia(source *Source) {
	for _, file := range append(r.glob(source.Folder+"/images/*"), r.glob(source.Folder+"/attachments/*")...) {
		relative := strings.TrimPrefix(file, source.Folder+"/")
		if !slices.ContainsFunc(source.Document.Media, func(m MediaRef) bool { return m.Path == relative }) {
			r.warnf(file, 0, "no lesson shows this file, so it is left out")
		}
	}
	slices.SortFunc(source.Document.Media, func(a, b MediaRef) int { return strings.Compare(a.Path, b.Path) })
}
