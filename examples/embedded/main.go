// Command embedded runs a wallet inside a Go program: it grants two rewards, reads the wallet page and stops in order.
// The stores are in a temporary folder. Run it with
//
//	go run ./examples/embedded
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	data, err := os.MkdirTemp("", "hongbao-embedded-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	c := open.Default()
	c.Listen, c.Debug, c.Data = "127.0.0.1:0", "", data
	s, stop, err := open.Start(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(use(ctx, s.Wallet().API), stop()) // stop posts what is held
}

// use grants to one user and prints the user's wallet page.
func use(ctx context.Context, api wallet.Service) error {
	who := wallet.Caller{App: wallet.Douyin, User: 7}
	for rain, fen := range []wallet.Money{88, 166} {
		// The same request again is the same grant: a person wins a scene's rain once.
		win := wallet.GrantRequest{Caller: who, Activity: "spring-festival", Scene: "rain", Rain: int32(rain + 1),
			Award: wallet.Cash, Amount: fen, Opened: wallet.InstantOf(time.Now())}
		if _, err := api.Grant(ctx, win); err != nil {
			return fmt.Errorf("%s: %w", wallet.ReasonOf(err), err)
		}
	}
	page, err := api.Page(ctx, wallet.PageRequest{Caller: who, Limit: 20})
	if err != nil {
		return err
	}
	fmt.Printf("balance %d fen, %d lines\n", page.Balance, len(page.Grants))
	for _, line := range page.Grants {
		fmt.Printf("%s %d fen\n", line.Text, line.Amount)
	}
	return nil
}
