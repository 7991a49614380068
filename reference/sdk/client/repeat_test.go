package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// scriptedService returns preset errors, one for each call.
type scriptedService struct {
	wallet.Service
	errs  []error
	calls []wallet.GrantRequest
}

func (s *scriptedService) Grant(_ context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	err := s.errs[len(s.calls)]
	s.calls = append(s.calls, r)
	no := wallet.OrderNo{ActID: 1, Scene: "rain", Award: wallet.Cash, Stage: wallet.Official}
	return wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, err
}

func TestRepeat(t *testing.T) {
	defect := errors.New("a defect")
	type errs []error
	for _, c := range []struct {
		why   string
		tries int
		errs  errs
		asked int
		want  error
		code  wallet.Code
	}{
		{"answered", 4, errs{nil}, 1, nil, 0},
		{"no answer, then one", 4, errs{wallet.ErrUnknown, nil}, 2, nil, 0},
		{"nothing done, then done", 4, errs{wallet.ErrUnavailable, wallet.ErrOverloaded, wallet.ErrLimited, nil}, 4, nil, 0},
		{"bounded", 3, errs{wallet.ErrOverloaded, wallet.ErrOverloaded, wallet.ErrOverloaded}, 3, wallet.ErrOverloaded, wallet.CodeOverloaded},
		{"repeats turned off", 1, errs{wallet.ErrUnknown}, 1, wallet.ErrUnknown, wallet.CodeUnknown},
		{"refused", 4, errs{wallet.ErrOverBudget}, 1, wallet.ErrOverBudget, wallet.CodeRefused},
		{"invalid", 4, errs{wallet.ErrInvalid}, 1, wallet.ErrInvalid, wallet.CodeInvalid},
		{"not authorised", 4, errs{auth.ErrScope}, 1, auth.ErrScope, wallet.CodeUnauthorised},
		{"a defect is not repeated", 4, errs{defect}, 1, defect, wallet.CodeInternal},
		{"unavailable at last says nothing about the first try", 2, errs{wallet.ErrUnknown, wallet.ErrUnavailable}, 2, wallet.ErrUnavailable, wallet.CodeUnknown},
		{"a refusal by number settles it", 4, errs{wallet.ErrUnknown, wallet.ErrOverBudget}, 2, wallet.ErrOverBudget, wallet.CodeRefused},
		{"a key that was withdrawn meanwhile does not", 4, errs{wallet.ErrUnknown, auth.ErrUnknownKey}, 2, auth.ErrUnknownKey, wallet.CodeUnknown},
		{"an internal error does not either", 4, errs{wallet.ErrUnknown, defect}, 2, wallet.ErrUnknown, wallet.CodeUnknown},
	} {
		s := &scriptedService{errs: c.errs}
		var waits []time.Duration
		client, _ := serve(t, auth.Generate(), server.Ports{Service: s, Clock: storetest.NewClock()}, Config{Tries: c.tries,
			Wait: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }})
		r := wallet.GrantRequest{Caller: person(7), Activity: "spring", Scene: "rain", Rain: 3, Award: wallet.Cash, Amount: 5, Opened: 9}
		_, err := client.Grant(t.Context(), r)
		switch {
		case c.want == nil:
			require.NoError(t, err, c.why)
		case c.code == wallet.CodeInternal: // the service does not show internal errors
			require.Equal(t, c.code, wallet.CodeOf(err), c.why)
		default:
			require.ErrorIs(t, err, c.want, c.why)
			require.Equal(t, c.code, wallet.CodeOf(err), c.why)
		}
		require.Len(t, s.calls, c.asked, c.why)
		for _, got := range s.calls {
			require.Equal(t, r, got, "%s: a repeat is the same request", c.why)
		}
		require.Len(t, waits, c.asked-1, c.why)
		for i, d := range waits {
			require.LessOrEqual(t, d, pause(i+1), c.why)
			require.GreaterOrEqual(t, d, pause(i+1)/2, c.why)
		}
	}
}

func TestPause(t *testing.T) {
	require.Equal(t, firstWait, pause(1))
	require.Equal(t, 4*firstWait, pause(3))
	require.Equal(t, longestWait, pause(MaxTries), "the wait is bounded")
	seen := map[time.Duration]bool{}
	for range 100 {
		d := jitter(time.Second)
		require.LessOrEqual(t, d, time.Second)
		require.GreaterOrEqual(t, d, time.Second/2)
		seen[d] = true
	}
	require.Greater(t, len(seen), 50, "callers that failed together do not retry together")
}

// TestGivenUpWhileWaiting: cancelling the context ends the tries, and the last result stands.
func TestGivenUpWhileWaiting(t *testing.T) {
	s := &scriptedService{errs: []error{wallet.ErrUnknown, nil}}
	ctx, cancel := context.WithCancel(t.Context())
	client, _ := serve(t, auth.Generate(), server.Ports{Service: s, Clock: storetest.NewClock()}, Config{
		Wait: func(ctx context.Context, d time.Duration) error { cancel(); return wait(ctx, time.Hour) }})
	_, err := client.Grant(ctx, wallet.GrantRequest{Caller: person(7), Activity: "spring", Scene: "rain", Award: wallet.Cash, Amount: 5, Opened: 9})
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Len(t, s.calls, 1)
	require.NoError(t, wait(t.Context(), time.Microsecond))
}

// TestSignedAnew: a repeat has the same body and another nonce; otherwise it would be refused as a replay.
func TestSignedAnew(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	nonces := map[string]bool{}
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signed, err := auth.ParseSigned(r.Header.Get("Authorization"))
		if err == nil {
			err = signed.Verify(auth.Key{ID: "demo", Secret: make(auth.Secret, 32)}, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body})
		}
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(body))
		if err == nil {
			nonces[signed.Nonce] = true
		}
		w.WriteHeader(http.StatusBadGateway)
	}, Config{Tries: 3})
	require.ErrorIs(t, grantOne(c), wallet.ErrUnknown)
	require.Len(t, nonces, 3)
	require.Len(t, bodies, 3)
	require.Equal(t, bodies[0], bodies[1])
	require.Equal(t, bodies[0], bodies[2])
}
