package checklists

import "wardbook/data/content"

// textsOf are the texts of a checklist that are read.
func textsOf(d content.Document) []content.Text {
	texts := []content.Text{d.Title, d.Checklist.Purpose, d.Checklist.Introduction}
	for _, section := range d.Checklist.Sections {
		texts = append(texts, section.Title, section.Guidance)
		for _, item := range section.Items {
			texts = append(texts, item.Text, item.Guidance, item.NotToBeConfusedWith)
		}
	}
	for _, closing := range d.Checklist.Closing {
		texts = append(texts, closing.Text)
	}
	return texts
}
