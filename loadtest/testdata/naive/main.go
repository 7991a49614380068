// Naive is a second wallet, as small as one can be: it keeps everything in memory, under one lock, and speaks the
// published API over net/http. It is the example of docs/bring-your-own-wallet.md.
//
// Told so, it has one of the faults that wallets have, so that the harness can be seen to name it. It must not be used
// for money.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// faults are what can be wrong with it.
func faults() []string {
	return []string{
		"double",        // a repeat is granted again
		"over-issue",    // the budget is looked at, and a moment later taken
		"lost",          // every seventh grant is answered and forgotten
		"wrong-page",    // the balance lacks the newest win
		"twice-listed",  // each page begins with the line that the last one ended with
		"unsigned",      // signatures are not looked at
		"other-session", // whom a request names is whose wallet is opened
		"overdraw",      // the balance is looked at, and a moment later taken
		"lies",          // grants are answered with another amount
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to listen; port 0: anywhere")
	keys := flag.String("keys", "naive-keys.json", "keys file, made when it is not there")
	fault := flag.String("fault", "", "what is wrong with it: "+strings.Join(faults(), ", ")+"; empty: nothing")
	activity := flag.String("activity", "spring-festival", "the activity that is granted under")
	scenes := flag.String("scenes", "card-collection,card-lottery,rain,friend-rain,fireworks", "its cash scenes")
	single := flag.Int64("cap", 8_800, "the largest single grant, in fen")
	budget := flag.Int64("budget", 100_000_000_000, "all that may be granted, in fen")
	operators := flag.Bool("operators", true, "answer what operators ask")
	flag.Parse()
	if *fault != "" && !slices.Contains(faults(), *fault) {
		fail(fmt.Errorf("--fault %q: there are %s", *fault, strings.Join(faults(), ", ")))
	}
	fresh := func() *naive {
		return &naive{fault: *fault, activity: wallet.ActivityID(*activity), scenes: strings.Split(*scenes, ","), cap: *single, budget: *budget,
			people: map[wallet.Account]*purse{}, phones: map[int64]*purse{}, paid: map[wallet.WithdrawalNo]*pb.Withdrawal{}}
	}
	if err := auth.Save(*keys, auth.Generate()); err != nil && !errors.Is(err, fs.ErrExist) {
		fail(err)
	}
	k, err := auth.Load(*keys)
	if err != nil {
		fail(err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fail(err)
	}
	fmt.Printf("listening on http://%s\n", l.Addr())
	server := &http.Server{Handler: newEdge(k, *fault, *operators, fresh), ReadHeaderTimeout: 5 * time.Second}
	fail(server.Serve(l))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "naive:", err)
	os.Exit(1)
}
