// Package gift reads and writes question banks in the GIFT text format: single choice, several right answers,
// true/false and short answers, with feedback for each answer. It explains each mistake by its line. It knows nothing
// of courses.
package gift

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind tells how a question is answered.
type Kind int

// The kinds of questions that are understood.
const (
	Single    Kind = iota // one of the answers has the weight 100
	Several               // the weights above 0 sum to 100
	TrueFalse             // answers are "true" and "false", in this order
	Short                 // the answers are what is accepted; one at least has the weight 100
)

// Question is one question of a bank. Line is where it starts, from 1.
type Question struct {
	Title   string
	Stem    string
	Kind    Kind
	Answers []Answer
	General string // feedback whatever was chosen
	Line    int
}

// Answer is a choice, or an accepted short answer. Weight is in per cent, -100 to 100.
type Answer struct {
	Text     string
	Weight   int
	Feedback string
	Line     int
}

// Mistake says what is wrong in which line.
type Mistake struct {
	Line     int
	Sentence string
}

// MaxBytes bounds a bank.
const MaxBytes = 4 << 20

// Parse reads a bank. Questions that have mistakes are left out.
func Parse(text string) ([]Question, []Mistake) {
	if len(text) > MaxBytes {
		return nil, []Mistake{{1, fmt.Sprintf("the question bank is larger than %d MiB", MaxBytes>>20)}}
	}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	var questions []Question
	var mistakes []Mistake
	for _, b := range blocks(text) {
		question, mistake := parseQuestion(b)
		if mistake != nil {
			mistakes = append(mistakes, *mistake)
			continue
		}
		questions = append(questions, question)
	}
	return questions, mistakes
}

// block is the text of one question; line is that of its first character.
type block struct {
	text string
	line int
}

// blocks cuts a bank at empty lines, and drops comments and category lines.
func blocks(text string) []block {
	var found []block
	var lines []string
	start := 0
	flush := func() {
		if strings.TrimSpace(strings.Join(lines, "")) != "" {
			found = append(found, block{strings.Join(lines, "\n"), start})
		}
		lines = nil
	}
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			flush()
			continue
		case strings.HasPrefix(trimmed, "//"), strings.HasPrefix(trimmed, "$CATEGORY:"):
			line = "" // keeps the count of lines within a question
		}
		if lines == nil {
			if line == "" {
				continue
			}
			start = i + 1
		}
		lines = append(lines, line)
	}
	flush()
	return found
}

// cursor walks over a question, skipping over escaped characters.
type cursor struct {
	text string
	at   int
	line int
}

// until returns what comes before the next unescaped character of the set, or all if none comes; found is 0 then.
func (c *cursor) until(set string) (text string, found byte) {
	start := c.at
	for ; c.at < len(c.text); c.at++ {
		switch ch := c.text[c.at]; {
		case ch == '\\' && c.at+1 < len(c.text):
			c.at++
			if c.text[c.at] == '\n' {
				c.line++
			}
		case strings.IndexByte(set, ch) >= 0:
			text = c.text[start:c.at]
			c.at++
			return text, ch
		case ch == '\n':
			c.line++
		}
	}
	return c.text[start:], 0
}

func parseQuestion(b block) (Question, *Mistake) {
	question := Question{Line: b.line}
	wrong := func(line int, format string, args ...any) (Question, *Mistake) {
		return Question{}, &Mistake{line, fmt.Sprintf(format, args...)}
	}
	rest, leading := strings.TrimLeft(b.text, " \t\n"), 0
	leading = strings.Count(b.text[:len(b.text)-len(rest)], "\n")
	c := &cursor{text: rest, line: b.line + leading}
	if !strings.HasPrefix(rest, "::") {
		return wrong(c.line, "a question starts with its title between two colons, like ::Night visit::")
	}
	c.at = 2
	title, found := c.until(":")
	if found == 0 || c.at >= len(c.text) || c.text[c.at] != ':' {
		return wrong(b.line, "the title of the question does not end with two colons")
	}
	c.at++
	if question.Title = clean(title); question.Title == "" {
		return wrong(b.line, "the title of the question is empty")
	}
	stem, found := c.until("{")
	if found == 0 {
		return wrong(b.line, "“%s” has no answers between { and }", question.Title)
	}
	var mistake string
	if question.Stem, mistake = plain(stem); mistake != "" {
		return wrong(b.line, "“%s”: %s", question.Title, mistake)
	}
	if question.Stem == "" {
		return wrong(b.line, "“%s” asks nothing: write the question before {", question.Title)
	}
	answersLine := c.line
	body, found := c.until("}")
	if found == 0 {
		return wrong(answersLine, "the answers of “%s” do not end with }", question.Title)
	}
	if after := strings.TrimSpace(c.text[c.at:]); after != "" {
		return wrong(c.line, "“%s”: text after } is not supported (a gap in a sentence is not one of the kinds of questions here)", question.Title)
	}
	if strings.HasPrefix(strings.TrimSpace(body), "#") && !strings.HasPrefix(strings.TrimSpace(body), "####") {
		return wrong(answersLine, "“%s” is a numerical question, which is not supported", question.Title)
	}
	if sentence, line := question.parseAnswers(body, answersLine); sentence != "" {
		return wrong(line, "“%s”: %s", question.Title, sentence)
	}
	return question, nil
}

// parseAnswers reads what stands between the braces; sentence is "" when all is well.
func (q *Question) parseAnswers(body string, line int) (sentence string, at int) {
	if i := indexUnescaped(body, "####"); i >= 0 {
		if q.General, sentence = plain(body[i+4:]); sentence != "" {
			return sentence, line + strings.Count(body[:i], "\n")
		}
		body = body[:i]
	}
	trimmed := strings.TrimSpace(body)
	if trimmed == "" {
		return "it has no answers (an essay is not supported)", line
	}
	if trimmed[0] != '=' && trimmed[0] != '~' {
		return q.parseTrueFalse(body, line)
	}
	choices := indexUnescaped(body, "~") >= 0
	var shares []float64
	c := &cursor{text: body, line: line}
	_, mark := c.until("=~")
	for mark != 0 {
		answer := Answer{Line: c.line}
		text, next := c.until("=~#")
		if next == '#' {
			var feedback string
			feedback, next = c.until("=~")
			if answer.Feedback, sentence = plain(feedback); sentence != "" {
				return sentence, answer.Line
			}
		}
		text, share, sentence := takeShare(text)
		if sentence != "" {
			return sentence, answer.Line
		}
		if share == nil {
			share = new(float64)
			if mark == '=' {
				*share = whole
			}
		}
		if !choices && strings.Contains(text, "->") {
			return "it is a matching question, which is not supported", answer.Line
		}
		if answer.Text, sentence = plain(text); sentence != "" {
			return sentence, answer.Line
		}
		if answer.Text == "" {
			return "one of its answers is empty", answer.Line
		}
		q.Answers, shares = append(q.Answers, answer), append(shares, *share)
		mark = next
	}
	if sentence := q.decideKind(choices, shares); sentence != "" {
		return sentence, line
	}
	for i, weight := range wholeShares(shares) {
		q.Answers[i].Weight = weight
	}
	return "", 0
}

// whole is the share of an answer that is right by itself, in per cent.
const whole = 100

func (q *Question) decideKind(choices bool, shares []float64) (sentence string) {
	full, positive, sum := 0, 0, 0.0
	for _, share := range shares {
		if share == whole {
			full++
		}
		if share > 0 {
			positive++
			sum += share
		}
	}
	switch {
	case positive == 0:
		return "none of its answers is right"
	case !choices && full == 0:
		return "none of its answers is wholly right; one of them has no share or %100%"
	case !choices:
		q.Kind = Short
	case len(q.Answers) < 2:
		return "a choice needs at least two answers"
	case full == 1 && positive == 1:
		q.Kind = Single
	case full > 0:
		return "with several right answers each has a share, like ~%50%; = stands for the only right one"
	case sum < whole-1 || sum > whole+1: // thirds and sixths are written with two or more decimals, or rounded
		return fmt.Sprintf("the shares of its right answers add up to %.4g %%, not 100 %%", sum)
	default:
		q.Kind = Several
	}
	return ""
}

// wholeShares rounds shares. Those of several right answers still sum to 100 afterwards, as three thirds do: what was
// cut off most gets the rest.
func wholeShares(shares []float64) []int {
	weights := make([]int, len(shares))
	var parts []int
	sum := 0
	for i, share := range shares {
		if share <= 0 || share == whole {
			weights[i] = int(math.Round(share))
			continue
		}
		weights[i] = max(1, int(share))
		parts, sum = append(parts, i), sum+weights[i]
	}
	if sum == 0 || slices.Contains(weights, whole) {
		return weights
	}
	slices.SortStableFunc(parts, func(a, b int) int {
		return cmp.Compare(shares[b]-math.Floor(shares[b]), shares[a]-math.Floor(shares[a]))
	})
	for i := 0; sum != whole && len(parts) > 0; i = (i + 1) % len(parts) {
		if step := cmp.Compare(whole, sum); weights[parts[i]]+step >= 1 {
			weights[parts[i]] += step
			sum += step
		}
	}
	return weights
}

// parseTrueFalse reads {T}, {FALSE#feedback for the wrong choice#feedback for the right one}.
func (q *Question) parseTrueFalse(body string, line int) (sentence string, at int) {
	c := &cursor{text: body, line: line}
	word, next := c.until("#")
	var right bool
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "T", "TRUE":
		right = true
	case "F", "FALSE":
	default:
		return fmt.Sprintf("its answers start neither with = or ~ nor with T or F, but with “%.20s”", strings.TrimSpace(word)), line
	}
	var whenWrong, whenRight string
	if next == '#' {
		whenWrong, next = c.until("#")
	}
	if next == '#' {
		whenRight, next = c.until("#")
	}
	if next != 0 {
		return "a true or false question has two feedbacks at most: when the choice was wrong, then when it was right", line
	}
	for _, feedback := range []*string{&whenWrong, &whenRight} {
		if *feedback, sentence = plain(*feedback); sentence != "" {
			return sentence, line
		}
	}
	q.Kind = TrueFalse
	yes, no := Answer{Text: "true", Line: line}, Answer{Text: "false", Line: line}
	chosen, other := &yes, &no
	if !right {
		chosen, other = &no, &yes
	}
	chosen.Weight, chosen.Feedback, other.Feedback = whole, whenRight, whenWrong
	q.Answers = []Answer{yes, no}
	return "", 0
}

// takeShare cuts %50% off the front of an answer.
func takeShare(text string) (rest string, share *float64, mistake string) {
	trimmed := strings.TrimLeft(text, " \t\n")
	if !strings.HasPrefix(trimmed, "%") {
		return text, nil, ""
	}
	number, rest, ok := strings.Cut(trimmed[1:], "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || err != nil || math.IsNaN(value) || value < -whole || value > whole {
		return "", nil, "a share stands between two per cent signs and is -100 to 100, like %50%"
	}
	return rest, &value, ""
}

// plain takes off a format mark and escapes. HTML is refused: questions are plain text and Markdown here.
func plain(text string) (cleaned, mistake string) {
	trimmed := strings.TrimSpace(text)
	html := strings.HasPrefix(trimmed, "[html]")
	for _, mark := range formatMarks() {
		if rest, ok := strings.CutPrefix(trimmed, mark); ok {
			trimmed = rest
			break
		}
	}
	if html || htmlTag.MatchString(trimmed) {
		return "", "HTML is not supported: write the text plainly or in Markdown"
	}
	return clean(trimmed), ""
}

func formatMarks() []string { return []string{"[plain]", "[markdown]", "[moodle]"} }

var htmlTag = regexp.MustCompile(`(?i)</?(?:p|br|b|i|u|em|strong|span|div|img|a|ul|ol|li|table|tr|td|th|h[1-6]|sub|sup|pre|code|script|style|font|iframe)(?:\s[^<>]*)?/?>`)

const special = `~=#{}:\`

// maskEscapes replaces escaped characters, so that a plain search does not find them.
func maskEscapes(text string) string {
	masked := []byte(text)
	for i := 0; i+1 < len(masked); i++ {
		if masked[i] == '\\' {
			masked[i], masked[i+1] = '_', '_'
			i++
		}
	}
	return string(masked)
}

func indexUnescaped(text, wanted string) int { return strings.Index(maskEscapes(text), wanted) }

// clean takes escapes off and makes runs of spaces and line ends one space; \n is a wanted line end.
func clean(text string) string {
	var b strings.Builder
	space := false
	for i := 0; i < len(text); i++ {
		ch := text[i]
		if ch == '\\' && i+1 < len(text) {
			if next := text[i+1]; next == 'n' || strings.IndexByte(special, next) >= 0 {
				i++
				if next == 'n' {
					b.WriteByte('\n')
					space = false
					continue
				}
				ch = next
				if space && b.Len() > 0 {
					b.WriteByte(' ')
				}
				space = false
				b.WriteByte(ch)
				continue
			}
		}
		if ch == ' ' || ch == '\t' || ch == '\n' {
			space = true
			continue
		}
		if space && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte(' ')
		}
		space = false
		b.WriteByte(ch)
	}
	return strings.TrimSpace(b.String())
}
