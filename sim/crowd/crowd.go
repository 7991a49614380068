// Package crowd is the people of a simulation: they win, look at pages, withdraw and come back, and some try to cheat. What
// they ask and what they are answered goes to the oracle. It runs in virtual time.
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

// Crowd is the people: they win, look, withdraw and come back, each through an app that repeats what had no answer.
// What they ask and what they are told goes to the oracle; nothing else does.
type Crowd struct {
	world   *world.World
	cluster *cluster.Cluster
	Traffic *traffic.Traffic
	people  scenarios.People
	windows []scenarios.Window
	parent  wallet.ActivityID
	oracle  *oracle.Oracle
	meter   *cluster.Meter

	stream    *world.Stream
	cheats    *world.Stream   // its own, so that cheating changes nobody else's draws
	friendly  *world.Stream   // in which app a packet is opened; its own for the same reason
	stolen    loot            // what a cheat presents next
	trophy    trophy          // what a cheat uses next
	next      traffic.Arrival // the win to come
	More      bool
	known     traffic.PersonSet   // whose accounts the account centre has been told of
	held      map[int64][]promise // tokens that clients hold, by person
	HeldBytes int64
	Agenda    agenda // what people mean to do later
	wake      int64  // when the agenda is looked at next, Unix nanoseconds; 0: it is empty
	Pending   int64  // things that people have begun or will do
}

// keep puts a token into the hands of a person's client.
func (c *Crowd) keep(p int64, t promise) {
	c.held[p] = append(c.held[p], t)
	c.HeldBytes += t.bytes()
}

// promise is a client's copy of a token.
type promise struct {
	order  wallet.OrderNo
	family wallet.Family // whose apps hold it
	sealed []byte
}

// bytes is the memory that the promise takes, without what the map around it costs.
func (t promise) bytes() int64 { return int64(unsafe.Sizeof(t)) + int64(cap(t.sealed)) }

// Env is what the crowd lives in.
type Env struct {
	World    *world.World
	Scenario *scenarios.Scenario
	Traffic  *traffic.Traffic
	Cluster  *cluster.Cluster
	Meter    *cluster.Meter
	Oracle   *oracle.Oracle
}

// New returns the people of a scenario, who do nothing before start.
func New(e Env) *Crowd {
	sc := e.Scenario
	for i := range sc.Windows {
		e.Meter.Offered.Scheduled += e.Traffic.Total(i)
	}
	return &Crowd{
		world: e.World, cluster: e.Cluster, Traffic: e.Traffic, people: sc.People, windows: sc.Windows, parent: sc.Activity.Parent,
		oracle: e.Oracle, meter: e.Meter, stream: e.World.Stream("crowd"), cheats: e.World.Stream("cheats"), friendly: e.World.Stream("friendly"), known: traffic.NewPersonSet(sc.People.Count), held: map[int64][]promise{},
	}
}

// Start lets the first win of the calendar happen; each brings up the next.
func (c *Crowd) Start() {
	if c.next, c.More = c.Traffic.Next(); c.More {
		c.world.Go(c.next.At, c.arrive)
	}
}

// arrive is one win.
func (c *Crowd) arrive() {
	a := c.next
	if c.next, c.More = c.Traffic.Next(); c.More {
		c.world.Go(c.next.At, c.arrive)
	}
	c.Pending++
	c.win(a)
	c.Pending--
}

// later does something at a time to come.
func (c *Crowd) later(d time.Duration, do func()) {
	c.Pending++
	c.world.Go(c.world.Now()+int64(d), func() {
		do()
		c.Pending--
	})
}

// Now is the moment as clients' clocks have it.
func (c *Crowd) Now() wallet.Instant { return cluster.WorldClock{World: c.world}.Now() }

// hit draws a ratio.
func (c *Crowd) hit(r scenarios.Ratio) bool { return r.Num > 0 && c.stream.Hit(r.Num, r.Den) }

// within draws a duration.
func (c *Crowd) within(r scenarios.Range) time.Duration {
	return r.Min + time.Duration(c.stream.IntN(int64(r.Max-r.Min)+1))
}

// ask sends one request to an instance and brings its answer back, once.
func (c *Crowd) ask(serve func(wallet.Service) error) error {
	return c.cluster.Client.Ask(c.people.Client.Timeout, func() error {
		i := c.cluster.Instances[c.stream.IntN(int64(len(c.cluster.Instances)))]
		return i.Run(func() error { return serve(c.cluster.Probe().Pages(i.Node)) })
	})
}

// retry makes a request and repeats it as a client does: after a wait, while the answer is retryable.
func (c *Crowd) retry(request func() error) error {
	return traffic.Retry(c.people.Client, func(_, doublings int) error {
		c.world.Sleep(c.within(c.people.Client.Backoff) << doublings)
		return nil
	}, request)
}

// win asks for a grant and goes on to what people do after it (B5).
func (c *Crowd) win(a traffic.Arrival) {
	if a.Award != wallet.Cash {
		c.winReward(a)
		return
	}
	ctx := context.Background()
	persona := c.Traffic.Persona(a.Person)
	c.greet(ctx, a.Person, persona)
	r := wallet.GrantRequest{
		Caller:   wallet.Caller{App: a.App, User: c.Traffic.Account(a.Person, a.App.Family())},
		Activity: c.parent, Scene: a.Scene, Rain: a.Rain, Award: wallet.Cash, Amount: a.Amount, Opened: c.Now(),
	}
	id := c.oracle.GrantSent(a.Person, r, r.Opened)
	c.meter.Sent(a.Window)
	c.maybeAboveCap(ctx, a.Person, r)
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
		c.keep(a.Person, promise{reply.Order, a.App.Family(), reply.Token})
	}
	if c.hit(c.people.Client.Repeat) {
		c.later(c.within(c.people.Client.Backoff), func() { _, _ = c.grant(ctx, id, r) })
	}
	c.maybeTwiceOver(ctx, a.Person, r)
	c.maybeForeign(ctx, a.Person, r.Caller, reply.Token)
	c.after(a, persona)
}

// grant sends one try of a win.
func (c *Crowd) grant(ctx context.Context, id oracle.GrantID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	reply, err := c.try(ctx, id, r)
	c.meter.Answered("grant", err)
	return reply, err
}

// try sends a request for a grant once and tells the oracle what came of it.
func (c *Crowd) try(ctx context.Context, id oracle.GrantID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	var reply wallet.GrantReply
	err := c.ask(func(s wallet.Service) (err error) { reply, err = s.Grant(ctx, r); return err })
	if err != nil {
		reply = wallet.GrantReply{}
	}
	c.oracle.GrantAnswered(id, r, reply, err, c.Now())
	c.mix(opGrant, r.Caller, int64(r.Amount), err)
	return reply, err
}

// greet tells the account centre of a person with a phone: it knew them before the festival began.
func (c *Crowd) greet(ctx context.Context, p int64, persona traffic.Persona) {
	if !persona.HasPhone || !c.known.Add(p) {
		return
	}
	c.oracle.PhoneBound(p)
	var told [wallet.ToutiaoFamily + 1]bool
	for _, app := range persona.Apps[:persona.Held] {
		f := app.Family()
		if told[f] {
			continue
		}
		told[f] = true
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

// mix folds one answer into the digest: what was asked, by whom, for how much, when and with what outcome.
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
