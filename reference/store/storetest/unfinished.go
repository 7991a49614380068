package storetest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// pagedList is a port's list of unfinished records, from a place on.
type pagedList[V any] func(from wallet.ScanCursor, limit int) ([]V, wallet.ScanCursor, error)

// walkList walks through a list in steps of limit, calls on with each step, and returns all records.
func walkList[V any](t testable, limit int, list pagedList[V], on func(step []V)) (met []V) {
	t.Helper()
	for place, steps := wallet.ScanCursor(0), 0; steps == 0 || place != 0; steps++ {
		require.Less(t, steps, 10_000, "a walk ends")
		step, next, err := list(place, limit)
		require.NoError(t, err)
		require.LessOrEqual(t, len(step), limit)
		on(step)
		met, place = append(met, step...), next
	}
	return met
}

// checkWalk tests a walk in steps of 7 through all, which are unfinished and in list order. Every second record is
// finished during the walk, and each is still returned once. The next walk returns the unfinished ones again. The list
// has an end only after all are finished.
func checkWalk[V any](t *testing.T, all []V, list pagedList[V], finish func(V)) {
	t.Helper()
	n := 0
	var stuck []V
	require.Equal(t, all, walkList(t, 7, list, func(step []V) {
		for _, v := range step {
			if n++; n%2 == 0 {
				finish(v)
			} else {
				stuck = append(stuck, v)
			}
		}
	}), "each once, whatever is finished during the walk")
	require.Equal(t, stuck, walkList(t, 7, list, func([]V) {}), "unfinished records do not block the walk")
	for _, limit := range []int{0, -1} {
		none, next, err := list(0, limit)
		require.NoError(t, err)
		require.Zero(t, next)
		require.Empty(t, none)
	}
	got, next, err := list(0, len(stuck))
	require.NoError(t, err)
	require.Zero(t, next, "there are no more")
	require.Equal(t, stuck, got)
	require.Len(t, walkList(t, 2, list, func(step []V) {
		for _, v := range step {
			finish(v)
		}
	}), len(stuck))
	require.Empty(t, walkList(t, 7, list, func([]V) {}))
}

// manyUnfinished is the number of records of a walk.
const manyUnfinished = 60

func withdrawalsPass(t *testing.T, s WithdrawalStore) {
	var all []wallet.Withdrawal
	for i := range manyUnfinished {
		w := asked(int64(i+1), time.Duration(i)*time.Millisecond)
		w.No.Account.User += wallet.UserID(i) // so that all shards have some
		ask(t, s, w)
		all = append(all, w)
	}
	checkWalk(t, all, func(from wallet.ScanCursor, limit int) ([]wallet.Withdrawal, wallet.ScanCursor, error) {
		return s.Unfinished(t.Context(), wallet.Never, from, limit)
	}, func(w wallet.Withdrawal) { require.NoError(t, s.Advance(t.Context(), w.No, wallet.WithdrawalPaid)) })
}

// packetsPass: every second packet is only requested; of the others the older half was sent long ago, and the newer
// half has stuck shares.
func packetsPass(t *testing.T, s PacketStore) {
	var all []wallet.Packet
	for i := range manyUnfinished {
		p := packet(int64(i+1), time.Duration(i)*time.Millisecond, 2)
		p.No.Account.User += wallet.UserID(i)
		write(s.Create(t.Context(), p)).ok(t)
		if i%2 > 0 {
			require.NoError(t, s.Advance(t.Context(), p.No, wallet.PacketSent))
			p.State = wallet.PacketSent
		}
		for n := range p.Shares {
			if i%2 > 0 && i >= manyUnfinished/2 {
				p.Shares[n] = call(s.Mark(t.Context(), p.No, p.Shares[n].For, wallet.ShareOpening, 7, eve.Add(time.Hour-time.Duration(i)*time.Second))).ok(t)
			}
		}
		all = append(all, p)
	}
	checkWalk(t, all, func(from wallet.ScanCursor, limit int) ([]wallet.Packet, wallet.ScanCursor, error) {
		return s.Unfinished(t.Context(), eve.Add(2*time.Hour), eve.Add(manyUnfinished/2*time.Millisecond), from, limit)
	}, func(p wallet.Packet) { closePacket(t, s, p) })
}

// closePacket completes a packet from any state.
func closePacket(t testable, s PacketStore, p wallet.Packet) {
	t.Helper()
	if p.State == wallet.PacketAsked {
		require.NoError(t, s.Advance(t.Context(), p.No, wallet.PacketRefused))
		return
	}
	for _, share := range p.Shares {
		for _, to := range []wallet.ShareState{wallet.ShareReturning, wallet.ShareReturned, wallet.ShareOpened} {
			call(s.Mark(t.Context(), p.No, share.For, to, 7, eve)).ok(t)
		}
	}
}

// maxOneInstant bounds the records of a model with the same time: adapters need not separate more of them than fit in
// a step.
const maxOneInstant = 2

// maxModelled bounds a model: every record of it costs a real store up to three commits.
const maxModelled = 8

// instants draws creation times, few enough that several records share one.
func instants(t *rapid.T, n int) []time.Duration {
	shared := map[int]int{}
	out := make([]time.Duration, n)
	for i := range out {
		at := rapid.IntRange(0, n).Filter(func(at int) bool { return shared[at] < maxOneInstant }).Draw(t, "instant")
		shared[at]++
		out[i] = time.Duration(at) * time.Microsecond
	}
	return out
}

// checkRandomWalk tests a walk through all, which are unfinished. Some are finished during the walk, returned or not: those that
// stay unfinished are returned once, none is returned twice, and none after it was finished.
func checkRandomWalk[V any](t *rapid.T, all map[string]V, no func(V) string, list pagedList[V], finish func(V)) {
	open := maps.Clone(all)
	met := map[string]bool{}
	walkList(t, rapid.IntRange(maxOneInstant, 4).Draw(t, "limit"), list, func(step []V) {
		for _, v := range step {
			require.Equal(t, all[no(v)], v)
			require.Contains(t, open, no(v), "it was finished before")
			require.NotContains(t, met, no(v), "returned twice")
			met[no(v)] = true
		}
		for _, n := range slices.Sorted(maps.Keys(open)) {
			if rapid.IntRange(0, 3).Draw(t, "finish") == 0 {
				finish(open[n])
				delete(open, n)
			}
		}
	})
	for n := range open {
		require.Contains(t, met, n, "skipped")
	}
}

// withdrawalsModel draws new withdrawals for each run in a store that all runs share, and finishes all of them at the
// end.
func withdrawalsModel(t *rapid.T, s WithdrawalStore, run int) {
	finish := func(w wallet.Withdrawal) { require.NoError(t, s.Advance(t.Context(), w.No, wallet.WithdrawalReturned)) }
	defer func() {
		for _, w := range first(s.Unfinished(t.Context(), wallet.Never, 0, maxModelled)).ok(t) {
			finish(w)
		}
	}()
	all := map[string]wallet.Withdrawal{}
	before := eve.Add(time.Duration(rapid.IntRange(0, maxModelled).Draw(t, "before")) * time.Microsecond)
	for i, after := range instants(t, rapid.IntRange(0, maxModelled).Draw(t, "withdrawals")) {
		w := asked(int64(run*maxModelled+i+1), after)
		w.No.Account.User += wallet.UserID(rapid.IntRange(0, 3).Draw(t, "user"))
		w.State = rapid.SampledFrom([]wallet.WithdrawalState{wallet.WithdrawalAsked, wallet.WithdrawalHeld, wallet.WithdrawalPaid}).Draw(t, "state")
		write(s.Create(t.Context(), w)).ok(t)
		if !w.State.Final() && w.Created < before {
			all[w.No.String()] = w
		}
	}
	checkRandomWalk(t, all, func(w wallet.Withdrawal) string { return w.No.String() },
		func(from wallet.ScanCursor, limit int) ([]wallet.Withdrawal, wallet.ScanCursor, error) {
			return s.Unfinished(t.Context(), before, from, limit)
		}, finish)
}

// packetsModel is the same for packets.
func packetsModel(t *rapid.T, s PacketStore, run int) {
	finish := func(p wallet.Packet) { closePacket(t, s, p) }
	defer func() {
		for _, p := range first(s.Unfinished(t.Context(), wallet.Never, wallet.Never, 0, maxModelled)).ok(t) {
			finish(p)
		}
	}()
	all := map[string]wallet.Packet{}
	instant := func(name string) wallet.Instant {
		return eve.Add(time.Duration(rapid.IntRange(0, maxModelled).Draw(t, name)) * time.Microsecond)
	}
	asked, gone := instant("asked"), instant("sent")
	for i, after := range instants(t, rapid.IntRange(0, maxModelled).Draw(t, "packets")) {
		p := packet(int64(run*maxModelled+i+1), after, rapid.IntRange(1, 2).Draw(t, "shares"))
		p.No.Account.User += wallet.UserID(rapid.IntRange(0, 3).Draw(t, "user"))
		write(s.Create(t.Context(), p)).ok(t)
		stuck := p.Created < asked
		if rapid.IntRange(0, 3).Draw(t, "state") > 0 {
			require.NoError(t, s.Advance(t.Context(), p.No, wallet.PacketSent))
			p.State, stuck = wallet.PacketSent, p.Created < gone
		}
		for n := range p.Shares {
			if at := instant("marked"); p.State == wallet.PacketSent && rapid.Bool().Draw(t, "mark") {
				p.Shares[n] = call(s.Mark(t.Context(), p.No, p.Shares[n].For, wallet.ShareReturning, 7, at)).ok(t)
				stuck = stuck || at < asked
			}
		}
		if stuck {
			all[p.No.String()] = p
		}
	}
	checkRandomWalk(t, all, func(p wallet.Packet) string { return p.No.String() },
		func(from wallet.ScanCursor, limit int) ([]wallet.Packet, wallet.ScanCursor, error) {
			return s.Unfinished(t.Context(), asked, gone, from, limit)
		}, finish)
}
