package crowd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// Bounds of the preparation of a target (K1).
const (
	probeTries  = 3                      // a starting target may answer the third try
	probePause  = 200 * time.Millisecond // between them
	maxClockOff = 2 * time.Second        // above it times of the two machines cannot be compared
	binders     = 64                     // phones bound concurrently: enough to fill a service's pipelines without attacking it
	maxBound    = 20_000                 // people whose phones are bound; this takes some seconds
	warmPages   = 512                    // pages of the warm-up traffic
	warmWorkers = 32                     // concurrent requests at the end; each step doubles them
)

// Prepare makes the target ready (K1). It checks that each instance is the intended wallet, counts the contents, binds the
// phones of the people who have one, and sends some warm-up traffic, so that connections and caches are warm before the
// first win. Progress, if not nil, is called with the number of phones bound and the total, by several goroutines.
//
// An error says what is wrong with the target, unless it is the context's or the operator's.
func (c *Crowd) Prepare(ctx context.Context, progress func(done, total int64)) error {
	if err := c.readOperator(ctx); err != nil {
		return err
	}
	for i, url := range c.options.URLs {
		if err := c.probe(ctx, url, i); err != nil {
			return err
		}
	}
	if err := c.bindPhones(ctx, progress); err != nil {
		return err
	}
	return c.warm(ctx)
}

// readOperator reads the target's state from the operator, and starts the oracle with it. A target without these methods, or
// with unreadable answers, counts as one without an operator; the probe finds out whether it is a wallet.
func (c *Crowd) readOperator(ctx context.Context) (err error) {
	url := c.options.URLs[0]
	if err := c.status(ctx, url); err != nil {
		code := wallet.CodeOf(err)
		if e := (*targetError)(nil); !errors.As(err, &e) || e.Err == nil || code != wallet.CodeNotFound && code != wallet.CodeUnknown {
			return err
		}
		c.options.Operator, c.options.Live = nil, nil
	}
	if c.options.Operator == nil {
		return c.askTime(ctx, url)
	}
	if c.before, err = count(ctx, c.options.Operator); err != nil {
		return problem(ctx, url, err)
	}
	if c.options.Live != nil {
		if c.live, err = count(ctx, c.options.Live); err != nil {
			return problem(ctx, url, err)
		}
	}
	return nil
}

// status reads the state of the load's wallet.
func (c *Crowd) status(ctx context.Context, url string) error {
	if c.options.Operator == nil {
		return nil
	}
	asked := time.Now()
	s, err := c.options.Operator.Status(ctx)
	if err != nil {
		return problem(ctx, url, err)
	}
	if s.Now != 0 { // an external wallet may not report it
		if err := c.compareClocks(url, asked, s.Now.Time()); err != nil {
			return err
		}
	}
	if s.Activity != "" && s.Activity != c.activity.Parent {
		return &targetError{Problem: otherActivity, URL: redacted(url), Hint: fmt.Sprintf("it serves activity %q, but the scenario has %q: start the service with the same scenario", s.Activity, c.activity.Parent)}
	}
	for _, b := range s.Budgets {
		if b.Stage == wallet.Official {
			c.activity.Children[0].Budget = b.Budget
		}
	}
	c.spent = official(s)
	c.startOracle(cmp.Or(s.Strategy, c.options.Strategy), c.spent)
	return nil
}

// compareClocks returns an error if the target's clock, which showed at between asked and now, is wrong.
func (c *Crowd) compareClocks(url string, asked, at time.Time) error {
	now := time.Now()
	off := max(asked.Sub(at), at.Sub(now)) // at most zero if at is between the request and the answer
	if off <= maxClockOff {
		return nil
	}
	return &targetError{Problem: wrongClock, URL: redacted(url), Hint: fmt.Sprintf("its clock differs from ours by %v: synchronise both machines' clocks", off.Round(time.Millisecond))}
}

// askTime reads the target's clock from the Date header of an answer. It has whole seconds, and not every server sends it.
func (c *Crowd) askTime(ctx context.Context, url string) error {
	do := c.http
	if do == nil {
		transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: c.client.Timeout}
		defer transport.CloseIdleConnections()
		do = &http.Client{Transport: transport}
	}
	ctx, cancel := context.WithTimeout(ctx, c.client.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return err
	}
	asked := time.Now()
	answer, err := do.Do(r)
	if err != nil {
		return nil // the probe reports what is wrong
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 1<<12)
	at, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return nil
	}
	return c.compareClocks(url, asked.Add(-time.Second), at)
}

// bindPhones binds the phones of people who will win, have a bound phone from the start, and use apps of both account systems;
// no other wallet depends on it. At most maxBound phones are bound; the other people act as if their phones were unknown.
func (c *Crowd) bindPhones(ctx context.Context, progress func(done, total int64)) error {
	total := int64(0)
	c.joiners(func(int64) bool { total++; return true })
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	people := make(chan uint32)
	var done atomic.Int64
	var working sync.WaitGroup
	for range min(binders, total) {
		working.Go(func() {
			for p := range people {
				if err := c.bindPhone(ctx, p); err != nil {
					stop(err)
					return
				}
				if n := done.Add(1); progress != nil && (n%1000 == 0 || n == total) {
					progress(n, total)
				}
			}
		})
	}
	c.joiners(func(p int64) bool {
		select {
		case people <- uint32(p):
			return true
		case <-ctx.Done():
			return false
		}
	})
	close(people)
	working.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// joiners calls yield with the first winners whose phones join two wallets, until it returns false.
func (c *Crowd) joiners(yield func(p int64) bool) {
	n := 0
	c.winners(func(p int64) bool {
		if !joins(c.traffic.Persona(p)) {
			return true
		}
		n++
		return yield(p) && n < maxBound
	})
}

// joins reports whether the person's phone joins two wallets: the phone is bound and there is an app of each account system.
func joins(p traffic.Persona) bool {
	families := map[wallet.Family]bool{}
	for _, app := range p.Apps[:p.Held] {
		families[app.Family()] = true
	}
	return p.HasPhone && len(families) > 1
}

// winners calls yield with everybody who will win, once each, until it returns false.
func (c *Crowd) winners(yield func(p int64) bool) {
	seen, all := traffic.NewPersonSet(c.scenario.People.Count), traffic.New(c.scenario, c.seed)
	for a, ok := all.Next(); ok; a, ok = all.Next() {
		if seen.Add(a.Person) && !yield(a.Person) {
			return
		}
	}
}

// bindPhone binds a person's phone in the account systems that the person uses.
func (c *Crowd) bindPhone(ctx context.Context, p uint32) error {
	persona := c.traffic.Persona(int64(p))
	var done [wallet.ToutiaoFamily + 1]bool
	for _, app := range persona.Apps[:persona.Held] {
		if done[app.Family()] {
			continue
		}
		done[app.Family()] = true
		var who wallet.Person
		err := c.retry(ctx, drawsOf(c.seed, Visit{Person: p}), func() (err error) {
			who, err = c.target().Bind(ctx, c.caller(p, app), c.phone(p))
			return err
		})
		if err == nil && who.ActID <= 0 {
			err = fmt.Errorf("%w: crowd: a phone was bound to wallet %d", wallet.ErrUnknown, who.ActID)
		}
		if err != nil {
			return problem(ctx, c.options.URLs[0], fmt.Errorf("binding a phone: %w", err))
		}
	}
	c.events.record(func(o *oracle.Oracle, _ wallet.Instant) { o.PhoneBound(int64(p)) })
	return nil
}

// warm sends the warm-up traffic: pages of people who have won nothing yet, with increasing concurrency.
func (c *Crowd) warm(ctx context.Context) error {
	var people []uint32
	c.winners(func(p int64) bool { people = append(people, uint32(p)); return len(people) < warmPages })
	var failed atomic.Int64
	sent := 0
	for workers := 1; sent < len(people) && ctx.Err() == nil; workers = min(2*workers, warmWorkers) {
		var working sync.WaitGroup
		for _, p := range people[sent:min(sent+workers, len(people))] {
			sent++
			working.Go(func() {
				app := c.traffic.Persona(int64(p)).Apps[0]
				if _, out := c.readPage(ctx, Visit{Person: p, App: app}, false); out.Outcome != attack.OK {
					failed.Add(1)
				}
			})
		}
		working.Wait()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if n := failed.Load(); n*10 > int64(sent) {
		return &targetError{Problem: down, URL: redacted(c.options.URLs[0]), Hint: fmt.Sprintf("%d of %d warm-up requests were not answered correctly, although only a few ran at a time", n, sent)}
	}
	return nil
}
