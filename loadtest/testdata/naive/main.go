// Command naive is a second wallet with the same API, as small as possible: it keeps everything in memory, under one lock,
// and uses only net/http. It is the example of docs/bring-your-own-wallet.md.
//
// The flag --fault gives it one of the usual faults of wallets, to show that the load test finds the fault. It must not be
// used for money.
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

// faults are the values of --fault.
func faults() []string {
	return []string{
		"double",        // a repeat is granted again
		"over-issue",    // the budget is read first and taken a moment later
		"lost",          // every seventh grant is acknowledged but not recorded
		"wrong-page",    // the balance lacks the newest win
		"twice-listed",  // each page begins with the last line of the previous page
		"unsigned",      // signatures are not checked
		"other-session", // the request's user is trusted instead of the session's
		"overdraw",      // the balance is read first and taken a moment later
		"lies",          // replies to grants have another amount
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "address to listen on; port 0 selects a free port")
	keys := flag.String("keys", "naive-keys.json", "keys file; created if it does not exist")
	fault := flag.String("fault", "", "planted fault: "+strings.Join(faults(), ", ")+"; empty for none")
	activity := flag.String("activity", "spring-festival", "id of the activity")
	scenes := flag.String("scenes", "card-collection,card-lottery,rain,friend-rain,fireworks", "ids of the cash scenes, separated by commas")
	single := flag.Int64("cap", 8_800, "the largest single grant, in fen")
	budget := flag.Int64("budget", 100_000_000_000, "budget of the activity, in fen")
	operators := flag.Bool("operators", true, "serve the methods for operators")
	flag.Parse()
	if *fault != "" && !slices.Contains(faults(), *fault) {
		fail(fmt.Errorf("--fault %q: there are %s", *fault, strings.Join(faults(), ", ")))
	}
	fresh := func() *naive {
		return &naive{fault: *fault, activity: wallet.ActivityID(*activity), scenes: strings.Split(*scenes, ","), cap: *single, budget: *budget,
			people: map[wallet.Account]*account{}, phones: map[int64]*account{}, paid: map[wallet.WithdrawalNo]*pb.Withdrawal{}}
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
