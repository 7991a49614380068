// Command client calls a wallet over HTTP with reference/sdk/client: as an upstream it grants, and as an app it keeps the
// user's token in a token store, shows the page and withdraws. The wallet runs in this process. Run it with
//
//	go run ./examples/client
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// run starts a wallet and calls it. For a wallet that runs elsewhere, only use is needed.
func run(ctx context.Context) error {
	data, err := os.MkdirTemp("", "hongbao-client-*")
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
	return errors.Join(use(ctx, s.URL(), s.Keys()), stop()) // elsewhere: the keys of auth.Load("data/keys.json")
}

// use grants 188 fen to a user, shows them, and withdraws 100.
func use(ctx context.Context, url string, keys auth.Keys) error {
	upstream, _ := keys.Caller("demo") // every new keys file has it
	session := func(who wallet.Caller) string {
		return auth.Session(keys.SessionKey, who.App, who.User, time.Now().Add(time.Hour))
	}
	c, err := client.New(client.Config{BaseURL: url, Key: upstream.Key, Session: session})
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	who, opened := wallet.Caller{App: wallet.Douyin, User: 7}, wallet.InstantOf(time.Now())
	reply, err := c.Grant(ctx, wallet.GrantRequest{Caller: who, Activity: "spring-festival", Scene: "rain", Rain: 1,
		Award: wallet.Cash, Amount: 188, Opened: opened})
	if err != nil {
		return err // wallet.ErrUnknown: send the same request again later
	}
	tokens := client.NewTokenStore(c, who)
	tokens.Keep(reply, opened) // so that the money is shown even if the service loses its own copy of the token
	page, err := tokens.Page(ctx, wallet.PageRequest{Limit: 20})
	if err != nil {
		return err
	}
	fmt.Printf("granted %d fen, balance %d fen, tokens in the store %d\n", reply.Amount, page.Balance, len(tokens.Tokens()))
	paid, err := tokens.Withdraw(ctx, wallet.WithdrawRequest{Request: 1, Amount: 100, At: opened})
	if err != nil {
		return err
	}
	if page, err = tokens.Page(ctx, wallet.PageRequest{Limit: 20}); err != nil {
		return err
	}
	fmt.Printf("withdrew %d fen, balance %d fen, tokens in the store %d\n", paid.Amount, page.Balance, len(tokens.Tokens()))
	return nil
}
