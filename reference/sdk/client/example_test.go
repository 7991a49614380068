package client_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// An upstream grants. Repeating the same request is safe, whatever the outcome of the first try.
func Example() {
	keys, err := auth.Load("data/keys.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, _ := keys.Caller("demo")
	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1:8080", Key: caller.Key})
	if err != nil {
		fmt.Println(err)
		return
	}
	win := wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 7}, Activity: "spring-festival", Scene: "rain", Rain: 1,
		Award: wallet.Cash, Amount: 88, Opened: wallet.InstantOf(time.Now())}
	reply, err := c.Grant(context.Background(), win)
	switch {
	case errors.Is(err, wallet.ErrUnknown):
		fmt.Println("keep the request, and send it again later")
	case err != nil:
		fmt.Println("refused:", wallet.ReasonOf(err))
	default:
		fmt.Println("on record, it cannot be lost:", reply.Order)
	}
}

// An app keeps its user's tokens, and sends them when the service has lost its own copies.
func ExamplePurse() {
	session := func(wallet.Caller) string { return "hbs1.…" }
	c, err := client.New(client.Config{BaseURL: "http://127.0.0.1:8080", Session: session})
	if err != nil {
		fmt.Println(err)
		return
	}
	purse := client.NewPurse(c, wallet.Caller{App: wallet.Douyin, User: 7})
	purse.Keep(wallet.GrantReply{ /* as the play passed it on */ }, wallet.InstantOf(time.Now()))
	page, err := purse.Page(context.Background(), wallet.PageRequest{Limit: 20})
	if err != nil {
		fmt.Println(wallet.ReasonOf(err))
		return
	}
	fmt.Println(page.Balance)
}
