// Command conformance checks a wallet against the published contract, case by case, and prints how many cases passed.
// The wallet is the reference wallet in this process; for another wallet, change the address and the keys of the target.
// Run it with
//
//	go run ./examples/conformance
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"hongbao/loadtest/conform"
	"hongbao/reference/server/auth"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	data, err := os.MkdirTemp("", "hongbao-conformance-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	c := open.Default()
	c.Listen, c.Debug, c.Data, c.PostRest = "127.0.0.1:0", "", data, 20*time.Millisecond
	s, stop, err := open.Start(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(check(ctx, s.URL(), s.Keys()), stop())
}

// check prints the failed cases and the counts. The cases use new users and the load-test mark, so that live money is not
// touched.
func check(ctx context.Context, url string, keys auth.Keys) error {
	upstream, _ := keys.Caller("demo")
	target := conform.Target{BaseURL: url, Key: upstream.Key, Activity: "spring-festival", Scene: "rain", Cap: 8_800,
		Reward:  conform.Reward{Scene: "friend-pendant", Award: wallet.AvatarPendant},
		Packets: true, LoadTest: true, Patience: 2 * open.StandInSettles, // bounds how long the cases wait
		Session: func(who wallet.Caller, until time.Time) string {
			return auth.Session(keys.SessionKey, who.App, who.User, until)
		}}
	count := map[conform.Verdict]int{}
	_, err := conform.Run(ctx, target, func(r conform.Result) {
		count[r.Verdict]++
		if r.Verdict == conform.Fail || r.Verdict == conform.Unknown {
			fmt.Printf("%s %s: %s: %s\n", r.Verdict, r.Name, r.Why, r.Detail)
		}
	})
	fmt.Printf("%d cases passed, %d failed, %d unknown, %d skipped\n",
		count[conform.Pass], count[conform.Fail], count[conform.Unknown], count[conform.Skip])
	return err
}
