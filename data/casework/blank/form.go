package blank

import (
	"fmt"
	"strings"
	"time"

	"wardbook/data/casework"
	"wardbook/data/content"
	"wardbook/data/format/paper"
)

// formOf lays a checklist out for paper: every item with its guidance, its answers as boxes, and room for what the
// program would ask.
func formOf(document content.Document, state content.State, number string, at time.Time) paper.Form {
	checklist := *document.Checklist
	form := paper.Form{
		Title:   in(document.Title),
		About:   fmt.Sprintf("Checklist %s, version %d", document.ID, document.Version),
		Number:  number,
		Footer:  fmt.Sprintf("%s · version %d", document.ID, document.Version),
		Purpose: in(checklist.Purpose),
		Printed: at,
	}
	if day, err := time.Parse(time.DateOnly, document.EffectiveFrom); err == nil {
		form.About += ", in force from " + day.Format("2 Jan 2006")
	}
	form.About += ". Printed on " + at.Format("2 Jan 2006") + "."
	if state == content.StateSuperseded {
		form.About += " A newer version is in use."
	}
	if introduction := in(checklist.Introduction); introduction != "" {
		form.Notes = append(form.Notes, introduction)
	}
	form.Notes = append(form.Notes, notes(checklist)...)
	form.Head = head(checklist)
	answers := answerWords(casework.AnswersOf(checklist))
	for i, section := range casework.SectionsOf(checklist) {
		drawn := paper.Section{Title: fmt.Sprintf("%d  %s", i+1, in(section.Title)), Guidance: in(section.Guidance)}
		for j, item := range section.Items {
			drawn.Items = append(drawn.Items, itemOf(checklist, item, fmt.Sprintf("%d.%d", i+1, j+1), answers))
		}
		form.Sections = append(form.Sections, drawn)
	}
	if closing := closingOf(checklist); len(closing.Items) > 0 {
		form.Sections = append(form.Sections, closing)
	}
	if checklist.Kind == content.ChecklistObservation {
		form.Sections = append(form.Sections, moreOccasions())
	}
	form.Tail = []paper.Row{
		{{Label: "Filled in by (account name)", Share: 0.5}, {Label: "Date", Share: 0.2}, {Label: "Signature"}},
		{{Label: "Entered into Wardbook by (account name)", Share: 0.5}, {Label: "Date", Share: 0.2}, {Label: "This sheet was destroyed on"}},
	}
	return form
}

func in(text content.Text) string {
	said, _ := text.In(content.DefaultLanguage)
	return strings.TrimSpace(said)
}

func notes(checklist content.Checklist) []string {
	var list []string
	if checklist.Kind == content.ChecklistObservation {
		list = append(list,
			"If somebody may come to harm, tell the duty supervisor now; then go on writing.",
			"Write what you saw or heard, and your own interpretation in its own place. “Not enough information” is always an answer. "+
				"Answer the protective items first, each of them. Leave open what you did not look at.")
	}
	if checklist.Kind == content.ChecklistEnvironment {
		list = append(list, "This sheet is about the prison. Name no prisoner on it.")
	} else {
		list = append(list, "Use the prison's own reference for a person, never a name. Once filled in, this sheet is confidential: keep it locked away, "+
			"have it entered, then destroy it.")
	}
	return list
}

func head(checklist content.Checklist) []paper.Row {
	if checklist.Kind == content.ChecklistEnvironment {
		return []paper.Row{{{Label: "Prison and unit", Share: 0.6}, {Label: "Date"}}}
	}
	categories, statuses := paper.Row{}, paper.Row{}
	for _, category := range casework.Categories() {
		categories = append(categories, paper.Blank{Label: words(string(category)), Tick: true})
	}
	for _, status := range casework.LegalStatuses() {
		statuses = append(statuses, paper.Blank{Label: statusWords(status), Tick: true})
	}
	reference := "The prison's own reference for the person"
	if checklist.Kind == content.ChecklistProcess {
		reference += ", if it concerns one"
	}
	return []paper.Row{{{Label: reference, Share: 0.6}, {Label: "Unit"}}, categories, statuses}
}

func statusWords(status casework.LegalStatus) string {
	switch status {
	case casework.StatusPreTrial:
		return "Held before trial"
	case casework.StatusAppeal:
		return "Judgment not final"
	case casework.StatusSentenced:
		return "Sentenced"
	default:
		return "Another status"
	}
}

func itemOf(checklist content.Checklist, item content.Item, mark string, answers []string) paper.Item {
	drawn := paper.Item{Mark: mark, Text: in(item.Text), Boxes: answers}
	if guidance := in(item.Guidance); guidance != "" {
		drawn.Guidance = append(drawn.Guidance, guidance)
	}
	if other := in(item.NotToBeConfusedWith); other != "" {
		drawn.Guidance = append(drawn.Guidance, "Not to be confused with: "+other)
	}
	if checklist.Kind == content.ChecklistObservation {
		drawn.Rows = append(evidenceRows(), paper.Row{{Label: "Your interpretation, apart from the facts", Lines: 1}})
		return drawn
	}
	label := "Remark"
	if item.EvidenceRequired {
		label = "Reason"
	}
	drawn.Rows = []paper.Row{{{Label: label, Lines: 2}}}
	return drawn
}

func evidenceRows() []paper.Row {
	return []paper.Row{
		{{Label: "Date", Share: 0.18}, {Label: "Time", Share: 0.12}, {Label: "Place", Share: 0.3}, {Label: "I saw or heard it myself", Share: 0.16, Tick: true}, {Label: "or reported by"}},
		{{Label: "Fact: what was seen or heard", Lines: 2}},
		{{Label: "How it is known (seen, heard, told, read)", Share: 0.5}, {Label: "Where the underlying note or report is kept"}},
	}
}

// moreOccasions is room for what happened more than once.
func moreOccasions() paper.Section {
	section := paper.Section{Title: "Further occasions", Guidance: "Where something happened more than once, describe each occasion. Name the item by its number."}
	for range 2 {
		section.Items = append(section.Items, paper.Item{Text: "Item number: ______", Rows: evidenceRows()})
	}
	return section
}

func closingOf(checklist content.Checklist) paper.Section {
	section := paper.Section{Title: "Before this is submitted"}
	for _, closing := range casework.ClosingOf(checklist) {
		item := paper.Item{Text: in(closing.Text), Rows: []paper.Row{{{Label: "Answer", Lines: 3}}}}
		if none := in(closing.NoneAnswer); none != "" {
			item.Boxes = []string{none}
		}
		section.Items = append(section.Items, item)
	}
	return section
}

func answerWords(answers []string) []string {
	list := make([]string, len(answers))
	for i, answer := range answers {
		list[i] = words(answer)
	}
	return list
}

// words turns an id such as not-observed into words.
func words(id string) string {
	text := strings.ReplaceAll(id, "-", " ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
