package content

// Glossary explains words.
type Glossary struct {
	Terms []Term `json:"terms"`
}

// Term is one word and what it means.
type Term struct {
	ID           string `json:"id"`
	Term         Text   `json:"term"`
	Definition   Text   `json:"definition"`
	WhyItMatters Text   `json:"why_it_matters,omitempty"`
	ConfusedWith Text   `json:"confused_with,omitempty"`
	Source       string `json:"source,omitempty"`
}
