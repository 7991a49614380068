package main

import (
	"context"
	"sync"

	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// lateCentre is a config centre in Redis that is dialled when it is first asked, and again until it answers: a service that
// starts while it is out of reach goes on with what an earlier life has read (D1).
type lateCentre struct {
	at redis.Config

	mu     sync.Mutex
	client *redis.Client
	closed bool
}

var _ wallet.ConfigCentre = (*lateCentre)(nil)

// reach returns the centre. ErrUnavailable: it is out of reach, or closed.
func (l *lateCentre) reach(ctx context.Context) (*redis.ConfigCentre, error) {
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
func (l *lateCentre) Read(ctx context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	c, err := l.reach(ctx)
	if err != nil {
		return nil, wallet.Settings{}, err
	}
	return c.Read(ctx)
}

// Set implements wallet.ConfigCentre.
func (l *lateCentre) Set(ctx context.Context, s wallet.Switch, on bool) error {
	c, err := l.reach(ctx)
	if err != nil {
		return err
	}
	return c.Set(ctx, s, on)
}

// Change implements wallet.ConfigCentre.
func (l *lateCentre) Change(ctx context.Context, s wallet.Settings) error {
	c, err := l.reach(ctx)
	if err != nil {
		return err
	}
	return c.Change(ctx, s)
}

func (l *lateCentre) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.client != nil {
		l.client.Close()
		l.client = nil
	}
}
