package intercept

import "context"

// port is a wrapper: the port that it forwards to, and the hook.
type port[P any] struct {
	next P
	hook Hook
}

// The functions below forward one method f, a method expression such as wallet.Tokens.Issue. They differ only in the
// number of arguments (the digit) and of results: do returns an error, get one result and an error, pair two and an
// error. Go has no type parameter for a list of arguments, and a closure over them would cost each call heap memory.

func do1[P, A any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A) error, a A) error {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return stopped(err, func() { _ = f(p.next, ctx, a) })
	}
	defer p.hook.Release()
	return p.hook.After(ctx, call, n, Answer{Err: f(p.next, ctx, a)})
}

func do2[P, A, B any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B) error, a A, b B) error {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return stopped(err, func() { _ = f(p.next, ctx, a, b) })
	}
	defer p.hook.Release()
	return p.hook.After(ctx, call, n, Answer{Err: f(p.next, ctx, a, b)})
}

func do3[P, A, B, C any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B, C) error, a A, b B, c C) error {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return stopped(err, func() { _ = f(p.next, ctx, a, b, c) })
	}
	defer p.hook.Release()
	return p.hook.After(ctx, call, n, Answer{Err: f(p.next, ctx, a, b, c)})
}

func get0[P, R any](ctx context.Context, p *port[P], call Call, f func(P, context.Context) (R, error)) (r R, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, stopped(err, func() { _, _ = f(p.next, ctx) })
	}
	defer p.hook.Release()
	r, err = f(p.next, ctx)
	return r, p.hook.After(ctx, call, n, Answer{Err: err})
}

func get1[P, A, R any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A) (R, error), a A) (r R, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, stopped(err, func() { _, _ = f(p.next, ctx, a) })
	}
	defer p.hook.Release()
	r, err = f(p.next, ctx, a)
	return r, p.hook.After(ctx, call, n, Answer{Err: err})
}

func get2[P, A, B, R any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B) (R, error), a A, b B) (r R, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, stopped(err, func() { _, _ = f(p.next, ctx, a, b) })
	}
	defer p.hook.Release()
	r, err = f(p.next, ctx, a, b)
	return r, p.hook.After(ctx, call, n, Answer{Err: err})
}

func get3[P, A, B, C, R any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B, C) (R, error), a A, b B, c C) (r R, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, stopped(err, func() { _, _ = f(p.next, ctx, a, b, c) })
	}
	defer p.hook.Release()
	r, err = f(p.next, ctx, a, b, c)
	return r, p.hook.After(ctx, call, n, Answer{Err: err})
}

func get4[P, A, B, C, D, R any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B, C, D) (R, error), a A, b B, c C, d D) (r R, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, stopped(err, func() { _, _ = f(p.next, ctx, a, b, c, d) })
	}
	defer p.hook.Release()
	r, err = f(p.next, ctx, a, b, c, d)
	return r, p.hook.After(ctx, call, n, Answer{Err: err})
}

func get5[P, A, B, C, D, E, R any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B, C, D, E) (R, error), a A, b B, c C, d D, e E) (r R, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, stopped(err, func() { _, _ = f(p.next, ctx, a, b, c, d, e) })
	}
	defer p.hook.Release()
	r, err = f(p.next, ctx, a, b, c, d, e)
	return r, p.hook.After(ctx, call, n, Answer{Err: err})
}

func pair2[P, A, B, R, S any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B) (R, S, error), a A, b B) (r R, s S, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, s, stopped(err, func() { _, _, _ = f(p.next, ctx, a, b) })
	}
	defer p.hook.Release()
	r, s, err = f(p.next, ctx, a, b)
	return r, s, p.hook.After(ctx, call, n, Answer{Err: err})
}

func pair3[P, A, B, C, R, S any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B, C) (R, S, error), a A, b B, c C) (r R, s S, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, s, stopped(err, func() { _, _, _ = f(p.next, ctx, a, b, c) })
	}
	defer p.hook.Release()
	r, s, err = f(p.next, ctx, a, b, c)
	return r, s, p.hook.After(ctx, call, n, Answer{Err: err})
}

func pair4[P, A, B, C, D, R, S any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A, B, C, D) (R, S, error), a A, b B, c C, d D) (r R, s S, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return r, s, stopped(err, func() { _, _, _ = f(p.next, ctx, a, b, c, d) })
	}
	defer p.hook.Release()
	r, s, err = f(p.next, ctx, a, b, c, d)
	return r, s, p.hook.After(ctx, call, n, Answer{Err: err})
}

// create forwards a method that records a value unless its number already has a record.
func create[P, A any](ctx context.Context, p *port[P], call Call, f func(P, context.Context, A) (A, bool, error), a A) (on A, created bool, err error) {
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return on, false, stopped(err, func() { _, _, _ = f(p.next, ctx, a) })
	}
	defer p.hook.Release()
	answer := Answer{}
	on, created, err = f(p.next, ctx, a)
	if answer.Err = err; created {
		answer.Count = 1
	}
	return on, created, p.hook.After(ctx, call, n, answer)
}
