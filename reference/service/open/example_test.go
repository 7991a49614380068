package open_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// A wallet inside a program: no server, Redis or MySQL is needed.
func ExampleStart() {
	ctx := context.Background()
	c := open.Default()
	c.Listen, c.Debug = "127.0.0.1:0", "" // any free port
	c.Data, _ = os.MkdirTemp("", "hongbao-*")
	defer os.RemoveAll(c.Data)
	s, stop, err := open.Start(ctx, c)
	if err != nil {
		fmt.Println(err)
		return
	}

	who := wallet.Caller{App: wallet.Douyin, User: 7}
	win := wallet.GrantRequest{Caller: who, Activity: "spring-festival", Scene: "rain", Rain: 1,
		Award: wallet.Cash, Amount: 88, Opened: wallet.InstantOf(time.Now())}
	for range 2 { // the same request again is the same grant
		if _, err := s.Wallet().API.Grant(ctx, win); err != nil {
			fmt.Println(wallet.ReasonOf(err))
		}
	}
	page, err := s.Wallet().API.Page(ctx, wallet.PageRequest{Caller: who, Limit: 20})
	fmt.Println(page.Balance, err)
	fmt.Println(stop()) // posts what is held
	// Output:
	// 0.88 yuan <nil>
	// <nil>
}

// All faults of a configuration are in one error.
func ExampleConfig_Complete() {
	c := open.Default()
	c.Strategy, c.Shards = "later", 0
	err := c.Complete()
	fmt.Println(errors.Is(err, open.ErrConfig))
	fmt.Println(err)
	// Output:
	// true
	// the service is not started:
	//   strategy "later": use sync, async or token
	//   shards is 0, not in 1..4096
}
