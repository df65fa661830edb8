package gift_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wardbook/data/format/gift"
)

func parseOne(t *testing.T, text string) gift.Question {
	t.Helper()
	questions, mistakes := gift.Parse(text)
	if len(mistakes) > 0 || len(questions) != 1 {
		t.Fatalf("got %d questions and the mistakes %v, want one question and none", len(questions), mistakes)
	}
	return questions[0]
}

func TestParseReadsEachKindOfQuestion(t *testing.T) {
	for name, given := range map[string]struct {
		text string
		want gift.Question
	}{
		"one right answer": {
			"// a comment\n::Night bell:: A prisoner rings at 3\\:00. {\n  =Go and ask #Right\n  ~Note it for the morning #Too late\n  ####Always go.\n}",
			gift.Question{
				Title: "Night bell", Stem: "A prisoner rings at 3:00.", Kind: gift.Single, General: "Always go.", Line: 2,
				Answers: []gift.Answer{{"Go and ask", 100, "Right", 3}, {"Note it for the morning", 0, "Too late", 4}},
			},
		},
		"several right answers": {
			"::Facts::Which are facts?{~%50%What I saw ~%50%What I heard#Yes ~%-100%What I think}",
			gift.Question{
				Title: "Facts", Stem: "Which are facts?", Kind: gift.Several, Line: 1,
				Answers: []gift.Answer{{"What I saw", 50, "", 1}, {"What I heard", 50, "Yes", 1}, {"What I think", -100, "", 1}},
			},
		},
		"false": {
			"::Guess:: A guess is a fact. {FALSE#No: it is an interpretation.#Right.}",
			gift.Question{
				Title: "Guess", Stem: "A guess is a fact.", Kind: gift.TrueFalse, Line: 1,
				Answers: []gift.Answer{{"true", 0, "No: it is an interpretation.", 1}, {"false", 100, "Right.", 1}},
			},
		},
		"a short answer": {
			"::Who:: Whom do you call? {=duty supervisor =the duty supervisor}",
			gift.Question{
				Title: "Who", Stem: "Whom do you call?", Kind: gift.Short, Line: 1,
				Answers: []gift.Answer{{"duty supervisor", 100, "", 1}, {"the duty supervisor", 100, "", 1}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseOne(t, given.text); !reflect.DeepEqual(got, given.want) {
				t.Errorf("got  %+v\nwant %+v", got, given.want)
			}
		})
	}
}

func TestParseExplainsEachMistakeByItsLine(t *testing.T) {
	for name, given := range map[string]struct {
		text, word string
		line       int
	}{
		"no title":           {"\n\nWhat is this? {=a ~b}", "title", 3},
		"open title":         {"::Title\nWhat? {=a ~b}", "two colons", 1},
		"no braces":          {"::T:: What?", "no answers", 1},
		"open braces":        {"::T:: What? {=a\n~b", "do not end", 1},
		"nothing asked":      {"::T:: {=a ~b}", "asks nothing", 1},
		"no right answer":    {"::T:: What? {~a\n~b}", "none of its answers is right", 1},
		"shares beyond 100":  {"::T:: What? {~%50%a ~%60%b ~c}", "110", 1},
		"one choice":         {"::T:: What? {~%100%a}", "at least two", 1},
		"an odd share":       {"::T:: What? {=a\n~%much%b}", "share", 2},
		"an empty answer":    {"::T:: What? {=a\n~ \n~b}", "empty", 2},
		"matching":           {"::T:: Match {=a -> b =c -> d}", "matching", 1},
		"numerical":          {"::T:: How many? {#4}", "numerical", 1},
		"essay":              {"::T:: Tell {}", "essay", 1},
		"a gap":              {"::T:: Grass is {=green ~red} today", "after }", 1},
		"HTML":               {"::T:: [html]<b>What?</b> {=a ~b}", "HTML", 1},
		"neither true":       {"::T:: Is it? {maybe}", "maybe", 1},
		"HTML in an answer":  {"::T:: What? {=a\n~[html]b}", "HTML", 2},
		"a tag":              {"::T:: <p>What?</p> {=a ~b}", "HTML", 1},
		"a tag in feedback":  {"::T:: What? {=a\n~b#No<br/>}", "HTML", 2},
		"nothing accepted":   {"::T:: What? {=%0%a =%0%b}", "none of its answers is right", 1},
		"half accepted":      {"::T:: What? {=%50%a}", "wholly right", 1},
		"three feedbacks":    {"::T:: Is it? {T#no#yes#perhaps}", "two feedbacks", 1},
		"not a number":       {"::T:: What? {=a\n~%NaN%b}", "share", 2},
		"two full and share": {"::T:: What? {=a ~%50%b ~c}", "share", 1},
	} {
		t.Run(name, func(t *testing.T) {
			questions, mistakes := gift.Parse(given.text)
			if len(questions) != 0 || len(mistakes) != 1 {
				t.Fatalf("got %d questions and the mistakes %v, want one mistake alone", len(questions), mistakes)
			}
			if m := mistakes[0]; m.Line != given.line || !strings.Contains(m.Sentence, given.word) {
				t.Errorf("got line %d: %s; want line %d with %q", m.Line, m.Sentence, given.line, given.word)
			}
		})
	}
}

func TestSharesAreWholeAndSumTo100(t *testing.T) {
	for name, given := range map[string]struct {
		text string
		want []int
	}{
		"thirds with decimals": {"::T:: What? {~%33.33333%a ~%33.33333%b ~%33.33333%c ~d}", []int{34, 33, 33, 0}},
		"rounded thirds":       {"::T:: What? {~%33%a ~%33%b ~%33%c ~d}", []int{34, 33, 33, 0}},
		"sixths":               {"::T:: What? {~%16.66667%a ~%16.66667%b ~%16.66667%c ~%16.66667%d ~%16.66667%e ~%16.66667%f}", []int{17, 17, 17, 17, 16, 16}},
		"unequal":              {"::T:: What? {~%66.66667%a ~%33.33333%b ~%-50%c}", []int{67, 33, -50}},
		"one hundredth":        {"::T:: What? {~%0.5%a ~%99.5%b ~c}", []int{1, 99, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, answer := range parseOne(t, given.text).Answers {
				got = append(got, answer.Weight)
			}
			if !reflect.DeepEqual(got, given.want) {
				t.Errorf("got %v, want %v", got, given.want)
			}
		})
	}
}

func TestMarksCategoriesAndCommentsAreLeftOut(t *testing.T) {
	q := parseOne(t, "\ufeff$CATEGORY: wing/one\r\n\r\n::T::[markdown] What *now*? {\r\n// not yet\r\n=[plain]Go [in]\r\n~[moodle]Wait#[markdown]Why?\r\n}\r\n")
	want := gift.Question{
		Title: "T", Stem: "What *now*?", Kind: gift.Single, Line: 3,
		Answers: []gift.Answer{{"Go [in]", 100, "", 5}, {"Wait", 0, "Why?", 6}},
	}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("got  %+v\nwant %+v", q, want)
	}
}

func TestALessThanSignIsNoHTML(t *testing.T) {
	if q := parseOne(t, "::T:: Is 3 < 4 and Dear <name> right? {T}"); q.Stem != "Is 3 < 4 and Dear <name> right?" {
		t.Errorf("got %q", q.Stem)
	}
}

func TestAMistakeDoesNotHideTheOtherQuestions(t *testing.T) {
	questions, mistakes := gift.Parse("::A:: What? {=a ~b}\n\n::B:: broken {\n\n::C:: What? {T}")
	if len(questions) != 2 || len(mistakes) != 1 {
		t.Fatalf("got %d questions and %v, want two and one mistake", len(questions), mistakes)
	}
}

// plainText is text in the form that reading leaves: no runs of spaces, none at the ends.
func plainText(label string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		raw := rapid.StringOfN(rapid.RuneFrom([]rune(`abcÄé 1=~#{}:\/%-.,?[]>`)), 1, 30, -1).Draw(t, label)
		words := strings.Fields(raw)
		if len(words) == 0 {
			return "x"
		}
		return strings.Join(words, " ")
	})
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bank []gift.Question
		for range rapid.IntRange(1, 4).Draw(t, "questions") {
			q := gift.Question{
				Title: "t" + plainText("title").Draw(t, "title"), Stem: "s" + plainText("stem").Draw(t, "stem"),
				Kind: gift.Kind(rapid.IntRange(0, 3).Draw(t, "kind")),
			}
			if rapid.Bool().Draw(t, "general") {
				q.General = rapid.SampledFrom([]string{"", "[html] ", "[markdown]"}).Draw(t, "mark") + "g" + plainText("general").Draw(t, "general")
			}
			weights := map[gift.Kind][]int{gift.Single: {100, 0, -50}, gift.Several: {34, 33, 33, 0, -100}, gift.TrueFalse: {0, 100}, gift.Short: {100, 40}}[q.Kind]
			for i, weight := range weights {
				answer := gift.Answer{Text: plainText("answer").Draw(t, "answer"), Weight: weight}
				switch q.Kind {
				case gift.TrueFalse:
					answer.Text = []string{"true", "false"}[i]
				case gift.Short: // an arrow would make it a matching question, which the format cannot tell apart
					answer.Text = strings.ReplaceAll(answer.Text, ">", "x")
				}
				if rapid.Bool().Draw(t, "has feedback") {
					answer.Feedback = "f" + plainText("feedback").Draw(t, "feedback")
				}
				q.Answers = append(q.Answers, answer)
			}
			bank = append(bank, q)
		}
		written := gift.Write(bank)
		read, mistakes := gift.Parse(written)
		if len(mistakes) > 0 {
			t.Fatalf("mistakes %v in\n%s", mistakes, written)
		}
		for i := range read {
			read[i].Line = 0
			for j := range read[i].Answers {
				read[i].Answers[j].Line = 0
			}
		}
		if !reflect.DeepEqual(read, bank) {
			t.Fatalf("got  %+v\nwant %+v\nfrom\n%s", read, bank, written)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("::T:: What? {=a#yes ~%50%b ####g}\n\n::U:: Is it? {T}")
	f.Add("::\\::\\{ {")
	f.Add("$CATEGORY: x\n//\n::a::b{~%-100%c=d->e}")
	f.Fuzz(func(t *testing.T, text string) {
		questions, mistakes := gift.Parse(text)
		lines := strings.Count(text, "\n") + 1
		for _, m := range mistakes {
			if m.Line < 1 || m.Line > lines || m.Sentence == "" {
				t.Fatalf("the mistake %+v has no place in a text of %d lines", m, lines)
			}
		}
		for _, q := range questions {
			if q.Title == "" || q.Stem == "" || len(q.Answers) == 0 || q.Line < 1 || q.Line > lines {
				t.Fatalf("an incomplete question was accepted: %+v", q)
			}
			right, sum := 0, 0
			for _, answer := range q.Answers {
				if answer.Weight > 0 {
					right, sum = right+1, sum+answer.Weight
				}
			}
			if right == 0 || q.Kind != gift.Short && sum != 100 {
				t.Fatalf("a question with %d right answers of %d %% was accepted: %+v", right, sum, q)
			}
		}
		again, mistakes := gift.Parse(gift.Write(questions))
		if len(mistakes) > 0 || len(again) != len(questions) {
			t.Fatalf("what was written is not read back: %v in\n%s", mistakes, gift.Write(questions))
		}
	})
}
