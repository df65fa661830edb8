package learn

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"wardbook/data/format/markdown"
)

func TestSavesKeepTheirOrder(t *testing.T) {
	var order saves
	var mu sync.Mutex
	var got []int
	var works []func(context.Context) error
	for i := range 20 {
		works = append(works, order.next(func(context.Context) error {
			time.Sleep(time.Duration(20-i) * 50 * time.Microsecond) // the first takes longest
			mu.Lock()
			defer mu.Unlock()
			got = append(got, i)
			return nil
		}))
	}
	for _, work := range slices.Backward(works) { // started in the wrong order
		go func() { _ = work(context.Background()) }()
	}
	order.wait()
	if len(got) != 20 || !slices.IsSorted(got) {
		t.Errorf("done in the order %v", got)
	}
}

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
