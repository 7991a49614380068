package sim

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
	"hongbao/sim/world"
)

// crowd is the people: they win, look, withdraw and come back, each through an app that repeats what had no answer.
// What they ask and what they are told goes to the oracle; nothing else does.
type crowd struct {
	world   *world.World
	town    *town
	traffic *traffic.Traffic
	people  scenarios.People
	windows []scenarios.Window
	parent  wallet.ActivityID
	oracle  *oracle.Oracle
	meter   *meter

	stream    *world.Stream
	cheats    *world.Stream   // its own, so that cheating changes nobody else's draws
	friendly  *world.Stream   // in which app a packet is opened; its own for the same reason
	stolen    loot            // what a cheat presents next
	trophy    trophy          // what a cheat uses next
	next      traffic.Arrival // the win to come
	more      bool
	known     traffic.PersonSet   // whose accounts the account centre has been told of
	held      map[int64][]promise // tokens that clients hold, by person
	heldBytes int64
	agenda    agenda // what people mean to do later
	wake      int64  // when the agenda is looked at next, Unix nanoseconds; 0: it is empty
	pending   int64  // things that people have begun or will do
}

// keep puts a token into the hands of a person's client.
func (c *crowd) keep(p int64, t promise) {
	c.held[p] = append(c.held[p], t)
	c.heldBytes += t.bytes()
}

// promise is a client's copy of a token.
type promise struct {
	order  wallet.OrderNo
	family wallet.Family // whose apps hold it
	sealed []byte
}

// bytes is the memory that the promise takes, without what the map around it costs.
func (t promise) bytes() int64 { return int64(unsafe.Sizeof(t)) + int64(cap(t.sealed)) }

func newCrowd(s *simulation, t *traffic.Traffic) *crowd {
	sc := s.options.Scenario
	for i := range sc.Windows {
		s.meter.offered.Scheduled += t.Total(i)
	}
	return &crowd{
		world: s.world, town: s.town, traffic: t, people: sc.People, windows: sc.Windows, parent: sc.Activity.Parent,
		oracle: s.oracle, meter: s.meter, stream: s.world.Stream("crowd"), cheats: s.world.Stream("cheats"), friendly: s.world.Stream("friendly"), known: traffic.NewPersonSet(sc.People.Count), held: map[int64][]promise{},
	}
}

// start lets the first win of the calendar happen; each brings up the next.
func (c *crowd) start() {
	if c.next, c.more = c.traffic.Next(); c.more {
		c.world.Go(c.next.At, c.arrive)
	}
}

// arrive is one win.
func (c *crowd) arrive() {
	a := c.next
	if c.next, c.more = c.traffic.Next(); c.more {
		c.world.Go(c.next.At, c.arrive)
	}
	c.pending++
	c.win(a)
	c.pending--
}

// later does something at a time to come.
func (c *crowd) later(d time.Duration, do func()) {
	c.pending++
	c.world.Go(c.world.Now()+int64(d), func() {
		do()
		c.pending--
	})
}

// now is the moment as clients' clocks have it.
func (c *crowd) now() wallet.Instant { return worldClock{c.world}.Now() }

// hit draws a ratio.
func (c *crowd) hit(r scenarios.Ratio) bool { return r.Num > 0 && c.stream.Hit(r.Num, r.Den) }

// within draws a duration.
func (c *crowd) within(r scenarios.Range) time.Duration {
	return r.Min + time.Duration(c.stream.IntN(int64(r.Max-r.Min)+1))
}

// ask sends one request to an instance and brings its answer back, once.
func (c *crowd) ask(serve func(wallet.Service) error) error {
	return c.town.client.Ask(c.people.Client.Timeout, func() error {
		i := c.town.instances[c.stream.IntN(int64(len(c.town.instances)))]
		return i.Run(func() error { return serve(c.town.probe().pages(i.node)) })
	})
}

// retry makes a request as a client does: again, after a wait, while the answer is retryable.
func (c *crowd) retry(request func() error) error {
	return traffic.Retry(c.people.Client, func(_, doublings int) error {
		c.world.Sleep(c.within(c.people.Client.Backoff) << doublings)
		return nil
	}, request)
}

// win asks for a grant and goes on to what people do after it (B5).
func (c *crowd) win(a traffic.Arrival) {
	if a.Award != wallet.Cash {
		c.winReward(a)
		return
	}
	ctx := context.Background()
	persona := c.traffic.Persona(a.Person)
	c.greet(ctx, a.Person, persona)
	r := wallet.GrantRequest{
		Caller:   wallet.Caller{App: a.App, User: c.traffic.Account(a.Person, a.App.Family())},
		Activity: c.parent, Scene: a.Scene, Rain: a.Rain, Award: wallet.Cash, Amount: a.Amount, Opened: c.now(),
	}
	id := c.oracle.GrantSent(a.Person, r, r.Opened)
	c.meter.sent(a.Window)
	c.maybeAboveCap(ctx, a.Person, r)
	if c.hit(c.people.Client.Hedge) {
		c.later(0, func() { _, _ = c.grant(ctx, id, r) })
	}
	var reply wallet.GrantReply
	err := c.retry(func() (err error) { reply, err = c.grant(ctx, id, r); return err })
	c.meter.granted(a.Window, err)
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
func (c *crowd) grant(ctx context.Context, id oracle.GrantID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	reply, err := c.try(ctx, id, r)
	c.meter.answered("grant", err)
	return reply, err
}

// try sends a request for a grant once and tells the oracle what came of it.
func (c *crowd) try(ctx context.Context, id oracle.GrantID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	var reply wallet.GrantReply
	err := c.ask(func(s wallet.Service) (err error) { reply, err = s.Grant(ctx, r); return err })
	if err != nil {
		reply = wallet.GrantReply{}
	}
	c.oracle.GrantAnswered(id, r, reply, err, c.now())
	c.mix(opGrant, r.Caller, int64(r.Amount), err)
	return reply, err
}

// greet tells the account centre of a person with a phone: it knew them before the festival began.
func (c *crowd) greet(ctx context.Context, p int64, persona traffic.Persona) {
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
		if err := c.town.enrol(ctx, wallet.Account{Family: f, User: c.traffic.Account(p, f)}, c.traffic.PhoneOf(p)); err != nil {
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
func (c *crowd) mix(op uint64, who wallet.Caller, amount int64, err error) {
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
