package posting_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/posting"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

type noon struct{}

func (noon) Now() wallet.Instant { return 1_643_630_400_000_000 }

func credit(id wallet.ActID, fen wallet.Money) wallet.Credit {
	return wallet.Credit{Order: wallet.OrderNo{ActID: id, Scene: "rain", Award: wallet.Cash, Stage: wallet.Official}, Amount: fen, Opened: noon{}.Now()}
}

// TestWhatNoLedgerTakesBarsNobody pushes a credit that would overflow its person's balance into the backlog, between
// valid ones.
func TestWhatNoLedgerTakesBarsNobody(t *testing.T) {
	ctx := t.Context()
	orders, ledger := mem.NewOrders(), mem.NewLedger(noon{}, 1)
	backlog := mem.NewBacklog(noon{}, 1, time.Second)
	var alarms []string
	p := &posting.Poster{
		Ledger: ledger, Orders: orders, Open: orders, Backlog: backlog, Clock: noon{}, Batch: 10,
		Reconcile: func(wallet.SceneID, wallet.Stage) bool { return false },
		Alarm:     func(k wallet.AlarmKind, of string) { alarms = append(alarms, string(k)+" "+of) },
	}
	much := credit(2, math.MaxInt64-10)
	much.Order.Rain = 1
	_, err := ledger.Post(ctx, []wallet.Credit{much})
	require.NoError(t, err)

	batch := []wallet.Credit{credit(1, 7), credit(2, 11), credit(3, 2)}
	for _, c := range batch {
		_, _, err := orders.Create(ctx, wallet.Order{No: c.Order, Amount: c.Amount, Opened: c.Opened, Created: noon{}.Now()})
		require.NoError(t, err)
	}
	require.NoError(t, backlog.Push(ctx, batch))
	n, err := p.PostBatch(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, []string{"posting_refused 2_rain_0_1_3"}, alarms)
	depth, err := backlog.Depth(ctx)
	require.NoError(t, err)
	require.Zero(t, depth)

	onRecord, err := orders.Get(ctx, []wallet.OrderNo{batch[0].Order, batch[1].Order, batch[2].Order})
	require.NoError(t, err)
	require.Equal(t, wallet.OrderSettled, onRecord[0].State)
	require.Equal(t, wallet.OrderOpen, onRecord[1].State, "reconciliation will report it")
	require.Equal(t, wallet.OrderSettled, onRecord[2].State)
	view, err := ledger.View(ctx, wallet.ViewQuery{Wallets: []wallet.ActID{1, 3}, Stage: wallet.Official, Limit: 5})
	require.NoError(t, err)
	require.EqualValues(t, 9, view.Balance)
}
