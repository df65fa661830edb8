package content

import (
	"slices"
	"strings"
)

func (r *folderReader) checklist(fields *record, source *Source) {
	source.Document.Kind = KindChecklist
	body := &Checklist{
		Kind:         ChecklistKind(fields.oneOf("kind", "", string(ChecklistObservation), string(ChecklistEnvironment), string(ChecklistProcess))),
		Purpose:      fields.text("purpose", true),
		Introduction: fields.text("introduction", false),
		Roles:        fields.strings("roles", true),
		Course:       fields.str("course", false),
		Answers:      fields.strings("answers", true),
		Sources:      fields.strings("sources", false),
	}
	source.Document.Checklist = body
	source.lines["field course"] = place{fields.file, fields.line("course")}
	r.roles(fields, body.Roles)
	sets := AnswerSets(body.Kind)
	if len(sets) > 0 && !slices.ContainsFunc(sets, func(set []string) bool { return slices.Equal(set, body.Answers) }) {
		var allowed []string
		for _, set := range sets {
			allowed = append(allowed, strings.Join(set, ", "))
		}
		fields.errorf("answers", "the answers of this kind of checklist are: %s", strings.Join(allowed, "; or: "))
	}
	for _, entry := range fields.records("sections", true) {
		body.Sections = append(body.Sections, r.section(entry, source))
	}
	for _, entry := range fields.records("closing", false) {
		closing := Closing{ID: entry.id("id"), Text: entry.text("text", true), NoneAnswer: entry.text("none_answer", false)}
		r.part(source, entry, closing.ID)
		entry.done()
		body.Closing = append(body.Closing, closing)
	}
	if body.Kind == ChecklistObservation {
		r.checkObservation(fields, body)
	}
}

func (r *folderReader) section(entry *record, source *Source) Section {
	section := Section{ID: entry.id("id"), Title: entry.text("title", true), Guidance: entry.text("guidance", false)}
	if before, ok := source.lines["section "+section.ID]; ok && section.ID != "" {
		entry.errorf("id", "the id “%s” is used in line %d already", section.ID, before.line)
	}
	source.lines["section "+section.ID] = place{entry.file, entry.line("id")}
	for _, fields := range entry.records("items", true) {
		item := Item{
			ID: fields.id("id"),
			Kind: ItemKind(fields.oneOf("kind", "", string(ItemProtective), string(ItemConcern),
				string(ItemSafeguard), string(ItemEnvironment))),
			Text: fields.text("text", true), Guidance: fields.text("guidance", true),
			NotToBeConfusedWith: fields.text("not_to_be_confused_with", true),
			EvidenceRequired:    fields.flag("evidence_required"),
			TaughtIn:            fields.str("taught_in", false), Source: fields.str("source", false),
		}
		r.part(source, fields, item.ID)
		kind := source.Document.Checklist.Kind
		if fitting := itemKinds(kind); fitting != nil && slices.Contains(allItemKinds(), item.Kind) && !slices.Contains(fitting, item.Kind) {
			fields.errorf("kind", "a checklist of the kind “%s” has no “%s” items, only: %s", kind, item.Kind, joined(fitting))
		}
		if kind == ChecklistObservation && item.Kind == ItemConcern && !item.EvidenceRequired {
			fields.errorf("evidence_required", "a concern is never noted without evidence: set evidence_required: true")
		}
		fields.done()
		section.Items = append(section.Items, item)
	}
	entry.done()
	return section
}

// checkObservation holds the safeguards of a form about a person: what protects comes first, and another explanation is
// asked for.
func (r *folderReader) checkObservation(fields *record, body *Checklist) {
	if body.Course == "" {
		fields.errorf("course", "an observation checklist names the course whose certificate filling it takes")
	}
	first := len(body.Sections) > 0 && len(body.Sections[0].Items) > 0
	if !first || slices.ContainsFunc(body.Sections[0].Items, func(i Item) bool { return i.Kind != ItemProtective }) {
		fields.errorf("sections", "the first section of an observation checklist holds the protective factors, and only these")
	}
	if !slices.ContainsFunc(body.Closing, func(c Closing) bool { return c.ID == "alternative-explanation" }) {
		fields.errorf("closing", "an observation checklist asks for another explanation: a closing question with the id alternative-explanation")
	}
}

func allItemKinds() []ItemKind {
	return []ItemKind{ItemProtective, ItemConcern, ItemSafeguard, ItemEnvironment}
}

// itemKinds are the items that a checklist of a kind may hold: what a person does and what the prison provides never
// stand in one form.
func itemKinds(kind ChecklistKind) []ItemKind {
	switch kind {
	case ChecklistObservation:
		return []ItemKind{ItemProtective, ItemConcern}
	case ChecklistEnvironment:
		return []ItemKind{ItemEnvironment}
	case ChecklistProcess:
		return []ItemKind{ItemSafeguard}
	}
	return nil
}
