package storetest

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// OrderStore is the set of ports of a store of orders.
type OrderStore interface {
	wallet.Orders
	wallet.OpenOrders
	wallet.OrderReader
}

func order(no wallet.OrderNo, fen wallet.Money, after time.Duration) wallet.Order {
	return wallet.Order{No: no, Amount: fen, Opened: eve.Add(after), Created: eve.Add(after + time.Second)}
}

// Orders tests an adapter of wallet.Orders, wallet.OpenOrders and wallet.OrderReader.
func Orders(t *testing.T, open func(t *testing.T) OrderStore) {
	t.Run("create is idempotent", func(t *testing.T) { createIsIdempotent(t, open(t)) })
	t.Run("get keeps the order asked", func(t *testing.T) { getKeepsOrder(t, open(t)) })
	t.Run("finish moves forward only", func(t *testing.T) { finishMovesForward(t, open(t)) })
	t.Run("a number that is given up is final", func(t *testing.T) { movedIsFinal(t, open(t)) })
	t.Run("of lists one stage of one wallet", func(t *testing.T) { ofListsOneStage(t, open(t)) })
	t.Run("open finds the oldest", func(t *testing.T) { openFindsOldest(t, open(t)) })
	t.Run("reader lists by owner", func(t *testing.T) { ordersByOwner(t, open(t)) })
	t.Run("one of many callers creates", func(t *testing.T) { oneCreates(t, open(t)) })
	checkModel(t, open, ordersModel)
}

func createIsIdempotent(t *testing.T, s OrderStore) {
	want := order(number(7, 1), math.MaxInt64, time.Minute)
	write(s.Create(t.Context(), want)).records(t, want)

	repeat := want
	repeat.Created++ // a retry arrives later
	write(s.Create(t.Context(), repeat)).keeps(t, want, "the first record is kept")

	other := want
	other.Amount = 1
	got := write(s.Create(t.Context(), other)).recorded(t, false)
	require.False(t, other.SameGrant(got), "the caller detects the conflict by comparison")

	for _, no := range neighbours(want.No) {
		write(s.Create(t.Context(), order(no, 1, 0))).recorded(t, true, "%s is another order", no)
	}
	call(s.OpenCount(t.Context())).returns(t, 6, "repeats are not counted")
}

func getKeepsOrder(t *testing.T, s OrderStore) {
	a, b := order(number(1, 1), 10, 0), order(number(2, 1), 20, 0)
	for _, o := range []wallet.Order{a, b} {
		write(s.Create(t.Context(), o)).ok(t)
	}
	call(s.Get(t.Context(), []wallet.OrderNo{b.No, number(1, 2), number(3, 1), a.No, b.No})).returns(t, []wallet.Order{b, {}, {}, a, b})
	require.Empty(t, call(s.Get(t.Context(), nil)).ok(t))
}

func finishMovesForward(t *testing.T, s OrderStore) {
	for _, c := range []struct {
		rain  int32
		steps []wallet.OrderState
		want  wallet.OrderState
	}{
		{1, nil, wallet.OrderOpen},
		{2, []wallet.OrderState{wallet.OrderSettled}, wallet.OrderSettled},
		{3, []wallet.OrderState{wallet.OrderVoid}, wallet.OrderVoid},
		{4, []wallet.OrderState{wallet.OrderSettled, wallet.OrderSettled}, wallet.OrderSettled}, // repeated
		{5, []wallet.OrderState{wallet.OrderSettled, wallet.OrderVoid}, wallet.OrderSettled},    // final is final
		{6, []wallet.OrderState{wallet.OrderVoid, wallet.OrderSettled}, wallet.OrderVoid},
	} {
		no := number(1, c.rain)
		write(s.Create(t.Context(), order(no, 1, 0))).ok(t)
		for _, to := range c.steps {
			require.NoError(t, s.Finish(t.Context(), []wallet.OrderNo{number(9, 9), no, no}, to), "an unknown number is ignored")
		}
		require.Equal(t, c.want, call(s.Get(t.Context(), []wallet.OrderNo{no})).ok(t)[0].State, "rain %d", c.rain)
	}
	call(s.OpenCount(t.Context())).returns(t, 1)
	o := write(s.Create(t.Context(), order(number(1, 2), 1, 0))).recorded(t, false)
	require.Equal(t, wallet.OrderSettled, o.State, "a repeat does not open it again")
}

// movedIsFinal: a number that is given up is taken, is not open, and stays so.
func movedIsFinal(t *testing.T, s OrderStore) {
	moved := order(number(1, 1), 7, 0)
	moved.State = wallet.OrderMoved
	write(s.Create(t.Context(), moved)).recorded(t, true)
	for _, to := range []wallet.OrderState{wallet.OrderSettled, wallet.OrderVoid} {
		require.NoError(t, s.Finish(t.Context(), []wallet.OrderNo{moved.No}, to))
	}
	write(s.Create(t.Context(), order(moved.No, 7, time.Minute))).keeps(t, moved)
	require.Zero(t, call(s.OpenCount(t.Context())).ok(t))
	taken := order(number(1, 2), 7, 0)
	write(s.Create(t.Context(), taken)).ok(t)
	moved.No = taken.No
	write(s.Create(t.Context(), moved)).returns(t, taken, "a recorded order is not given up")
}

func ofListsOneStage(t *testing.T, s OrderStore) {
	var want []wallet.Order
	for _, scene := range []wallet.SceneID{"rain-cash", "card-lottery", "fireworks"} {
		for rain := int32(11); rain > 8; rain-- { // 9 comes before 10 and 11: numbers are not compared as text
			for _, stage := range []wallet.Stage{wallet.ExternalDrill, wallet.Official} {
				for id := wallet.ActID(1); id < 3; id++ {
					o := order(wallet.OrderNo{ActID: id, Scene: scene, Rain: rain, Award: wallet.Cash, Stage: stage}, 5, 0)
					write(s.Create(t.Context(), o)).ok(t)
					if id == 2 && stage == wallet.Official {
						want = append(want, o)
					}
				}
			}
		}
	}
	slices.SortFunc(want, func(a, b wallet.Order) int { return a.No.Compare(b.No) })
	require.Len(t, want, 9)
	call(s.Of(t.Context(), 2, wallet.Official)).returns(t, want)
	require.Empty(t, call(s.Of(t.Context(), 2, wallet.InternalTest)).ok(t))
	require.Empty(t, call(s.Of(t.Context(), 1000, wallet.Official)).ok(t))
}

func openFindsOldest(t *testing.T, s OrderStore) {
	const many = 3000 // more than any adapter reads at once
	var nos []wallet.OrderNo
	for i := range many {
		o := order(number(wallet.ActID(i+1), 1), 1, time.Duration(i)*time.Millisecond)
		write(s.Create(t.Context(), o)).ok(t)
		nos = append(nos, o.No)
	}
	created := func(i int) wallet.Instant { return eve.Add(time.Second + time.Duration(i)*time.Millisecond) }
	expect := func(before wallet.Instant, limit int, want []wallet.OrderNo) {
		t.Helper()
		var have []wallet.OrderNo
		for _, o := range first(s.Open(t.Context(), before, 0, limit)).ok(t) {
			require.Equal(t, wallet.OrderOpen, o.State)
			have = append(have, o.No)
		}
		require.Equal(t, want, have)
	}
	expect(created(0), many, nil) // before means before
	expect(created(1), many, nos[:1])
	expect(wallet.Never, 10, nos[:10])
	expect(wallet.Never, 2*many, nos)
	var walked []wallet.OrderNo
	walkList(t, 70, func(from wallet.ScanCursor, limit int) ([]wallet.Order, wallet.ScanCursor, error) {
		return s.Open(t.Context(), wallet.Never, from, limit)
	}, func(step []wallet.Order) {
		for _, o := range step {
			walked = append(walked, o.No)
		}
	})
	require.Equal(t, nos, walked, "a walk returns each order once, whether it is settled meanwhile or not")
	require.NoError(t, s.Finish(t.Context(), nos[:2500], wallet.OrderSettled))
	expect(wallet.Never, 10, nos[2500:2510])
	expect(created(2501), 10, nos[2500:2501])
	require.NoError(t, s.Finish(t.Context(), nos[2501:], wallet.OrderVoid))
	expect(wallet.Never, 10, nos[2500:2501])
	require.NoError(t, s.Finish(t.Context(), nos, wallet.OrderVoid))
	expect(wallet.Never, 10, nil)
	require.Zero(t, call(s.OpenCount(t.Context())).ok(t))
}

func ordersByOwner(t *testing.T, s OrderStore) {
	want := map[wallet.OrderNo]wallet.Order{}
	for i := range 300 {
		o := order(number(wallet.ActID(i*37%100+1), int32(i)), wallet.Money(i+1), 0)
		write(s.Create(t.Context(), o)).ok(t)
		want[o.No] = o
	}
	checkReader(t, want, func(o wallet.Order) wallet.OrderNo { return o.No },
		func(last, next wallet.Order) bool { return last.No.ActID <= next.No.ActID }, s.Orders)
}

func oneCreates(t *testing.T, s OrderStore) {
	onceEach(t, 100, func(t *testing.T, caller, i int) bool {
		o := order(number(wallet.ActID(i+1), 1), wallet.Money(caller+1), 0)
		got, isNew, err := s.Create(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, o.No, got.No)
		if isNew {
			require.Equal(t, o, got)
		}
		require.NoError(t, s.Finish(t.Context(), []wallet.OrderNo{o.No}, wallet.OrderSettled))
		return isNew
	})
	require.Zero(t, call(s.OpenCount(t.Context())).ok(t))
}

// ordersModel compares the store with a map over random sequences of calls on few numbers.
func ordersModel(t *rapid.T, s OrderStore) {
	model := map[wallet.OrderNo]wallet.Order{}
	var inOrder []wallet.OrderNo
	draw := func() wallet.OrderNo {
		return number(wallet.ActID(rapid.IntRange(1, 3).Draw(t, "owner")), int32(rapid.IntRange(0, 2).Draw(t, "rain")))
	}
	for step := range rapid.IntRange(1, 30).Draw(t, "steps") {
		no := draw()
		if rapid.Bool().Draw(t, "create") {
			o := order(no, wallet.Money(rapid.Int64Range(1, 3).Draw(t, "fen")), time.Duration(step)*time.Second)
			_, known := model[no]
			write(s.Create(t.Context(), o)).recorded(t, !known)
			if !known {
				model[no], inOrder = o, append(inOrder, no)
			}
			continue
		}
		to := rapid.SampledFrom([]wallet.OrderState{wallet.OrderSettled, wallet.OrderVoid}).Draw(t, "state")
		require.NoError(t, s.Finish(t.Context(), []wallet.OrderNo{no}, to))
		if o, known := model[no]; known && o.State == wallet.OrderOpen {
			o.State = to
			model[no] = o
		}
	}
	var want, waiting []wallet.Order
	for _, no := range inOrder {
		want = append(want, model[no])
		if model[no].State == wallet.OrderOpen {
			waiting = append(waiting, model[no])
		}
	}
	require.ElementsMatch(t, want, call(s.Get(t.Context(), inOrder)).ok(t))
	left, more, err := s.Open(t.Context(), wallet.Never, 0, len(inOrder)+1)
	require.NoError(t, err)
	require.Zero(t, more)
	require.Equal(t, waiting, left)
}
