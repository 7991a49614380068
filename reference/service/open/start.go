package open

import (
	"context"
	"sync"
)

// Start opens an instance, listens, and runs it in the background until ctx ends or stop is called. stop ends it as Run does,
// closes it and returns the error of Run; another call returns the same error. Call stop even if ctx has ended. Errors as New
// and Listen.
func Start(ctx context.Context, c Config) (s *Service, stop func() error, err error) {
	if s, err = New(ctx, c); err != nil {
		return nil, nil, err
	}
	if err = s.Listen(); err != nil {
		s.Close()
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	return s, sync.OnceValue(func() error {
		cancel()
		defer s.Close()
		return <-stopped
	}), nil
}
