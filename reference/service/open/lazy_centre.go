package open

import (
	"context"
	"sync"

	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// lazyCentre is a config centre in Redis that is connected at its first use, and retried until it answers: a service that starts
// while it is unreachable uses what an earlier run has read (D1).
type lazyCentre struct {
	at redis.Config

	mu     sync.Mutex
	client *redis.Client
	closed bool
}

var _ wallet.ConfigCentre = (*lazyCentre)(nil)

// dial returns the config centre. ErrUnavailable: it is unreachable or closed.
func (l *lazyCentre) dial(ctx context.Context) (*redis.ConfigCentre, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, wallet.ErrUnavailable
	}
	if l.client == nil {
		client, err := redis.Dial(ctx, l.at)
		if err != nil {
			return nil, err
		}
		l.client = client
	}
	return redis.NewConfigCentre(l.client), nil
}

// Read implements wallet.ConfigCentre.
func (l *lazyCentre) Read(ctx context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	c, err := l.dial(ctx)
	if err != nil {
		return nil, wallet.Settings{}, err
	}
	return c.Read(ctx)
}

// Set implements wallet.ConfigCentre.
func (l *lazyCentre) Set(ctx context.Context, s wallet.Switch, on bool) error {
	c, err := l.dial(ctx)
	if err != nil {
		return err
	}
	return c.Set(ctx, s, on)
}

// Change implements wallet.ConfigCentre.
func (l *lazyCentre) Change(ctx context.Context, s wallet.Settings) error {
	c, err := l.dial(ctx)
	if err != nil {
		return err
	}
	return c.Change(ctx, s)
}

func (l *lazyCentre) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.client != nil {
		l.client.Close()
		l.client = nil
	}
}
