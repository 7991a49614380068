package conform

import (
	"errors"
	"sync"
)

// atOnce asks as often at the same time as a crowd is large, and returns the answers and what went wrong with any of them.
func atOnce[V any](ask func(i int) (V, error)) ([]V, error) {
	answers, errs := make([]V, crowd), make([]error, crowd)
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() { answers[i], errs[i] = ask(i) })
	}
	all.Wait()
	return answers, errors.Join(errs...)
}
