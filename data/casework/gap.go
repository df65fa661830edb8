package casework

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardbook/data/content"
)

// IncompleteError says what is missing. It is ErrIncomplete.
type IncompleteError struct{ Gaps []Gap }

func (e *IncompleteError) Error() string {
	sentences := make([]string, 0, len(e.Gaps))
	for _, gap := range e.Gaps {
		sentences = append(sentences, gap.Sentence)
	}
	return ErrIncomplete.Error() + ": " + strings.Join(sentences, " ")
}

// Is makes every IncompleteError match ErrIncomplete.
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }

// sentence makes an error's text a sentence for people.
func sentence(err error) string {
	text := err.Error()
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// Gap is something a draft needs before it can be submitted. SectionID is "" for what belongs to the head and
// SectionClosing for the closing questions, whose ids are then in ItemID.
type Gap struct {
	SectionID string
	ItemID    string
	Occasion  int   // which Evidence of the item, from 0; -1 if it concerns none
	Field     Field // which field of it
	Sentence  string
}

// SectionClosing is the SectionID of closing questions.
const SectionClosing = "closing"

// Field names a field of the form.
type Field string

// The fields that a Gap may name.
const (
	FieldReference    Field = "reference"
	FieldCategory     Field = "category"
	FieldLegalStatus  Field = "legal-status"
	FieldUnit         Field = "unit"
	FieldAnswer       Field = "answer"
	FieldOccurredOn   Field = "occurred-on"
	FieldOccurredTime Field = "occurred-time"
	FieldPlace        Field = "place"
	FieldReportedBy   Field = "reported-by"
	FieldFact         Field = "fact"
	FieldHowKnown     Field = "how-known"
	FieldSourceHeldAt Field = "source-held-at"
	FieldRemark       Field = "remark"
	FieldClosing      Field = "closing"
)

// gaps collects what is missing.
type gaps struct {
	list []Gap
	now  time.Time
}

// add notes a gap. what completes the sentence.
func (g *gaps) add(section, item string, occasion int, field Field, format string, args ...any) {
	g.list = append(g.list, Gap{SectionID: section, ItemID: item, Occasion: occasion, Field: field, Sentence: fmt.Sprintf(format, args...)})
}

// gapsOf returns what a draft still needs, in the order of the form.
func gapsOf(d Draft, now time.Time) []Gap {
	g := &gaps{now: now}
	checklist := *d.Checklist.Checklist
	switch checklist.Kind {
	case content.ChecklistObservation:
		g.subject(d.Subject)
	case content.ChecklistProcess:
		if d.Subject.trimmed() != (SubjectInput{}) { // a procedure may concern nobody
			g.subject(d.Subject)
		}
	}
	for _, section := range SectionsOf(checklist) {
		for _, item := range section.Items {
			g.item(checklist, section.ID, item, d.Answers[item.ID].trimmed())
		}
	}
	for _, closing := range ClosingOf(checklist) {
		if strings.TrimSpace(d.Closing[closing.ID]) != "" {
			continue
		}
		if none := inEnglish(closing.NoneAnswer); none != "" {
			g.add(SectionClosing, closing.ID, -1, FieldClosing, "Answer “%s”; “%s” is an answer.", short(closing.Text), none)
		} else {
			g.add(SectionClosing, closing.ID, -1, FieldClosing, "Answer “%s”.", short(closing.Text))
		}
	}
	return g.list
}

func (g *gaps) subject(subject SubjectInput) {
	subject = subject.trimmed()
	g.reference(subject.Reference)
	if !slices.Contains(Categories(), subject.Category) {
		g.add("", "", -1, FieldCategory, "Choose the legal category of the person.")
	}
	if !slices.Contains(LegalStatuses(), subject.LegalStatus) {
		g.add("", "", -1, FieldLegalStatus, "Choose the legal status: being held before trial is not being convicted.")
	}
	if subject.Unit == "" {
		g.add("", "", -1, FieldUnit, "Give the unit.")
	}
}

const maxReference = 64

func (g *gaps) reference(reference string) {
	if reference == "" {
		g.add("", "", -1, FieldReference, "Give the prison's own reference for the person.")
	} else if utf8.RuneCountInString(reference) > maxReference {
		g.add("", "", -1, FieldReference, "The reference is longer than %d characters.", maxReference)
	}
}

func (g *gaps) item(checklist content.Checklist, section string, item content.Item, given ItemAnswer) {
	name := short(item.Text)
	observation := checklist.Kind == content.ChecklistObservation
	required := !observation || item.Kind == content.ItemProtective || !given.blank()
	switch {
	case given.Answer == "" && required && observation:
		g.add(section, item.ID, -1, FieldAnswer, "Answer “%s”; “not enough information” is an answer.", name)
		return
	case given.Answer == "" && required:
		g.add(section, item.ID, -1, FieldAnswer, "Answer “%s”.", name)
		return
	case given.Answer == "":
		return
	case !slices.Contains(AnswersOf(checklist), given.Answer):
		g.add(section, item.ID, -1, FieldAnswer, "Choose one of the answers to “%s”.", name)
		return
	}
	switch {
	case observation && Positive(given.Answer) && len(given.occasions()) == 0:
		g.add(section, item.ID, 0, FieldFact, "“%s”: describe at least one occasion: when, where, who saw it and what happened.", name)
	case observation && !Positive(given.Answer) && len(given.occasions()) > 0:
		g.add(section, item.ID, 0, FieldAnswer, "“%s” has an occasion described, but the answer does not say that it was observed: change one of them.", name)
	case !observation && given.Remark == "" && item.EvidenceRequired && (checklist.Kind == content.ChecklistProcess || given.Answer != answerInPlace):
		g.add(section, item.ID, -1, FieldRemark, "“%s”: give the reason.", name)
	}
	for i, evidence := range given.Evidence {
		if !evidence.blank() {
			g.evidence(section, item.ID, i, name, evidence)
		}
	}
}

// answerInPlace needs no reason in a check of the prison's own conditions.
const answerInPlace = "in-place"

func (g *gaps) evidence(section, item string, i int, name string, e Evidence) {
	g.day(section, item, i, name, e)
	if e.Place == "" {
		g.add(section, item, i, FieldPlace, "“%s”: say where it happened.", name)
	}
	if !e.Witnessed && e.ReportedBy == "" {
		g.add(section, item, i, FieldReportedBy, "“%s”: say that you saw or heard it yourself, or who reported it.", name)
	}
	if e.Fact == "" {
		g.add(section, item, i, FieldFact, "“%s”: describe what was seen or heard.", name)
	}
	if e.HowKnown == "" {
		g.add(section, item, i, FieldHowKnown, "“%s”: say how this is known, such as seen, heard, told or read.", name)
	}
	if !e.Witnessed && e.SourceHeldAt == "" {
		g.add(section, item, i, FieldSourceHeldAt, "“%s”: say where the underlying note or report is kept; “there is none” is an answer.", name)
	}
}

// oldest is how far back an occasion may lie; a date before is a slip of the keyboard.
const oldest = 10 // years

func (g *gaps) day(section, item string, i int, name string, e Evidence) {
	if e.OccurredOn == "" {
		g.add(section, item, i, FieldOccurredOn, "“%s”: give the date.", name)
		return
	}
	day, err := time.ParseInLocation(time.DateOnly, e.OccurredOn, g.now.Location())
	if err != nil {
		g.add(section, item, i, FieldOccurredOn, "“%s”: “%s” is not a date.", name, e.OccurredOn)
		return
	}
	if day.After(g.now) {
		g.add(section, item, i, FieldOccurredOn, "“%s”: %s is in the future.", name, day.Format(shownDay))
		return
	}
	if day.Before(g.now.AddDate(-oldest, 0, 0)) {
		g.add(section, item, i, FieldOccurredOn, "“%s”: %s is more than ten years ago; check the year.", name, day.Format(shownDay))
	}
	if e.OccurredTime == "" {
		return
	}
	clock, err := time.Parse("15:04", e.OccurredTime)
	if err != nil || clock.Format("15:04") != e.OccurredTime {
		g.add(section, item, i, FieldOccurredTime, "“%s”: “%s” is not a time; write it as 22:15.", name, e.OccurredTime)
		return
	}
	at := time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, day.Location())
	if at.After(g.now) {
		g.add(section, item, i, FieldOccurredTime, "“%s”: %s on %s is in the future.", name, e.OccurredTime, day.Format(shownDay))
	}
}

func inEnglish(text content.Text) string {
	said, _ := text.In(content.DefaultLanguage)
	return strings.TrimSpace(said)
}

// short names an item or question within a sentence.
func short(text content.Text) string {
	const most = 70
	letters := []rune(inEnglish(text))
	if len(letters) <= most {
		return string(letters)
	}
	return strings.TrimSpace(string(letters[:most-1])) + "…"
}

// trimmed is the answer without spaces around its texts.
func (a ItemAnswer) trimmed() ItemAnswer {
	a.Answer, a.Interpretation, a.Remark = strings.TrimSpace(a.Answer), strings.TrimSpace(a.Interpretation), strings.TrimSpace(a.Remark)
	var evidence []Evidence
	for _, e := range a.Evidence {
		for _, text := range []*string{&e.OccurredOn, &e.OccurredTime, &e.Place, &e.ReportedBy, &e.Fact, &e.HowKnown, &e.SourceHeldAt} {
			*text = strings.TrimSpace(*text)
		}
		evidence = append(evidence, e)
	}
	a.Evidence = evidence
	return a
}

// blank reports that nothing was typed.
func (a ItemAnswer) blank() bool {
	return a.Answer == "" && a.Interpretation == "" && a.Remark == "" && len(a.occasions()) == 0
}

// blank reports that nothing was typed; saying only that one saw it oneself is nothing yet.
func (e Evidence) blank() bool { return e == Evidence{} || e == Evidence{Witnessed: true} }

// occasions are those in which something was typed.
func (a ItemAnswer) occasions() []Evidence {
	return slices.DeleteFunc(slices.Clone(a.Evidence), Evidence.blank)
}

func (s SubjectInput) trimmed() SubjectInput {
	s.Reference, s.Unit = strings.TrimSpace(s.Reference), strings.TrimSpace(s.Unit)
	return s
}
