package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// startWallet starts a wallet in this process for an example. Its keys would otherwise be read with auth.Load.
func startWallet() (url string, keys auth.Keys, stop func()) {
	c := open.Default()
	c.Listen, c.Debug = "127.0.0.1:0", ""
	c.Data, _ = os.MkdirTemp("", "hongbao-*")
	s, end, err := open.Start(context.Background(), c)
	if err != nil {
		panic(err)
	}
	return s.URL(), s.Keys(), func() { _ = errors.Join(end(), os.RemoveAll(c.Data)) }
}

// An upstream grants. Repeating the same request is safe, whatever the outcome of the first try.
func Example() {
	url, keys, stop := startWallet()
	defer stop()
	caller, _ := keys.Caller("demo")
	c, err := client.New(client.Config{BaseURL: url, Key: caller.Key})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseIdle()
	win := wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 7}, Activity: "spring-festival", Scene: "rain", Rain: 1,
		Award: wallet.Cash, Amount: 88, Opened: wallet.InstantOf(time.Now())}
	reply, err := c.Grant(context.Background(), win)
	switch {
	case errors.Is(err, wallet.ErrUnknown):
		fmt.Println("keep the request, and send it again later")
	case err != nil:
		fmt.Println("refused:", wallet.ReasonOf(err))
	default:
		fmt.Println("on record, it cannot be lost:", reply.Amount)
	}
	win.Amount, win.Rain = 1_000_000, 2
	_, err = c.Grant(context.Background(), win)
	fmt.Println("refused:", wallet.ReasonOf(err))
	// Output:
	// on record, it cannot be lost: 0.88 yuan
	// refused: over_cap
}

// An app keeps its user's tokens, and sends them when the service has lost its own copies.
func ExampleTokenStore() {
	url, keys, stop := startWallet()
	defer stop()
	caller, _ := keys.Caller("demo")
	session := func(who wallet.Caller) string { // of the login service; an app has only its own session
		return auth.Session(keys.SessionKey, who.App, who.User, time.Now().Add(time.Hour))
	}
	c, err := client.New(client.Config{BaseURL: url, Key: caller.Key, Session: session})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseIdle()
	ctx, who, opened := context.Background(), wallet.Caller{App: wallet.Douyin, User: 7}, wallet.InstantOf(time.Now())
	reply, err := c.Grant(ctx, wallet.GrantRequest{Caller: who, Activity: "spring-festival", Scene: "rain", Rain: 1,
		Award: wallet.Cash, Amount: 88, Opened: opened})
	if err != nil {
		fmt.Println(wallet.ReasonOf(err))
		return
	}
	tokens := client.NewTokenStore(c, who)
	tokens.Keep(reply, opened) // as the play passed it on to the app
	page, err := tokens.Page(ctx, wallet.PageRequest{Limit: 20})
	fmt.Println(page.Balance, err)
	paid, err := tokens.Withdraw(ctx, wallet.WithdrawRequest{Request: 1, Amount: 50, At: opened})
	fmt.Println(paid.Amount, err)
	// Output:
	// 0.88 yuan <nil>
	// 0.50 yuan <nil>
}
