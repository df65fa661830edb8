package page

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestSavesKeepTheirOrder(t *testing.T) {
	var order Saves
	var mu sync.Mutex
	var got []int
	var works []func(context.Context) error
	for i := range 20 {
		works = append(works, order.Next(func(context.Context) error {
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
	order.Wait()
	if len(got) != 20 || !slices.IsSorted(got) {
		t.Errorf("done in the order %v", got)
	}
}
