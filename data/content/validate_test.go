package content_test

import (
	"errors"
	"strings"
	"testing"

	"wardbook/data/content"
)

func quizModule() content.Document {
	d := module("gate", 1, "Text.")
	d.Module.Questions = []content.Question{{
		ID: "Night bell", Kind: content.QuestionSingle, Stem: content.Text{"en": "What first?"},
		Answers: []content.Answer{
			{ID: "a", Text: content.Text{"en": "Go and ask"}, Weight: 100},
			{ID: "b", Text: content.Text{"en": "Wait"}},
		},
	}}
	return d
}

func gateChecklist(t *testing.T) content.Document {
	t.Helper()
	folder, findings := lint(goodFolder())
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	for _, d := range documentsOf(folder) {
		if d.Checklist != nil {
			d.Owner = "owner"
			return d
		}
	}
	t.Fatal("there is no checklist")
	return content.Document{}
}

// Given documents that a signed bundle could bring, when they hold what no document can be, then each is refused, and the
// refusal names it.
func TestWhatNoDocumentCanBeIsRefused(t *testing.T) {
	en := func(text string) content.Text { return content.Text{"en": text} }
	change := func(change func(*content.Document)) content.Document {
		d := quizModule()
		change(&d)
		return d
	}
	checklist := func(change func(*content.Checklist)) content.Document {
		d := gateChecklist(t)
		change(d.Checklist)
		return d
	}
	for name, c := range map[string]struct {
		document content.Document
		says     string
	}{
		"no kind":                 {change(func(d *content.Document) { d.Kind = "page" }), "kind"},
		"two bodies":              {change(func(d *content.Document) { d.Course = &content.Course{Modules: []string{"gate"}} }), "two bodies"},
		"an id of a device":       {change(func(d *content.Document) { d.ID = "con" }), "id"},
		"no version":              {change(func(d *content.Document) { d.Version = 0 }), "version"},
		"no owner":                {change(func(d *content.Document) { d.Owner = "" }), "owner"},
		"an empty title":          {change(func(d *content.Document) { d.Title = en(" ") }), "empty"},
		"a language of no form":   {change(func(d *content.Document) { d.Title = content.Text{"../x": "Title"} }), "no language"},
		"languages unsorted":      {change(func(d *content.Document) { d.Languages = []string{"fr", "en"} }), "sorted"},
		"no day":                  {change(func(d *content.Document) { d.EffectiveFrom = "2026-02-30" }), "day"},
		"a hidden character":      {change(func(d *content.Document) { d.Module.Lessons[0].Title = en("Pay\u202egnihton") }), "U+202E"},
		"a long lesson":           {change(func(d *content.Document) { d.Module.Lessons[0].Body = en(strings.Repeat("long ", 20_000)) }), "longer"},
		"two lessons of one id":   {change(func(d *content.Document) { d.Module.Lessons = append(d.Module.Lessons, d.Module.Lessons[0]) }), "twice"},
		"a lesson without text":   {change(func(d *content.Document) { d.Module.Lessons[0].Body = nil }), "incomplete"},
		"no such lesson kind":     {change(func(d *content.Document) { d.Module.Lessons[0].Kind = "game" }), "kind of lesson"},
		"drawing more than there": {change(func(d *content.Document) { d.Module.QuizDraw = 2 }), "numbers"},
		"no right answer":         {change(func(d *content.Document) { d.Module.Questions[0].Answers[0].Weight = 0 }), "answered rightly"},
		"two right ones of one":   {change(func(d *content.Document) { d.Module.Questions[0].Answers[1].Weight = 100 }), "answered rightly"},
		"answers of one id":       {change(func(d *content.Document) { d.Module.Questions[0].Answers[1].ID = "a" }), "ids of their own"},
		"a question that is none": {change(func(d *content.Document) { d.Module.Questions[0].Stem = nil }), "asks nothing"},
		"an image led outside": {change(func(d *content.Document) {
			d.Media = []content.MediaRef{{Path: "../up.png", SHA256: strings.Repeat("0", 64), Size: 1, MIME: "image/png"}}
		}), "outside"},
		"an image of no size": {change(func(d *content.Document) {
			d.Media = []content.MediaRef{{Path: "images/a.png", SHA256: strings.Repeat("0", 64), MIME: "image/png"}}
		}), "size"},
		"an image as a page": {change(func(d *content.Document) {
			d.Media = []content.MediaRef{{Path: "images/a.png", SHA256: strings.Repeat("0", 64), Size: 1, MIME: "text/html"}}
		}), "type"},
		"invented answers":    {checklist(func(c *content.Checklist) { c.Answers = []string{"low", "high"} }), "answers"},
		"no way to not know":  {checklist(func(c *content.Checklist) { c.Answers = c.Answers[:3] }), "answers"},
		"no sections":         {checklist(func(c *content.Checklist) { c.Sections = nil }), "no sections"},
		"an item of no kind":  {checklist(func(c *content.Checklist) { c.Sections[0].Items[0].Kind = "risk" }), "kind of item"},
		"two items of one id": {checklist(func(c *content.Checklist) { c.Sections[0].Items[0].ID = c.Sections[1].Items[0].ID }), "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := c.document.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := content.Decode(encoded); !errors.Is(err, content.ErrMalformedDocument) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it gives %v, which does not say %q", err, c.says)
			}
		})
	}
}

func TestTheByteFormHasNoOtherSpelling(t *testing.T) {
	encoded, err := quizModule().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := content.Decode(encoded); err != nil || d.ID != "gate" {
		t.Fatalf("the document itself gives %v", err)
	}
	for name, other := range map[string]string{
		"a space":          " " + string(encoded),
		"more behind":      string(encoded) + "{}",
		"an unknown field": `{"score":7,` + string(encoded[1:]),
		"cut":              string(encoded[:len(encoded)-1]),
	} {
		if other == string(encoded) {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := content.Decode([]byte(other)); !errors.Is(err, content.ErrMalformedDocument) {
			t.Errorf("%s gives %v", name, err)
		}
	}
}
