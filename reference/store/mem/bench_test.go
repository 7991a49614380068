package mem

import (
	"context"
	"testing"
	"time"

	"hongbao/reference/wallet"
)

const benchPeople = 1 << 20 // more than the processor's caches hold, as in a festival

// scattered returns people in a cache-unfriendly order, and a new rain after each round of all people.
func scattered(i int) wallet.OrderNo {
	return number(wallet.ActID(i*40_503%benchPeople+1), int32(i/benchPeople))
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkOrdersCreate(b *testing.B) {
	s := NewOrders()
	b.ReportAllocs()
	for i := range b.N {
		_, _, err := s.Create(context.Background(), wallet.Order{No: scattered(i), Amount: 1})
		must(b, err)
	}
}

func BenchmarkOrdersFinish(b *testing.B) {
	s := NewOrders()
	for i := range b.N {
		_, _, err := s.Create(context.Background(), wallet.Order{No: scattered(i), Amount: 1})
		must(b, err)
	}
	nos := make([]wallet.OrderNo, 1)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		nos[0] = scattered(i)
		must(b, s.Finish(context.Background(), nos, wallet.OrderSettled))
	}
}

func BenchmarkBudgetsReserve(b *testing.B) {
	s := NewBudgets()
	b.ReportAllocs()
	for i := range b.N {
		must(b, s.Reserve(context.Background(), scattered(i), 1, 1<<60))
	}
}

func BenchmarkTokensIssue(b *testing.B) {
	s := NewTokens(NewBacklog(fixedClock(0), 64, time.Second))
	b.ReportAllocs()
	for i := range b.N {
		must(b, s.Issue(context.Background(), wallet.Token{App: wallet.Douyin, Activity: "official", Order: scattered(i), Amount: 1}))
	}
}

func BenchmarkTokensListAndMark(b *testing.B) {
	s := NewTokens(NewBacklog(fixedClock(0), 64, time.Second))
	for i := range benchPeople {
		must(b, s.Issue(context.Background(), wallet.Token{App: wallet.Douyin, Activity: "official", Order: scattered(i), Amount: 1}))
	}
	nos := make([]wallet.OrderNo, 1)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		nos[0] = scattered(i % benchPeople)
		must(b, s.Mark(context.Background(), nos, wallet.TokenProcessing))
		ts, err := s.List(context.Background(), nos[0].ActID, wallet.Official)
		must(b, err)
		if len(ts) != 1 {
			b.Fatal("not listed")
		}
	}
}

// batch is the number of credits per transaction in the benchmarks below.
const batch = 500

func BenchmarkBacklogPushTakeAck(b *testing.B) {
	s := NewBacklog(fixedClock(0), 1, time.Second)
	cs := make([]wallet.Credit, batch)
	ids := make([]uint64, batch)
	b.ReportAllocs()
	for i := 0; i < b.N; i += batch {
		for j := range cs {
			cs[j] = wallet.Credit{Order: scattered(i + j), Amount: 1}
		}
		must(b, s.Push(context.Background(), cs))
		held, err := s.Take(context.Background(), 0, batch)
		must(b, err)
		for j, h := range held {
			ids[j] = h.ID
		}
		must(b, s.Ack(context.Background(), 0, ids))
	}
}

func BenchmarkLedgerPost(b *testing.B) {
	l := NewLedger(fixedClock(0), 8)
	cs := make([]wallet.Credit, batch)
	b.ReportAllocs()
	for i := 0; i < b.N; i += batch {
		for j := range cs {
			cs[j] = wallet.Credit{Order: scattered(i + j), Amount: 1}
		}
		_, err := l.Post(context.Background(), cs)
		must(b, err)
	}
}

func BenchmarkLedgerView(b *testing.B) {
	l := NewLedger(fixedClock(0), 8)
	for i := range 4 * benchPeople {
		_, err := l.Post(context.Background(), []wallet.Credit{{Order: scattered(i), Amount: 1, Opened: wallet.Instant(i)}})
		must(b, err)
	}
	wallets := make([]wallet.ActID, 1)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		wallets[0] = scattered(i).ActID
		v, err := l.View(context.Background(), wallet.ViewQuery{Wallets: wallets, Stage: wallet.Official, Limit: 10})
		must(b, err)
		if v.Income != 4 {
			b.Fatal(v)
		}
	}
}

func BenchmarkLedgerTransfer(b *testing.B) {
	l := NewLedger(fixedClock(0), 8)
	legs := make([]wallet.Leg, 2)
	b.ReportAllocs()
	for i := range b.N {
		id := int64(i + 1)
		_, err := l.Post(context.Background(), []wallet.Credit{{Order: number(wallet.ActID(id), 1), Amount: 5}})
		must(b, err)
		legs[0] = wallet.Leg{Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: id}, Amount: -5}
		legs[1] = wallet.Leg{Account: wallet.AccountNo{Kind: wallet.HoldAccount, Stage: wallet.Official, Owner: id}, Amount: 5}
		no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: wallet.Account{Family: 1, User: wallet.UserID(id)}, Request: 1}, Step: wallet.TransferHold}
		must(b, l.Transfer(context.Background(), wallet.Transfer{No: no, Legs: legs}))
	}
}

func BenchmarkIdentities(b *testing.B) {
	s := NewIdentities()
	b.ReportAllocs()
	for i := range b.N {
		a := wallet.Account{Family: wallet.DouyinFamily, User: wallet.UserID(i*40_503%benchPeople + 1)}
		if _, err := s.Person(context.Background(), a); err == nil {
			continue
		}
		_, err := s.Apply(context.Background(), wallet.IdentityChange{Account: a, Phone: wallet.Phone(13_000_000_000 + i)})
		must(b, err)
	}
}
