package content

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordingTopics are words that speak of who somebody is rather than of what somebody does. In a lesson or an item they
// may be right, for example to say that prayer is no concern; the author is asked to explain it once. (Directive (EU)
// 2016/680, Articles 10 and 11; the reasons stand in docs/safeguards.md.) English is covered best; of French, Spanish and
// Arabic only the plainest words are here. The Arabic article is found as a part of its word.
func wordingTopics() map[string][]string {
	return map[string][]string{
		"worship": {
			"prayer", "prayers", "pray", "prays", "praying", "mosque", "mosques", "church", "churches", "synagogue", "temple", "worship", "worships", "worshipper",
			"religion", "religions", "religious", "faith", "faiths", "belief", "beliefs", "believer", "believers", "imam", "priest", "rabbi", "chaplain", "chaplaincy",
			"fasting", "fasts", "ramadan", "scripture", "quran", "koran", "bible", "torah", "muslim", "muslims", "islam", "islamic", "christian", "christians", "jewish",
			"hindu", "sikh", "buddhist", "convert", "converts", "conversion", "pious", "devout", "atheist",
			"prière", "prières", "mosquée", "église", "culte", "religieux", "religieuse", "jeûne", "musulman", "musulmans", "chrétien",
			"oración", "mezquita", "iglesia", "culto", "religión", "religioso", "religiosa", "ayuno", "musulmán", "cristiano",
			"صلاة", "الصلاة", "مسجد", "المسجد", "كنيسة", "الكنيسة", "دين", "الدين", "صوم", "الصوم", "صيام", "الصيام", "عقيدة", "العقيدة",
		},
		"dress": {
			"beard", "beards", "headscarf", "headscarves", "veil", "hijab", "niqab", "turban", "skullcap", "dress", "dresses", "dressed", "clothing", "clothes", "robe",
			"robes", "tattoo", "tattoos", "barbe", "foulard", "vêtement", "vêtements", "barba", "velo", "vestimenta", "ropa", "لحية", "اللحية", "حجاب", "الحجاب", "ملابس", "الملابس",
		},
		"diet": {
			"halal", "kosher", "pork", "alcohol", "diet", "diets", "vegetarian", "vegan", "porc", "régime alimentaire", "cerdo", "dieta", "حلال",
		},
		"language": {
			"arabic", "kurdish", "language", "languages", "accent", "accents", "dialect", "dialects", "mother tongue", "langue", "langues", "langue maternelle", "idioma",
			"idiomas", "acento", "لغة", "اللغة", "لهجة", "اللهجة",
		},
		"ethnicity": {
			"ethnic", "ethnicity", "race", "races", "racial", "tribe", "tribes", "tribal", "clan", "clans", "nationality", "nationalities", "arab", "arabs", "kurd", "kurds",
			"african", "africans", "foreigner", "foreigners", "immigrant", "immigrants", "migrant", "migrants", "roma", "skin colour", "skin color", "ethnie", "ethnique",
			"tribu", "nationalité", "étranger", "étrangers", "etnia", "étnico", "étnica", "nacionalidad", "extranjero", "extranjeros",
			"قبيلة", "القبيلة", "عشيرة", "العشيرة", "جنسية", "الجنسية",
		},
		"opinion": {
			"opinion", "opinions", "political", "politically", "politics", "ideology", "ideologies", "ideological", "views", "protest", "protests", "complaint", "complaints",
			"activist", "activists", "politique", "politiques", "idéologie", "plainte", "plaintes", "opinión", "opiniones", "política", "político", "ideología", "queja",
			"quejas", "رأي", "الرأي", "سياسة", "السياسة", "شكوى", "الشكوى",
		},
	}
}

// wording asks about what a checklist or a lesson says. Checklists about the prison itself are left alone: there, faith
// and diet are things to provide. Each word is asked about once, where it first stands.
func (l *linter) wording(source Source) {
	d := source.Document
	if d.Checklist != nil && d.Checklist.Kind == ChecklistEnvironment {
		return
	}
	a := &asking{linter: l, source: source, topics: wordingTopics(), asked: map[string]bool{}}
	switch {
	case d.Module != nil:
		for _, lesson := range d.Module.Lessons {
			a.about(source.place(lesson.ID), lesson.Title)
			for _, language := range slices.Sorted(maps.Keys(lesson.Body)) {
				a.lines(source.bodies[bodyKey(lesson.ID, language)], lesson.Body[language])
			}
		}
	case d.Checklist != nil:
		a.about(source.place(""), d.Title, d.Checklist.Purpose, d.Checklist.Introduction)
		for _, section := range d.Checklist.Sections {
			a.about(source.place("section "+section.ID), section.Title, section.Guidance)
			for _, item := range section.Items {
				a.about(source.place(item.ID), item.Text, item.Guidance, item.NotToBeConfusedWith)
			}
		}
		for _, closing := range d.Checklist.Closing {
			a.about(source.place(closing.ID), closing.Text)
		}
	}
}

// place is where a part stands, or the document if that is not known.
func (s Source) place(part string) place {
	if at, ok := s.lines[part]; ok {
		return at
	}
	return s.lines[""]
}

type asking struct {
	linter *linter
	source Source
	topics map[string][]string
	asked  map[string]bool
}

// about asks about the words in texts that stand at one place.
func (a *asking) about(at place, texts ...Text) {
	for _, text := range texts {
		for _, language := range slices.Sorted(maps.Keys(text)) {
			a.words(text[language], func(int) place { return at })
		}
	}
}

// lines asks about the words in a longer text that starts at a place, each in its own line.
func (a *asking) lines(start place, text string) {
	lower := strings.ToLower(text) // a letter may change its length, so places count in this form
	a.words(lower, func(at int) place { return place{start.file, start.line + strings.Count(lower[:at], "\n")} })
}

func (a *asking) words(text string, where func(at int) place) {
	lower := strings.ToLower(text)
	for _, topic := range slices.Sorted(maps.Keys(a.topics)) {
		for _, word := range a.topics[topic] {
			if a.asked[word] || a.source.explain[word] != "" {
				continue
			}
			at := wordIn(lower, word)
			if at < 0 {
				continue
			}
			a.asked[word] = true
			stands := where(at)
			a.linter.findings = append(a.linter.findings, Finding{stands.file, stands.line, SeverityQuestion, "“" + word + "” speaks of " + topic +
				". Is it about what somebody does? If it is needed, explain it once under wording_explained: {word: " + word + ", why: …}"})
		}
	}
}

// wordIn returns where a word stands in a text as a word of its own, or -1.
func wordIn(lower, word string) int {
	for from := 0; ; {
		i := strings.Index(lower[from:], word)
		if i < 0 {
			return -1
		}
		start, end := from+i, from+i+len(word)
		last, _ := utf8.DecodeLastRuneInString(lower[:start])
		next, _ := utf8.DecodeRuneInString(lower[end:])
		if !inWord(last) && !inWord(next) {
			return start
		}
		from = end
	}
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

// WordingPrompt is a word that speaks of who somebody is, and of what it speaks: worship, dress, diet, language, ethnicity or
// opinion.
type WordingPrompt struct{ Word, Topic string }

// WordingPrompts finds the words in a text about which its writer should think again, in the order in which they first stand,
// each once. They explain and never block, and nobody keeps or counts them.
func WordingPrompts(text string) []WordingPrompt {
	lower := strings.ToLower(text)
	type found struct {
		WordingPrompt
		at int
	}
	var all []found
	for topic, list := range wordingTopics() {
		for _, word := range list {
			if at := wordIn(lower, word); at >= 0 {
				all = append(all, found{WordingPrompt{word, topic}, at})
			}
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.Word, b.Word)) })
	var prompts []WordingPrompt
	for _, f := range all {
		prompts = append(prompts, f.WordingPrompt)
	}
	return prompts
}
