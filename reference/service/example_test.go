package service_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"hongbao/reference/service"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// A Wallet is called in its own process. Here reference/service/open composes it, over embedded stores; a program with
// other stores passes them to New as Ports.
func ExampleWallet() {
	c := open.Default()
	c.Listen, c.Debug = "127.0.0.1:0", ""
	c.Data, _ = os.MkdirTemp("", "hongbao-*")
	defer os.RemoveAll(c.Data)
	ctx := context.Background()
	s, stop, err := open.Start(ctx, c)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = stop() }()
	var w *service.Wallet = s.Wallet()

	who := wallet.Caller{App: wallet.Toutiao, User: 7}
	reply, err := w.API.Grant(ctx, wallet.GrantRequest{Caller: who, Activity: w.Activity.Parent, Scene: "fireworks", Rain: 1,
		Award: wallet.Cash, Amount: 520, Opened: wallet.InstantOf(time.Now())})
	if err != nil {
		fmt.Println(wallet.ReasonOf(err))
		return
	}
	fmt.Println("granted:", reply.Amount)
	won, err := w.SDK.HasWon(ctx, who)
	fmt.Println("has won:", won, err)
	spent, err := w.Spent(ctx, wallet.Official)
	fmt.Println("of the budget:", spent, err)
	// Output:
	// granted: 5.20 yuan
	// has won: true <nil>
	// of the budget: 5.20 yuan <nil>
}
