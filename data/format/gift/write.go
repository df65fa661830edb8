package gift

import (
	"fmt"
	"strings"
)

// Write returns a bank that Parse reads back. The format cannot say three things: a run of spaces, a tag of HTML, and an
// arrow (->) in a short answer, where it would make pairs to be matched.
func Write(questions []Question) string {
	var b strings.Builder
	for _, q := range questions {
		fmt.Fprintf(&b, "::%s:: %s {\n", escape(q.Title), marked(q.Stem))
		if q.Kind == TrueFalse {
			writeTrueFalse(&b, q)
		} else {
			for _, answer := range q.Answers {
				writeAnswer(&b, q.Kind, answer)
			}
		}
		if q.General != "" {
			fmt.Fprintf(&b, "####%s\n", marked(q.General))
		}
		b.WriteString("}\n\n")
	}
	return b.String()
}

func writeAnswer(b *strings.Builder, kind Kind, answer Answer) {
	mistakable := strings.HasPrefix(answer.Text, "%") // would be read as a share: so the share is written
	switch {
	case answer.Weight == 100 && kind != Several && !mistakable:
		b.WriteString("=")
	case kind == Short || answer.Weight == 100 && kind != Several:
		fmt.Fprintf(b, "=%%%d%%", answer.Weight)
	case answer.Weight == 0 && !mistakable:
		b.WriteString("~")
	default:
		fmt.Fprintf(b, "~%%%d%%", answer.Weight)
	}
	b.WriteString(marked(answer.Text))
	if answer.Feedback != "" {
		b.WriteString(" #" + marked(answer.Feedback))
	}
	b.WriteString("\n")
}

func writeTrueFalse(b *strings.Builder, q Question) {
	word, right, wrong := "FALSE", Answer{}, Answer{}
	for _, answer := range q.Answers {
		if answer.Weight > 0 {
			right = answer
			if answer.Text == "true" {
				word = "TRUE"
			}
		} else {
			wrong = answer
		}
	}
	b.WriteString(word)
	if wrong.Feedback != "" || right.Feedback != "" {
		b.WriteString("#" + marked(wrong.Feedback))
	}
	if right.Feedback != "" {
		b.WriteString("#" + marked(right.Feedback))
	}
	b.WriteString("\n")
}

// marked is a text with its escapes. One that starts like a format mark gets a mark of its own, so that reading takes
// off this one alone.
func marked(text string) string {
	if strings.HasPrefix(text, "[") {
		return "[markdown]" + escape(text)
	}
	return escape(text)
}

// escape marks the characters that would mean something in the format.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
			continue
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
