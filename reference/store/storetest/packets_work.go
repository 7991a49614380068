package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func packetUnfinished(t *testing.T, s PacketStore) {
	expect := func(asked, gone wallet.Instant, limit int, requests ...int64) {
		t.Helper()
		var numbers []int64
		for _, p := range first(s.Unfinished(t.Context(), asked, gone, 0, limit)).ok(t) {
			numbers = append(numbers, p.No.Request)
			onRecord(t, s, p, "as recorded")
		}
		require.Equal(t, requests, numbers)
		checkSettled(t, s)
	}
	mark := func(p wallet.Packet, n int64, to wallet.ShareState, at wallet.Instant) {
		t.Helper()
		share := call(s.Mark(t.Context(), p.No, guest(n), to, 7, at)).ok(t)
		require.Equal(t, to, share.State)
	}
	checkSettled(t, s)
	minute := func(n int) wallet.Instant { return eve.Add(time.Duration(n) * time.Minute) }
	var ps []wallet.Packet
	for i := range 6 {
		p := packet(int64(i+1), time.Duration(i)*time.Minute, 2)
		write(s.Create(t.Context(), p)).ok(t)
		ps = append(ps, p)
	}
	expect(minute(0), minute(9), 10)
	expect(minute(0)+1, minute(9), 10, 1)
	expect(minute(9), minute(0), 10, 1, 2, 3, 4, 5, 6)
	expect(minute(9), minute(0), 2, 1, 2)
	expect(minute(9), minute(9), 0)
	for _, p := range ps[:4] {
		require.NoError(t, s.Advance(t.Context(), p.No, wallet.PacketSent))
	}
	require.NoError(t, s.Advance(t.Context(), ps[4].No, wallet.PacketRefused))
	expect(minute(9), minute(0), 10, 6)
	expect(minute(0), minute(2), 10, 1, 2) // sent before minute 2
	expect(minute(9), minute(3)+1, 10, 1, 2, 3, 4, 6)
	expect(minute(9), minute(3)+1, 3, 1, 2, 3)

	mark(ps[1], 0, wallet.ShareOpening, minute(20))
	mark(ps[1], 1, wallet.ShareReturning, minute(30))
	expect(minute(20), minute(0), 10, 6)      // opening has begun only now
	expect(minute(20)+1, minute(0), 10, 2, 6) // opening is stuck
	expect(minute(40), minute(9), 10, 1, 2, 3, 4, 6)
	mark(ps[1], 0, wallet.ShareOpened, minute(20))
	expect(minute(30), minute(0), 10, 6)
	expect(minute(40), minute(0), 10, 2, 6) // the other share is stuck
	mark(ps[1], 1, wallet.ShareReturned, minute(30))
	expect(minute(40), minute(9), 10, 1, 3, 4, 6) // closed
}

// checkSettled requires that a store which can report whether it has unfinished packets agrees with Unfinished.
func checkSettled(t *testing.T, s PacketStore) {
	t.Helper()
	if store, ok := s.(interface{ Settled() bool }); ok {
		unfinished := first(s.Unfinished(t.Context(), wallet.Never, wallet.Never, 0, 1)).ok(t)
		require.Equal(t, len(unfinished) == 0, store.Settled())
	}
}

func packetsByOwner(t *testing.T, s PacketStore) {
	want := map[wallet.PacketNo]wallet.Packet{}
	for i := range 60 {
		p := packet(int64(i+1), 0, 1+i%3)
		p.Owner = wallet.ActID(i*37%20 + 1)
		sent(t, s, p)
		p.State = wallet.PacketSent
		want[p.No] = p
	}
	checkReader(t, want, func(p wallet.Packet) wallet.PacketNo { return p.No },
		func(last, next wallet.Packet) bool { return last.Owner <= next.Owner }, s.Packets)
}

func oneSends(t *testing.T, s PacketStore) {
	onceEach(t, 30, func(t *testing.T, caller, i int) bool {
		p := packet(int64(i+1), 0, caller+1)
		got, isNew, err := s.Create(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, p.No, got.No)
		sum := wallet.Money(0)
		for _, share := range got.Shares {
			sum += share.Amount
		}
		require.Equal(t, got.Amount, sum, "complete, whichever caller created it")
		if isNew {
			require.Equal(t, p.Amount, got.Amount)
		}
		return isNew
	})
}

// oneMarks: some callers open and others return all shares of one packet concurrently. Each share is either opened or
// returned, all callers get the same result, and the last change closes the packet.
func oneMarks(t *testing.T, s PacketStore) {
	const shares = 20
	p := packet(1, 0, shares)
	sent(t, s, p)
	var results [callers][shares]wallet.Share
	together(t, func(t *testing.T, caller int) {
		for n := range int64(shares) {
			begin := wallet.ShareOpening
			if caller%2 == 0 {
				begin = wallet.ShareReturning
			}
			share := call(s.Mark(t.Context(), p.No, guest(n), begin, wallet.ActID(caller+1), eve)).ok(t)
			end := wallet.ShareOpened
			if share.State == wallet.ShareReturning || share.State == wallet.ShareReturned {
				end = wallet.ShareReturned
			}
			share = call(s.Mark(t.Context(), p.No, guest(n), end, share.Owner, eve)).ok(t)
			require.Equal(t, end, share.State)
			results[caller][n] = share
		}
	})
	for caller := range results {
		require.Equal(t, results[0], results[caller])
	}
	p.State, p.Shares = wallet.PacketClosed, results[0][:]
	onRecord(t, s, p, "as returned to all callers")
}
