package conform

import (
	"errors"
	"sync"
)

// concurrently makes parallelCalls calls at the same time, and returns the results and their joined errors.
func concurrently[V any](ask func(i int) (V, error)) ([]V, error) {
	answers, errs := make([]V, parallelCalls), make([]error, parallelCalls)
	var all sync.WaitGroup
	for i := range parallelCalls {
		all.Go(func() { answers[i], errs[i] = ask(i) })
	}
	all.Wait()
	return answers, errors.Join(errs...)
}
