package learning

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"wardbook/data/content"
)

// draw chooses the questions of an attempt and the order of them and of their answers. The same seed gives the same
// attempt. True and false keep their order; the accepted short answers are never shown, so theirs does not matter.
func draw(questions []content.Question, count int, seed int64) []content.Question {
	r := rand.New(rand.NewPCG(uint64(seed), 0x57617264626f6f6b))
	drawn := slices.Clone(questions)
	r.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	if count > 0 && count < len(drawn) {
		drawn = drawn[:count]
	}
	for i, question := range drawn {
		if question.Kind != content.QuestionSingle && question.Kind != content.QuestionSeveral {
			continue
		}
		answers := slices.Clone(question.Answers)
		r.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
		drawn[i].Answers = answers
	}
	return drawn
}

// whole is the weight of an answer that is right by itself.
const whole = 100

// isRight decides whether a question was answered rightly. There is no part of a point: a quiz here asks whether
// somebody may be trusted to write about people, and half an answer does not say so.
//
//   - one right answer, true or false: the one chosen answer has the full weight of 100 %;
//   - several right answers: exactly the answers with a weight above 0 were chosen, no more and no fewer;
//   - short answer: the text is one of the answers with full weight, whatever its case, accents and spaces.
func isRight(q content.Question, given Given) bool {
	switch q.Kind {
	case content.QuestionSeveral:
		for _, answer := range q.Answers {
			if (answer.Weight > 0) != slices.Contains(given.AnswerIDs, answer.ID) {
				return false
			}
		}
		return len(given.AnswerIDs) > 0
	case content.QuestionShort:
		match, ok := matching(q, given.Text)
		return ok && match.Weight == whole
	default:
		return len(given.AnswerIDs) == 1 && slices.ContainsFunc(q.Answers, func(a content.Answer) bool {
			return a.ID == given.AnswerIDs[0] && a.Weight == whole
		})
	}
}

// correct returns what would have been right.
func correct(q content.Question) []content.Answer {
	var right []content.Answer
	for _, answer := range q.Answers {
		if answer.Weight == whole || q.Kind == content.QuestionSeveral && answer.Weight > 0 {
			right = append(right, answer)
		}
	}
	return right
}

// feedback returns what the question says to the answers that were chosen, and then what it says to everybody.
func feedback(q content.Question, given Given) []content.Text {
	var texts []content.Text
	add := func(text content.Text) {
		if len(text) > 0 {
			texts = append(texts, text)
		}
	}
	if q.Kind == content.QuestionShort {
		if match, ok := matching(q, given.Text); ok {
			add(match.Feedback)
		}
	} else {
		for _, answer := range q.Answers {
			if slices.Contains(given.AnswerIDs, answer.ID) {
				add(answer.Feedback)
			}
		}
	}
	add(q.General)
	return texts
}

// matching finds the expected short answer that a text fits, the one with the most weight if there are several. It may
// be one that the author listed as wrong, with feedback. Every language of the module counts.
func matching(q content.Question, typed string) (content.Answer, bool) {
	plain := plainText(typed)
	var best content.Answer
	found := false
	if plain == "" {
		return best, false
	}
	for _, answer := range q.Answers {
		for _, text := range answer.Text {
			if plainText(text) == plain && (!found || answer.Weight > best.Weight) {
				best, found = answer, true
			}
		}
	}
	return best, found
}

// plainText is a short answer without what must not make it wrong: case, accents and vowel marks, spaces, and full
// stops and the like at its end. It keeps signs that carry meaning, such as the comma in 3,5.
func plainText(text string) string {
	text = strings.TrimRightFunc(strings.TrimSpace(text), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(".!?؟。", r) })
	var plain strings.Builder
	for _, r := range norm.NFKD.String(cases.Fold().String(text)) {
		const tatweel = 'ـ' // only stretches an Arabic word
		if !unicode.Is(unicode.Mn, r) && !unicode.IsSpace(r) && r != tatweel {
			plain.WriteRune(r)
		}
	}
	return norm.NFC.String(plain.String())
}
