package learn

import (
	"testing"

	"wardbook/data/format/markdown"
)

func TestHeadingOfWhatWasSearchedFor(t *testing.T) {
	blocks := markdown.Blocks("About Café visits.\n\n## One\n\nNothing here.\n\n## Two\n\n| a | b |\n|---|---|\n| a CAFÉ | tea room |\n\n## Three\n\ntea")
	for _, c := range []struct {
		typed string
		want  int
	}{{"cafe", -1}, {"cafe tea", 1}, {"tea", 1}, {"three", 2}, {"absent", -1}, {"", -1}, {"nothing", 0}} {
		if got := headingOf(blocks, c.typed); got != c.want {
			t.Errorf("%q is found below heading %d, want %d", c.typed, got, c.want)
		}
	}
}
