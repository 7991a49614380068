// Package crowd simulates people and their clients: they win, read pages, withdraw and return, and some attempt fraud. All
// requests and replies are reported to the oracle. It runs in virtual time.
package crowd

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/cluster"
	"hongbao/sim/oracle"
	"hongbao/sim/world"
)

// Crowd is the people and their clients. A client repeats a request that had no answer. The oracle gets the requests and
// replies, and nothing else.
type Crowd struct {
	world   *world.World
	cluster *cluster.Cluster
	Traffic *traffic.Traffic
	people  scenarios.People
	windows []scenarios.Window
	parent  wallet.ActivityID
	oracle  *oracle.Oracle
	meter   *cluster.Meter

	stream     *world.Stream
	fraud      *world.Stream // of fraud; a separate stream, so that fraud does not change the other draws
	openApps   *world.Stream // of the app in which a share is opened; a separate stream for the same reason
	lastToken  issuedToken   // the last token issued; the next fraud presents it
	lastReward wonReward     // the last reward won; the next fraud uses it
	next       traffic.Arrival
	More       bool                  // whether next is a win to come
	known      traffic.PersonSet     // people whose phones are registered or will be bound
	held       map[int64][]heldToken // tokens that clients hold, by person
	HeldBytes  int64                 // the memory of held
	Agenda     agenda                // the actions scheduled for later
	wake       int64                 // the time of the next runDue, Unix nanoseconds; 0: the agenda is empty
	Pending    int64                 // actions in progress or scheduled
}

// keep adds a token to those that a person's client holds.
func (c *Crowd) keep(p int64, t heldToken) {
	c.held[p] = append(c.held[p], t)
	c.HeldBytes += t.bytes()
}

// heldToken is a client's copy of a token.
type heldToken struct {
	order  wallet.OrderNo
	family wallet.Family // the app family that holds it
	sealed []byte
}

// bytes returns the memory of the token, without the map around it.
func (t heldToken) bytes() int64 { return int64(unsafe.Sizeof(t)) + int64(cap(t.sealed)) }

// New returns the people of the cluster's scenario. They do nothing before Start.
func New(w *world.World, t *cluster.Cluster, tr *traffic.Traffic, m *cluster.Meter, o *oracle.Oracle) *Crowd {
	sc := t.Scenario
	for i := range sc.Windows {
		m.Offered.Scheduled += tr.Total(i)
	}
	return &Crowd{
		world: w, cluster: t, Traffic: tr, people: sc.People, windows: sc.Windows, parent: sc.Activity.Parent,
		oracle: o, meter: m, stream: w.Stream("crowd"), fraud: w.Stream("cheats"), openApps: w.Stream("friendly"), known: traffic.NewPersonSet(sc.People.Count), held: map[int64][]heldToken{},
	}
}

// Start schedules the first win; each win schedules the next one.
func (c *Crowd) Start() {
	if c.next, c.More = c.Traffic.Next(); c.More {
		c.world.Go(c.next.At, c.arrive)
	}
}

// arrive schedules the next win and processes the current one.
func (c *Crowd) arrive() {
	a := c.next
	if c.next, c.More = c.Traffic.Next(); c.More {
		c.world.Go(c.next.At, c.arrive)
	}
	c.Pending++
	c.win(a)
	c.Pending--
}

// later calls do after a delay.
func (c *Crowd) later(d time.Duration, do func()) {
	c.Pending++
	c.world.Go(c.world.Now()+int64(d), func() {
		do()
		c.Pending--
	})
}

// Now returns the time of the clients' clocks.
func (c *Crowd) Now() wallet.Instant { return cluster.WorldClock{World: c.world}.Now() }

// hit returns true with the ratio's probability.
func (c *Crowd) hit(r scenarios.Ratio) bool { return r.Num > 0 && c.stream.Hit(r.Num, r.Den) }

// within draws a duration from a range, uniformly.
func (c *Crowd) within(r scenarios.Range) time.Duration {
	return r.Min + time.Duration(c.stream.IntN(int64(r.Max-r.Min)+1))
}

// ask sends one request once to a random instance and returns its answer.
func (c *Crowd) ask(serve func(cluster.API) error) error {
	return c.cluster.Client.Ask(c.people.Client.Timeout, func() error {
		i := c.cluster.Instances[c.stream.IntN(int64(len(c.cluster.Instances)))]
		return i.Run(func() error { return serve(c.cluster.Calls().Pages(i.Node)) })
	})
}

// retry makes a request and repeats it after a wait while the answer is retryable, as a client does.
func (c *Crowd) retry(request func() error) error {
	return traffic.Retry(c.people.Client, func(_, doublings int) error {
		c.world.Sleep(c.within(c.people.Client.Backoff) << doublings)
		return nil
	}, request)
}

// win requests a grant and then does what people do after it (B5).
func (c *Crowd) win(a traffic.Arrival) {
	if a.Award != wallet.Cash {
		c.winReward(a)
		return
	}
	ctx := context.Background()
	persona := c.Traffic.Persona(a.Person)
	c.registerPhone(ctx, a.Person, persona)
	r := c.request(a, a.Amount)
	id := c.oracle.GrantSent(a.Person, r, r.Opened)
	c.meter.Sent(a.Window)
	c.tryAboveCap(ctx, a.Person, r)
	if c.hit(c.people.Client.Hedge) {
		c.later(0, func() { _, _ = c.grant(ctx, id, r) })
	}
	var reply wallet.GrantReply
	err := c.retry(func() (err error) { reply, err = c.grant(ctx, id, r); return err })
	c.meter.Granted(a.Window, err)
	if err != nil {
		return
	}
	if len(reply.Token) > 0 && (persona.KeepsTokens || reply.State == wallet.GrantTokenOnly) {
		c.keep(a.Person, heldToken{reply.Order, a.App.Family(), reply.Token})
	}
	if c.hit(c.people.Client.Repeat) {
		c.later(c.within(c.people.Client.Backoff), func() { _, _ = c.grant(ctx, id, r) })
	}
	c.tryDoubled(ctx, a.Person, r)
	c.tryForeignToken(ctx, a.Person, r.Caller, reply.Token)
	c.after(a, persona)
}

// grant sends one try of a win.
func (c *Crowd) grant(ctx context.Context, id oracle.GrantID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	reply, err := c.try(ctx, id, r)
	c.meter.Answered("grant", err)
	return reply, err
}

// try sends a grant request once and reports the reply to the oracle.
func (c *Crowd) try(ctx context.Context, id oracle.GrantID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	reply, err := c.sendGrant(ctx, r)
	c.oracle.GrantAnswered(id, r, reply, err, c.Now())
	c.mix(opGrant, r.Caller, int64(r.Amount), err)
	return reply, err
}

// request returns the request for a win.
func (c *Crowd) request(a traffic.Arrival, amount wallet.Money) wallet.GrantRequest {
	return wallet.GrantRequest{
		Caller: c.caller(a.Person, a.App), Activity: c.parent, Scene: a.Scene, Rain: a.Rain, Award: a.Award, Amount: amount, Opened: c.Now(),
	}
}

// sendGrant sends a request for a win once. The reply is zero if there is an error.
func (c *Crowd) sendGrant(ctx context.Context, r wallet.GrantRequest) (reply wallet.GrantReply, err error) {
	err = c.ask(func(s cluster.API) (err error) { reply, err = s.Grant(ctx, r); return err })
	if err != nil {
		reply = wallet.GrantReply{}
	}
	return reply, err
}

// registerPhone registers the phone of a person who has one from the start in the account centre, once.
func (c *Crowd) registerPhone(ctx context.Context, p int64, persona traffic.Persona) {
	if !persona.HasPhone || !c.known.Add(p) {
		return
	}
	c.oracle.PhoneBound(p)
	var done [wallet.ToutiaoFamily + 1]bool
	for _, app := range persona.Apps[:persona.Held] {
		f := app.Family()
		if done[f] {
			continue
		}
		done[f] = true
		if err := c.cluster.Register(ctx, wallet.Account{Family: f, User: c.Traffic.Account(p, f)}, c.Traffic.PhoneOf(p)); err != nil {
			panic(errors.Join(errors.New("sim: the account centre refused a new phone"), err))
		}
	}
}

// The operations in the digest.
const (
	opGrant uint64 = 1 + iota
	opPage
	opWithdraw
	opBind
	opReward
	opRewards
	opUse
	opSend
	opOpen
)

// mix adds one answer to the digest: the operation, the caller, the amount, the time and the outcome.
func (c *Crowd) mix(op uint64, who wallet.Caller, amount int64, err error) {
	c.world.Mix(op<<56 | uint64(who.App)<<48 | uint64(wallet.CodeOf(err))<<40 | b2u(err == nil)<<39)
	c.world.Mix(uint64(who.User))
	c.world.Mix(uint64(amount))
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
