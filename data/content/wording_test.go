package content_test

import (
	"slices"
	"testing"

	"wardbook/data/content"
)

// Given what an officer writes, then words about who somebody is are found, whole words alone, in their order and once.
func TestWordsAboutWhoSomebodyIsAreFound(t *testing.T) {
	for text, want := range map[string][]content.WordingPrompt{
		"Told C to pay by Friday or lose his place.": nil,
		"Addressed the whole landing.":               nil, // holds “dress”
		"He has a Beard and prays; PRAYS a lot.":     {{Word: "beard", Topic: "dress"}, {Word: "prays", Topic: "worship"}},
		"Il porte une barbe.":                        {{Word: "barbe", Topic: "dress"}},
		"":                                           nil,
	} {
		if got := content.WordingPrompts(text); !slices.Equal(got, want) {
			t.Errorf("%q gives %v, want %v", text, got, want)
		}
	}
}
