package traffic

import (
	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Persona is the properties of a person, the same at every call.
type Persona struct {
	Apps        [wallet.Apps]wallet.App // the first Held are the apps that the person uses
	Held        uint8
	HasPhone    bool // the accounts are bound to the phone from the start (B2)
	BindsLater  bool // binds the phone during the official stage, after a win
	KeepsTokens bool // the client keeps its tokens and can restore the page with them (T8)
}

// Crowd computes the people of a scenario, without storing anything per person. Safe for concurrent use.
type Crowd struct {
	seed     uint64
	held     []int // weights of holding 1, 2, … apps
	heldSum  uint64
	apps     [wallet.Apps + 1]int
	appsSum  uint64
	phone    scenarios.Ratio
	later    scenarios.Ratio
	keep     scenarios.Ratio
	phones   permutation
	families [3]uint64 // key of each family's user ids
}

// Streams of the draws for a person.
const (
	ofHeld uint64 = 1 + iota
	ofApps
	ofPhone
	ofLater
	ofKeep
	ofNumbers
	ofFamily
)

// Phone numbers are eleven digits from 13000000000 on, as in China.
const (
	firstPhone = 13_000_000_000
	phoneCount = 7_000_000_000
)

// NewCrowd returns the people of a valid scenario, as in New.
func NewCrowd(s *scenarios.Scenario, seed uint64) Crowd {
	c := Crowd{seed: splitmix.Mix(seed ^ 0x68_6f_6e_67_62_61_6f), held: s.People.AppsHeld, apps: s.Apps, phone: s.People.Phone, later: s.People.BindLater, keep: s.People.After.KeepTokens}
	for _, w := range c.held {
		c.heldSum += uint64(w)
	}
	for _, w := range c.apps {
		c.appsSum += uint64(w)
	}
	c.phones = newPermutation(phoneCount, splitmix.At(c.seed, ofNumbers))
	for f := range c.families {
		c.families[f] = splitmix.At(c.seed, ofFamily+uint64(f))
	}
	return c
}

// draw returns the draw of one stream for a person.
func (c *Crowd) draw(person int64, stream uint64) uint64 {
	return splitmix.At(c.seed+stream, uint64(person))
}

// hit reports whether a draw falls into a share.
func hit(draw uint64, r scenarios.Ratio) bool {
	return r.Num > 0 && splitmix.Below(draw, uint64(r.Den)) < uint64(r.Num)
}

// Persona returns the properties of the person. It does not allocate.
func (c *Crowd) Persona(person int64) Persona {
	p := Persona{HasPhone: hit(c.draw(person, ofPhone), c.phone), KeepsTokens: hit(c.draw(person, ofKeep), c.keep)}
	p.BindsLater = !p.HasPhone && hit(c.draw(person, ofLater), c.later)
	p.Held = c.hold(person, &p.Apps)
	return p
}

// hold draws how many and which apps the person has: one after another by their shares, without repetition.
func (c *Crowd) hold(person int64, into *[wallet.Apps]wallet.App) uint8 {
	pick, want := splitmix.Below(c.draw(person, ofHeld), c.heldSum), 0
	for pick >= uint64(c.held[want]) {
		pick -= uint64(c.held[want])
		want++
	}
	left, apps, draw := c.appsSum, c.apps, c.draw(person, ofApps)
	for n := 0; n <= want; n++ {
		pick := splitmix.Below(draw, left)
		draw = splitmix.Mix(draw + 1)
		app := wallet.Douyin
		for pick >= uint64(apps[app]) {
			pick -= uint64(apps[app])
			app++
		}
		into[n] = app
		left -= uint64(apps[app])
		apps[app] = 0
	}
	return uint8(want + 1)
}

// appFor returns the app in which the person wins: one of those held.
func (c *Crowd) appFor(person int64, draw uint64) wallet.App {
	var apps [wallet.Apps]wallet.App
	held := c.hold(person, &apps)
	return apps[splitmix.Below(draw, uint64(held))]
}

// userBits is the size of user ids: 61 bits, so that they are positive and look like those of the apps.
const userBits = 61

// Account returns the person's user id in a family: positive, different for all people, and unrelated between the two
// families of one person (B2).
func (c *Crowd) Account(person int64, f wallet.Family) wallet.UserID {
	const mask = 1<<userBits - 1
	// Each step is a bijection on 61 bits (adding, multiplying by an odd number, folding high bits down), so
	// different people have different ids.
	x := uint64(person) + c.families[f]
	for range 2 {
		x = x * 0xbf58476d1ce4e5b9 & mask
		x ^= x >> 31
	}
	return wallet.UserID(x | 1<<userBits)
}

// PhoneOf returns the person's phone number; all people have different ones.
func (c *Crowd) PhoneOf(person int64) wallet.Phone {
	return wallet.Phone(firstPhone + c.phones.of(uint64(person)))
}

// PersonSet is a set of people by index, one bit per person.
type PersonSet []uint64

// NewPersonSet returns an empty set for the people 0..n.
func NewPersonSet(n int64) PersonSet { return make(PersonSet, n/64+1) }

// Add adds a person and reports whether the person is new.
func (s PersonSet) Add(p int64) bool {
	old := s[p/64]
	s[p/64] |= 1 << (p % 64)
	return s[p/64] != old
}
