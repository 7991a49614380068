package redis

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// manualClock is a clock that the test sets.
type manualClock struct{ now wallet.Instant }

func (h *manualClock) Now() wallet.Instant { return h.now }

// testBacklog is a backlog of one shard that holds credits of 1, 2, 3 … fen.
type testBacklog struct {
	*Backlog
	clock  *manualClock
	pushed int
}

func newTestBacklog(t *testing.T, credits int) *testBacklog {
	mini := miniredis.RunT(t)
	c, err := Dial(t.Context(), Config{Addrs: []string{mini.Addr()}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	s := &testBacklog{clock: &manualClock{1_643_630_400_000_000}}
	s.Backlog = NewBacklog(c, s.clock, 1, time.Second)
	s.push(t, credits)
	return s
}

func (s *testBacklog) push(t *testing.T, n int) {
	for range n {
		s.pushed++
		no := wallet.OrderNo{ActID: 1, Scene: "rain", Rain: int32(s.pushed), Award: wallet.Cash, Stage: wallet.Official}
		require.NoError(t, s.Push(t.Context(), []wallet.Credit{{Order: no, Amount: wallet.Money(s.pushed)}}))
	}
}

// takes takes entries, requires credits of the given amounts, and returns the handles.
func (s *testBacklog) takes(t *testing.T, limit int, fen ...wallet.Money) (ids []uint64) {
	t.Helper()
	held, err := s.Take(t.Context(), 0, limit)
	require.NoError(t, err)
	var got []wallet.Money
	for _, h := range held {
		got, ids = append(got, h.Credit.Amount), append(ids, h.ID)
	}
	require.Equal(t, fen, got)
	return ids
}

func (s *testBacklog) acks(t *testing.T, ids ...uint64) {
	t.Helper()
	require.NoError(t, s.Ack(t.Context(), 0, ids))
}

// TestAckCutsNoMoreThanWasTaken acknowledges whole batches of which a part was acknowledged before, in every way that
// makes the batch smaller than its lease indicates: the entries after them must stay.
func TestAckCutsNoMoreThanWasTaken(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s *testBacklog)
		left []wallet.Money
		why  string
	}{
		{"at once", func(t *testing.T, s *testBacklog) { s.acks(t, s.takes(t, 3, 1, 2, 3)...) }, []wallet.Money{4, 5}, "the usual way"},
		{"twice", func(t *testing.T, s *testBacklog) {
			ids := s.takes(t, 3, 1, 2, 3)
			s.acks(t, ids...)
			s.acks(t, ids...)
		}, []wallet.Money{4, 5}, "an acknowledgement without a reply is repeated"},
		{"one, then all", func(t *testing.T, s *testBacklog) {
			ids := s.takes(t, 3, 1, 2, 3)
			s.acks(t, ids[1])
			s.acks(t, ids...)
		}, []wallet.Money{4, 5}, "the lease has three entries, and two exist"},
		{"by a slow taker", func(t *testing.T, s *testBacklog) {
			slow := s.takes(t, 3, 1, 2, 3)
			s.clock.now += 2_000_000
			fast := s.takes(t, 3, 1, 2, 3)
			s.acks(t, slow[1])
			s.acks(t, fast...)
		}, []wallet.Money{4, 5}, "the lease is the second taker's, and two entries exist"},
		{"by a slow taker, whole", func(t *testing.T, s *testBacklog) {
			slow := s.takes(t, 3, 1, 2, 3)
			s.clock.now += 2_000_000
			fast := s.takes(t, 3, 1, 2, 3)
			s.acks(t, slow...)
			s.acks(t, fast...)
		}, []wallet.Money{4, 5}, "acknowledged entries are deleted for both"},
		{"the later batch first", func(t *testing.T, s *testBacklog) {
			first, second := s.takes(t, 2, 1, 2), s.takes(t, 2, 3, 4)
			s.acks(t, second...)
			s.acks(t, first...)
		}, []wallet.Money{5}, "the head is another's"},
		{"two batches in one", func(t *testing.T, s *testBacklog) {
			first, second := s.takes(t, 2, 1, 2), s.takes(t, 2, 3, 4)
			s.acks(t, append(first, second...)...)
		}, []wallet.Money{5}, "no lease has this name"},
		{"the ends of two batches", func(t *testing.T, s *testBacklog) {
			first, second := s.takes(t, 2, 1, 2), s.takes(t, 2, 3, 4)
			s.acks(t, first[0], second[1])
			s.clock.now += 2_000_000
		}, []wallet.Money{2, 3, 5}, "the entries between were not acknowledged"},
		{"part of an ended lease", func(t *testing.T, s *testBacklog) {
			s.takes(t, 3, 1, 2, 3)
			s.clock.now += 2_000_000
			s.acks(t, s.takes(t, 2, 1, 2)...)
		}, []wallet.Money{3, 4, 5}, "the rest of the ended lease is still ended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestBacklog(t, 5)
			c.run(t, s)
			held, err := s.Depth(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, len(c.left), held, c.why)
			s.takes(t, 10, c.left...)
		})
	}
}

// TestClaimAfterOthers: entries that were read are leased only if the shard's leases are unchanged.
func TestClaimAfterOthers(t *testing.T) {
	for _, c := range []struct {
		name string
		slow int // credits of a lease that has ended
		meet func(t *testing.T, s *testBacklog, ended []uint64)
		want bool
		why  string
	}{
		{"no other taker", 2, func(*testing.T, *testBacklog, []uint64) {}, true, "nothing has changed"},
		{"pushed", 2, func(t *testing.T, s *testBacklog, _ []uint64) { s.push(t, 1) }, true, "later entries do not matter"},
		{"taken", 2, func(t *testing.T, s *testBacklog, _ []uint64) { s.takes(t, 10, 1, 2, 3, 4, 5) }, false, "all is leased to another"},
		{"taken for the first time", 0, func(t *testing.T, s *testBacklog, _ []uint64) { s.takes(t, 1, 1) }, false, "one of those that were read is leased"},
		{"taken again", 2, func(t *testing.T, s *testBacklog, _ []uint64) { s.takes(t, 2, 1, 2) }, false, "the ended lease is another's"},
		{"acknowledged", 2, func(t *testing.T, s *testBacklog, ended []uint64) { s.acks(t, ended...) }, false, "the slow taker completed after all"},
		{"deleted", 2, func(t *testing.T, s *testBacklog, ended []uint64) { s.acks(t, ended[0]) }, false, "one of those that were read is deleted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestBacklog(t, 5)
			var ended []uint64
			if c.slow > 0 {
				ended = s.takes(t, c.slow, seq(1, c.slow)...)
			}
			s.clock.now += 2_000_000
			seen, err := s.prepare(t.Context(), 0, 4)
			require.NoError(t, err)
			c.meet(t, s, ended)
			claimed, err := seen.commit(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, claimed, c.why)
			if claimed {
				require.Len(t, seen.result, 4)
				s.clock.now += 500_000
				s.takes(t, 10, append([]wallet.Money{5}, seq(6, s.pushed)...)...)
			}
		})
	}
}

// seq returns the amounts from one to another.
func seq(from, to int) (out []wallet.Money) {
	for i := from; i <= to; i++ {
		out = append(out, wallet.Money(i))
	}
	return out
}
