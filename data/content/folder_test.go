package content_test

import (
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"wardbook/data/content"
)

const goodQuiz = "::Night bell:: What first? {\n  =Go and ask #Right.\n  ~Wait #Too late.\n}\n"

// goodFolder is a folder without a finding but for its short lesson.
func goodFolder() map[string]string {
	return map[string]string{
		"courses/gate.yaml":                  "id: gate-course\ntitle: Gate course\nmodules: [gate-module]\n",
		"modules/gate/module.yaml":           "id: gate-module\ntitle: Keeping the gate\nminutes: 30\nobjectives: [Open it]\nsources: [Orders]\n",
		"modules/gate/lessons/01-opening.md": "---\nid: opening\ntitle: Opening\n---\n" + strings.Repeat("Two people open the gate. ", 60) + "\n",
		"modules/gate/quiz.gift":             goodQuiz,
		"checklists/gate.yaml": `id: gate-record
kind: observation
title: Gate record
purpose: Notes what was seen.
roles: [officer]
course: gate-course
answers: [not-observed, once, repeatedly, not-enough-information]
sections:
  - id: protective
    title: What protects
    items:
      - {id: asks-for-help, kind: protective, text: Asks for help, guidance: Any request., not_to_be_confused_with: Small talk.}
  - id: concern
    title: What gives concern
    items:
      - {id: presses-others, kind: concern, text: Presses others, guidance: Words., not_to_be_confused_with: Games., evidence_required: true, taught_in: gate-module/opening}
closing:
  - {id: alternative-explanation, text: "What else?", none_answer: I cannot think of one}
`,
		"glossary/gate.yaml": "id: gate-terms\ntitle: Words\nterms:\n  - {id: sally-port, term: Sally port, definition: Two gates.}\n",
	}
}

func lint(files map[string]string) (content.Folder, []content.Finding) {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	folder, findings := content.ReadFolder(fsys)
	return folder, append(findings, content.Lint(folder, content.NothingKnown{})...)
}

func TestAGoodFolderHasNoFinding(t *testing.T) {
	folder, findings := lint(goodFolder())
	if len(findings) > 0 || len(folder.Sources) != 4 {
		t.Fatalf("%d documents, and the findings %v", len(folder.Sources), findings)
	}
}

func TestEachMistakeIsNamedByFileAndLine(t *testing.T) {
	const checklist, module, lesson, quiz, course = "checklists/gate.yaml", "modules/gate/module.yaml", "modules/gate/lessons/01-opening.md", "modules/gate/quiz.gift", "courses/gate.yaml"
	for name, given := range map[string]struct {
		file, old, new string
		line           int
		sentence       string
		severity       content.Severity
	}{
		"no id":                 {module, "id: gate-module\n", "", 1, "“id” is missing", content.SeverityError},
		"a bad id":              {course, "id: gate-course", "id: Gate Course", 1, "cannot be an id", content.SeverityError},
		"an id used twice":      {"glossary/gate.yaml", "id: gate-terms", "id: gate-course", 1, "is used in", content.SeverityError},
		"an item used twice":    {checklist, "id: presses-others", "id: asks-for-help", 16, "used in line", content.SeverityError},
		"an unknown field":      {module, "minutes: 30", "minuts: 30", 3, "misspelt", content.SeverityError},
		"a field twice":         {course, "title: Gate course", "title: A\ntitle: B", 3, "twice", content.SeverityError},
		"no title":              {course, "title: Gate course\n", "", 1, "“title” is missing", content.SeverityError},
		"no guidance":           {checklist, "guidance: Words., ", "", 16, "“guidance” is missing", content.SeverityError},
		"broken YAML":           {course, "title: Gate course", "title: [", 1, "well-formed", content.SeverityError},
		"a missing module":      {course, "[gate-module]", "[gate-modul]", 3, "there is no module “gate-modul”", content.SeverityError},
		"a missing course":      {checklist, "course: gate-course", "course: gate-cours", 6, "there is no course", content.SeverityError},
		"a lesson not there":    {checklist, "gate-module/opening", "gate-module/closing", 16, "no such lesson", content.SeverityError},
		"other answers":         {checklist, "not-observed, ", "", 7, "the answers of this kind", content.SeverityError},
		"concern first":         {checklist, "kind: protective", "kind: concern", 8, "holds the protective factors", content.SeverityError},
		"no other explanation":  {checklist, "id: alternative-explanation", "id: anything-else", 17, "asks for another explanation", content.SeverityError},
		"no evidence":           {checklist, "evidence_required: true", "evidence_required: false", 16, "never noted without evidence", content.SeverityError},
		"no course":             {checklist, "course: gate-course\n", "", 1, "names the course", content.SeverityError},
		"an unknown role":       {checklist, "roles: [officer]", "roles: [warden]", 5, "no role “warden”", content.SeverityError},
		"no front matter":       {lesson, "---\nid: opening", "id: opening", 1, "three hyphens", content.SeverityError},
		"a bad lesson kind":     {lesson, "title: Opening", "title: Opening\nkind: story", 4, "is not one of", content.SeverityError},
		"HTML":                  {lesson, "Two people", "<b>Two</b> people", 5, "HTML", content.SeverityError},
		"a remote image":        {lesson, "Two people", "![x](https://example.invalid/x.png) Two people", 5, "module's own folder", content.SeverityError},
		"a missing image":       {lesson, "Two people", "![x](images/x.png) Two people", 5, "there is no file", content.SeverityError},
		"a short lesson":        {lesson, strings.Repeat("Two people open the gate. ", 60), "Short.", 0, "1 words", content.SeverityWarning},
		"a broken question":     {quiz, "~Wait #Too late.\n}", "~Wait", 1, "do not end", content.SeverityError},
		"no right answer":       {quiz, "=Go", "~Go", 1, "none of its answers is right", content.SeverityError},
		"no feedback":           {quiz, " #Too late.", "", 3, "no feedback", content.SeverityWarning},
		"too many drawn":        {module, "minutes: 30", "minutes: 30\nquiz_draw: 5", 4, "5 questions are to be drawn", content.SeverityError},
		"a word about a person": {checklist, "text: Presses others", "text: Has a beard", 16, "“beard” speaks of dress", content.SeverityQuestion},
	} {
		t.Run(name, func(t *testing.T) {
			files := goodFolder()
			if !strings.Contains(files[given.file], given.old) {
				t.Fatalf("%s does not hold %q", given.file, given.old)
			}
			files[given.file] = strings.Replace(files[given.file], given.old, given.new, 1)
			_, findings := lint(files)
			for _, f := range findings {
				if strings.Contains(f.Sentence, given.sentence) && f.File == given.file && f.Line == given.line && f.Severity == given.severity {
					return
				}
			}
			t.Errorf("nothing says %q about %s:%d; the findings are\n%v", given.sentence, given.file, given.line, findings)
		})
	}
}

func TestAnExplainedWordIsNotAskedAboutAgain(t *testing.T) {
	files := goodFolder()
	files["checklists/gate.yaml"] = strings.Replace(files["checklists/gate.yaml"], "text: Presses others", "text: Has a beard", 1) +
		"wording_explained:\n  - {word: beard, why: It is a test.}\n"
	if _, findings := lint(files); len(findings) > 0 {
		t.Errorf("it is still asked: %v", findings)
	}
}

func TestAnEnvironmentChecklistMaySpeakOfFaithAndDiet(t *testing.T) {
	files := goodFolder()
	files["checklists/house.yaml"] = `id: house-check
kind: environment
title: House check
purpose: Looks at the prison.
roles: [manager]
answers: [in-place, partly, absent, urgent]
sections:
  - id: care
    title: Care
    items:
      - {id: chaplaincy, kind: environment, text: A chaplain for every faith and halal diet, guidance: Ask., not_to_be_confused_with: Nothing.}
`
	if _, findings := lint(files); len(findings) > 0 {
		t.Errorf("it is asked about: %v", findings)
	}
}

func TestTheStarterContentHasNoFinding(t *testing.T) {
	folder, findings := content.ReadFolder(os.DirFS("../../resources/starter"))
	findings = append(findings, content.Lint(folder, content.NothingKnown{})...)
	for _, f := range findings {
		t.Error(f)
	}
	if len(folder.Sources) < 7 {
		t.Errorf("only %d documents were read", len(folder.Sources))
	}
}

// library is a Known of given documents.
type library map[string]content.Document

func (l library) Newest(id string) (content.Document, bool) { d, ok := l[id]; return d, ok }

func TestPublishingGivesTheNextNumberToWhatChanged(t *testing.T) {
	folder, _ := lint(goodFolder())
	first, findings := content.Prepare(folder, content.NothingKnown{}, "own")
	if content.Blocks(findings) {
		t.Fatal(findings)
	}
	here := library{}
	for _, source := range first.Sources {
		if source.Document.Version != 1 || source.Document.Owner != "own" {
			t.Fatalf("%s of %s", source.Document.Ref(), source.Document.Owner)
		}
		here[source.Document.ID] = source.Document
	}
	files := goodFolder()
	files["courses/gate.yaml"] = strings.Replace(files["courses/gate.yaml"], "title: Gate course", "title: Gate course, again", 1)
	changed, _ := lint(files)
	second, findings := content.Prepare(changed, here, "own")
	if content.Blocks(findings) {
		t.Fatal(findings)
	}
	for _, source := range second.Sources {
		want := 1
		if source.Document.ID == "gate-course" {
			want = 2
			if lines := content.Compare(here["gate-course"], source.Document); len(lines) != 1 || lines[0] != "Title changed" {
				t.Errorf("the comparison says %v", lines)
			}
		}
		if source.Document.Version != want {
			t.Errorf("%s, want version %d", source.Document.Ref(), want)
		}
	}
	files["courses/gate.yaml"] += "version: 1\n"
	stated, _ := lint(files)
	if _, findings := content.Prepare(stated, here, "own"); !content.Blocks(findings) {
		t.Error("version 1 with other content is accepted")
	}
	if _, findings := content.Prepare(changed, here, "other"); !content.Blocks(findings) {
		t.Error("another publisher's items are accepted")
	}
}

func TestTheExampleInTheDocumentPasses(t *testing.T) {
	text, err := os.ReadFile("../../docs/content-folder.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```")
	found := map[string]string{}
	for i := 1; i < len(blocks); i += 2 {
		_, body, _ := strings.Cut(blocks[i], "\n")
		for mark, file := range map[string]string{
			"id: gate-course": "courses/gate.yaml", "id: gate-module": "modules/gate/module.yaml", "id: opening": "modules/gate/lessons/01-opening.md",
			"::Night bell::": "modules/gate/quiz.gift", "id: gate-record": "checklists/gate.yaml", "id: gate-terms": "glossary/gate.yaml",
		} {
			if strings.HasPrefix(strings.TrimPrefix(body, "---\n"), mark) {
				found[file] = body
			}
		}
	}
	if len(found) != 6 {
		t.Fatalf("the document shows only %v", maps.Keys(found))
	}
	found["modules/gate/module.yaml"] = strings.Replace(found["modules/gate/module.yaml"], "quiz_draw: 10", "quiz_draw: 1", 1) // the document shows one question
	found["modules/gate/images/gate.png"] = "\x89PNG\r\n\x1a\n"
	_, findings := lint(found)
	for _, f := range findings {
		if f.Severity == content.SeverityError {
			t.Error(f)
		}
	}
}
