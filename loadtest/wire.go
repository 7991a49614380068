package loadtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"hongbao/loadtest/attack"
	"hongbao/loadtest/crowd"
)

// wire sends requests to the instances of a target, with separate connections for each.
type wire struct {
	hosts map[string]*attack.Transport
}

// newWire returns a transport for each URL, without opening connections; conns bounds the connections to one instance, 0 is
// the maximum number of operations in flight.
func newWire(urls []string, caFile string, conns int) (*wire, error) {
	w := &wire{hosts: map[string]*attack.Transport{}}
	for _, text := range urls {
		t, err := attack.NewTransport(attack.TransportConfig{URL: text, CAFile: caFile, Conns: conns})
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		w.hosts[u.Host] = t
	}
	return w, nil
}

// Do sends a request once.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	t, ok := w.hosts[r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("%w: loadtest: a request to another host", attack.ErrNotSent)
	}
	return t.Do(r)
}

// to returns the HTTP client for an instance.
func (w *wire) to(string) (crowd.Doer, error) { return w, nil }

// Warm opens up to n connections to each instance and returns the number opened.
func (w *wire) Warm(ctx context.Context, n int) (made int, err error) {
	for _, t := range w.hosts {
		m, e := t.Warm(ctx, n)
		made, err = made+m, errors.Join(err, e)
	}
	return made, err
}

// CloseIdleConnections closes idle connections.
func (w *wire) CloseIdleConnections() {
	for _, t := range w.hosts {
		t.CloseIdleConnections()
	}
}
