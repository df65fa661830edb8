package content

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// wordingTopics are words that speak of who somebody is rather than of what somebody does. In a lesson or an item they
// may be right, for example to say that prayer is no concern; the author is asked to explain it once. (Directive (EU)
// 2016/680, Articles 10 and 11; the reasons stand in docs/safeguards.md.)
func wordingTopics() map[string][]string {
	return map[string][]string{
		"worship": {
			"prayer", "prayers", "pray", "prays", "praying", "mosque", "church", "synagogue", "temple", "worship", "religion", "religions", "religious",
			"faith", "faiths", "belief", "beliefs", "imam", "priest", "rabbi", "chaplain", "chaplaincy", "fasting", "scripture", "quran", "koran", "bible",
			"torah", "muslim", "muslims", "islam", "islamic", "christian", "christians", "jewish", "hindu", "sikh", "buddhist", "convert", "converts", "conversion",
			"pious", "devout", "prière", "oración",
		},
		"dress":    {"beard", "beards", "headscarf", "veil", "hijab", "niqab", "turban", "skullcap", "dress", "clothing", "clothes", "robe", "tattoo", "tattoos", "barbe", "barba"},
		"diet":     {"halal", "kosher", "pork", "alcohol", "diet", "vegetarian"},
		"language": {"arabic", "kurdish", "language", "languages", "accent", "dialect", "mother tongue"},
		"ethnicity": {
			"ethnic", "ethnicity", "race", "racial", "tribe", "tribal", "clan", "nationality", "nationalities", "arab", "arabs", "kurd", "kurds", "african", "foreigner",
			"foreigners", "immigrant", "immigrants", "migrant", "migrants", "roma", "skin colour",
		},
		"opinion": {"opinion", "opinions", "political", "politics", "ideology", "ideologies", "ideological", "views", "protest", "protests", "complaint", "complaints", "activist"},
	}
}

// wording asks about checklist items first of all, and about modules as a whole. Checklists about the prison itself are
// left alone: there, faith and diet are things to provide.
func (l *linter) wording(source Source) {
	d := source.Document
	if d.Checklist != nil && d.Checklist.Kind == ChecklistEnvironment {
		return
	}
	topics := wordingTopics()
	asked := map[string]bool{}
	ask := func(part string, texts ...Text) {
		for _, topic := range slices.Sorted(maps.Keys(topics)) {
			for _, word := range topics[topic] {
				if asked[word] || source.explain[word] != "" || !mentions(texts, word) {
					continue
				}
				asked[word] = true
				l.add(source, part, SeverityQuestion, "“%s” speaks of %s. Is it about what somebody does? If it is needed, explain it once under wording_explained: {word: %s, why: …}", word, topic, word)
			}
		}
	}
	switch {
	case d.Module != nil:
		for _, lesson := range d.Module.Lessons {
			ask(lesson.ID, lesson.Title, lesson.Body)
		}
	case d.Checklist != nil:
		ask("", d.Title, d.Checklist.Purpose, d.Checklist.Introduction)
		for _, section := range d.Checklist.Sections {
			ask("section "+section.ID, section.Title, section.Guidance)
			for _, item := range section.Items {
				ask(item.ID, item.Text, item.Guidance, item.NotToBeConfusedWith)
			}
		}
		for _, closing := range d.Checklist.Closing {
			ask(closing.ID, closing.Text)
		}
	}
}

// mentions reports whether a word stands in one of the texts, as a word of its own.
func mentions(texts []Text, word string) bool {
	for _, text := range texts {
		for _, body := range text {
			lower := strings.ToLower(body)
			for at := 0; ; {
				i := strings.Index(lower[at:], word)
				if i < 0 {
					break
				}
				start, end := at+i, at+i+len(word)
				if !letterBefore(lower, start) && !letterAfter(lower, end) {
					return true
				}
				at = end
			}
		}
	}
	return false
}

func letterBefore(text string, at int) bool {
	runes := []rune(text[max(0, at-4):at])
	return len(runes) > 0 && unicode.IsLetter(runes[len(runes)-1])
}

func letterAfter(text string, at int) bool {
	for _, r := range text[at:] {
		return unicode.IsLetter(r)
	}
	return false
}
