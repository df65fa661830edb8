package learning

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wardbook/data/content"
)

func text(s string) content.Text { return content.Text{"en": s} }

func TestARightAnswerIsTheWholeAnswer(t *testing.T) {
	several := content.Question{Kind: content.QuestionSeveral, Answers: []content.Answer{
		{ID: "a", Weight: 50}, {ID: "b", Weight: 50}, {ID: "c", Weight: -100}, {ID: "d", Weight: 0},
	}}
	single := content.Question{Kind: content.QuestionSingle, Answers: []content.Answer{{ID: "a", Weight: 100}, {ID: "b", Weight: 50}, {ID: "c"}}}
	trueFalse := content.Question{Kind: content.QuestionTrueFalse, Answers: []content.Answer{{ID: "true"}, {ID: "false", Weight: 100}}}
	for name, try := range map[string]struct {
		question content.Question
		chosen   []string
		right    bool
	}{
		"single, the right one":         {single, []string{"a"}, true},
		"single, one of half weight":    {single, []string{"b"}, false},
		"single, a wrong one":           {single, []string{"c"}, false},
		"single, none":                  {single, nil, false},
		"several, exactly the right":    {several, []string{"b", "a"}, true},
		"several, one of two":           {several, []string{"a"}, false},
		"several, with a negative one":  {several, []string{"a", "b", "c"}, false},
		"several, with a worthless one": {several, []string{"a", "b", "d"}, false},
		"several, none":                 {several, nil, false},
		"true or false, right":          {trueFalse, []string{"false"}, true},
		"true or false, wrong":          {trueFalse, []string{"true"}, false},
	} {
		if got := isRight(try.question, Given{AnswerIDs: try.chosen}); got != try.right {
			t.Errorf("%s: right is %v", name, got)
		}
	}
}

func TestAShortAnswerDoesNotMindCaseAccentsAndSpaces(t *testing.T) {
	q := content.Question{Kind: content.QuestionShort, Answers: []content.Answer{
		{ID: "1", Text: text("Detención preventiva"), Weight: 100, Feedback: text("Yes.")},
		{ID: "2", Text: text("prison"), Weight: 0, Feedback: text("Too wide.")},
		{ID: "3", Text: content.Text{"ar": "السجن", "de": "Straße"}, Weight: 100},
	}}
	for typed, right := range map[string]bool{
		"Detención preventiva": true, "  detencion   PREVENTIVA ": true, "detencionpreventiva.": true, "DETENCI\u0301ON preventiva": true,
		"detencion": false, "prison": false, "": false, "   ": false, ".": false, "السِّجن": true, "STRASSE": true, "3,5": false,
	} {
		if got := isRight(q, Given{Text: typed}); got != right {
			t.Errorf("%q: right is %v", typed, got)
		}
	}
	if got := feedback(q, Given{Text: "Prison"}); len(got) != 1 || got[0]["en"] != "Too wide." {
		t.Errorf("a foreseen wrong answer is told %v", got)
	}
	if plainText("3,5") == plainText("35") {
		t.Error("3,5 is taken for 35")
	}
}

// Whatever is drawn, it is the right number of different questions of the bank, each with all of its answers; and the
// same seed draws the same.
func TestDrawing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bank []content.Question
		for i := range rapid.IntRange(1, 12).Draw(t, "bank") {
			q := content.Question{ID: string(rune('A' + i)), Kind: rapid.SampledFrom([]content.QuestionKind{
				content.QuestionSingle, content.QuestionSeveral, content.QuestionTrueFalse, content.QuestionShort,
			}).Draw(t, "kind")}
			for j := range rapid.IntRange(2, 5).Draw(t, "answers") {
				q.Answers = append(q.Answers, content.Answer{ID: string(rune('a' + j))})
			}
			bank = append(bank, q)
		}
		count, seed := rapid.IntRange(0, 15).Draw(t, "count"), rapid.Int64().Draw(t, "seed")
		drawn, again := draw(bank, count, seed), draw(bank, count, seed)
		want := len(bank)
		if count > 0 {
			want = min(count, want)
		}
		if len(drawn) != want {
			t.Fatalf("%d of %d were drawn, want %d", len(drawn), len(bank), want)
		}
		seen := map[string]bool{}
		for i, q := range drawn {
			if seen[q.ID] {
				t.Fatalf("%s was drawn twice", q.ID)
			}
			seen[q.ID] = true
			at := slices.IndexFunc(bank, func(b content.Question) bool { return b.ID == q.ID })
			shown, known := ids(q), ids(bank[at])
			if q.Kind == content.QuestionTrueFalse && !slices.Equal(shown, known) {
				t.Fatalf("true and false were shuffled")
			}
			if !slices.IsSorted(known) {
				t.Fatal("drawing changed the bank")
			}
			slices.Sort(shown)
			if !slices.Equal(shown, known) || !slices.Equal(ids(q), ids(again[i])) || again[i].ID != q.ID {
				t.Fatalf("question %s has the answers %v, and again %v", q.ID, ids(q), ids(again[i]))
			}
		}
	})
}

func ids(q content.Question) []string {
	var list []string
	for _, a := range q.Answers {
		list = append(list, a.ID)
	}
	return list
}

// Exactly one choice of answers to a question with several right ones is right.
func TestExactlyOneChoiceIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := content.Question{Kind: content.QuestionSeveral}
		for j := range rapid.IntRange(1, 6).Draw(t, "answers") {
			q.Answers = append(q.Answers, content.Answer{ID: string(rune('a' + j)), Weight: rapid.IntRange(-100, 100).Draw(t, "weight")})
		}
		right := 0
		for mask := range 1 << len(q.Answers) {
			var given Given
			for j, a := range q.Answers {
				if mask>>j&1 == 1 {
					given.AnswerIDs = append(given.AnswerIDs, a.ID)
				}
			}
			if isRight(q, given) {
				right++
				if len(given.AnswerIDs) != len(correct(q)) {
					t.Fatal("what would have been right is not what is right")
				}
			}
		}
		if possible := len(correct(q)) > 0; possible && right != 1 || !possible && right != 0 {
			t.Fatalf("%d choices are right", right)
		}
	})
}
