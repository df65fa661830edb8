package content

import (
	"fmt"
	"reflect"
)

// Compare says in plain lines what differs between two versions of a document. Whatever SameSubstance tells apart gets a
// line at least.
func Compare(before, after Document) []string {
	c := &comparison{}
	title := func(t Text) string { text, _ := t.In(DefaultLanguage); return text }
	c.field("Kind", before.Kind, after.Kind)
	c.field("What it is based on", before.BasedOn, after.BasedOn)
	c.field("Title", before.Title, after.Title)
	c.field("Summary", before.Summary, after.Summary)
	c.field("Languages", before.Languages, after.Languages)
	c.field("Pictures", before.Media, after.Media)
	switch {
	case before.Course != nil && after.Course != nil:
		c.field("Modules of the course", before.Course.Modules, after.Course.Modules)
		c.field("Pass mark", before.Course.PassMark, after.Course.PassMark)
		c.field("How long the certificate lasts", before.Course.CertificateMonths, after.Course.CertificateMonths)
		c.field("For whom it is meant", before.Course.Roles, after.Course.Roles)
	case before.Module != nil && after.Module != nil:
		b, a := before.Module, after.Module
		parts(c, "Lesson", b.Lessons, a.Lessons, func(l Lesson) (string, string) { return l.ID, title(l.Title) })
		parts(c, "Question", b.Questions, a.Questions, func(q Question) (string, string) { return q.ID, q.ID })
		c.field("Objectives", b.Objectives, a.Objectives)
		c.field("Sources", b.Sources, a.Sources)
		c.field("Minutes", b.Minutes, a.Minutes)
		c.field("Number of questions drawn", b.QuizDraw, a.QuizDraw)
	case before.Checklist != nil && after.Checklist != nil:
		b, a := before.Checklist, after.Checklist
		c.field("Purpose", b.Purpose, a.Purpose)
		c.field("Introduction", b.Introduction, a.Introduction)
		c.field("Who fills it", b.Roles, a.Roles)
		c.field("The course it takes", b.Course, a.Course)
		c.field("Kind of the checklist", b.Kind, a.Kind)
		c.field("Answers", b.Answers, a.Answers)
		parts(c, "Item", itemsOf(*b), itemsOf(*a), func(i Item) (string, string) { return i.ID, title(i.Text) })
		parts(c, "Closing question", b.Closing, a.Closing, func(q Closing) (string, string) { return q.ID, title(q.Text) })
		parts(c, "Section", sectionHeads(*b), sectionHeads(*a), func(s Section) (string, string) { return s.ID, title(s.Title) })
		c.field("Sources", b.Sources, a.Sources)
	case before.Glossary != nil && after.Glossary != nil:
		parts(c, "Term", before.Glossary.Terms, after.Glossary.Terms, func(t Term) (string, string) { return t.ID, title(t.Term) })
	}
	return c.lines
}

type comparison struct{ lines []string }

func (c *comparison) field(name string, before, after any) {
	if !reflect.DeepEqual(before, after) {
		c.lines = append(c.lines, name+" changed")
	}
}

// parts compares lists whose elements have ids. name gives an element's id and what people call it.
func parts[T any](c *comparison, kind string, before, after []T, name func(T) (id, called string)) {
	old := map[string]T{}
	var order []string
	for _, part := range before {
		id, _ := name(part)
		old[id] = part
		order = append(order, id)
	}
	var kept []string
	for _, part := range after {
		id, called := name(part)
		earlier, known := old[id]
		switch {
		case !known:
			c.lines = append(c.lines, fmt.Sprintf("%s added: “%s”", kind, called))
		case !reflect.DeepEqual(earlier, part):
			c.lines = append(c.lines, fmt.Sprintf("%s changed: “%s”", kind, called))
		}
		if known {
			kept = append(kept, id)
			delete(old, id)
		}
	}
	for _, part := range before {
		if id, called := name(part); hasKey(old, id) {
			c.lines = append(c.lines, fmt.Sprintf("%s removed: “%s”", kind, called))
		}
	}
	if !inOrder(order, kept) {
		c.lines = append(c.lines, kind+"s stand in another order")
	}
}

func hasKey[T any](m map[string]T, key string) bool { _, ok := m[key]; return ok }

// inOrder reports whether the kept ids follow one another as they did before.
func inOrder(before, kept []string) bool {
	at := 0
	for _, id := range before {
		if at < len(kept) && kept[at] == id {
			at++
		}
	}
	return at == len(kept)
}

func itemsOf(c Checklist) []Item {
	var items []Item
	for _, section := range c.Sections {
		items = append(items, section.Items...)
	}
	return items
}

func sectionHeads(c Checklist) []Section {
	var heads []Section
	for _, section := range c.Sections {
		items := make([]Item, len(section.Items))
		for i, item := range section.Items {
			items[i].ID = item.ID // which items stand in which section; what they say is compared by itself
		}
		section.Items = items
		heads = append(heads, section)
	}
	return heads
}
