package packet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/sql"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// users is the number of users in the model; each pair of them may join wallets.
const users = 5

// draws is the source of the model's choices: rapid, which shrinks failures, or a seed.
type draws interface{ below(n int, what string) int }

type rapidDraws struct{ *rapid.T }

func (d rapidDraws) below(n int, what string) int { return rapid.IntRange(0, n-1).Draw(d.T, what) }

type seededDraws struct{ *rand.Rand }

func (d seededDraws) below(n int, _ string) int { return d.IntN(n) }

// model is the expected state, computed without the service: wins, requests, and the answers given.
type model struct {
	t     require.TestingT
	draws draws
	*fixture
	quiet bool // nothing fails, so every answer can be predicted

	won    [users]wallet.Money
	bound  [users]bool
	asked  map[wallet.PacketNo]wallet.SendPacketRequest
	of     []wallet.PacketNo                 // the requested packets, in order
	sent   map[wallet.PacketNo]wallet.Packet // the sender's answers
	no     map[wallet.PacketNo]bool          // packets answered with "balance too small"
	opened map[shareNo]wallet.Share          // the openers' answers
	back   map[shareNo]bool                  // shares answered as expired
	swept  map[wallet.PacketNo]bool          // quiet: the chore ran after its time
}

// shareNo identifies a share: its packet and its account.
type shareNo struct {
	of    wallet.PacketNo
	guest wallet.Account
}

// TestModel: packets are sent, opened, repeated and returned among people who join wallets, while calls fail, replies
// are lost and instances die. At the end every fen is accounted for, every share was either opened or returned, and
// every answer was true.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { runModel(rt, rapidDraws{rt}, nil) })
}

// TestModelOverShards is the same with a ledger of three databases, where a packet's money moves in steps.
func TestModelOverShards(t *testing.T) {
	if testing.Short() {
		t.Skip("opens databases, which takes some seconds")
	}
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			dir := t.TempDir()
			var files []string
			for i := range 3 {
				files = append(files, filepath.Join(dir, fmt.Sprintf("%d.db", i)))
			}
			db, err := sqlstore.Open(t.Context(), sqlstore.Config{Driver: "sqlite", DSNs: files})
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			runModel(t, seededDraws{rand.New(rand.NewPCG(seed, 0))}, db)
		})
	}
}

func runModel(t require.TestingT, d draws, db *sqlstore.DB) {
	clock := storetest.NewClock()
	m := &model{t: t, draws: d, asked: map[wallet.PacketNo]wallet.SendPacketRequest{}, sent: map[wallet.PacketNo]wallet.Packet{},
		no: map[wallet.PacketNo]bool{}, opened: map[shareNo]wallet.Share{}, back: map[shareNo]bool{}, swept: map[wallet.PacketNo]bool{}}
	if m.fixture = newFixture(t, clock, mem.NewLedger(clock, 1), mem.NewPackets()); db != nil {
		m.fixture = newFixture(t, clock, sqlstore.NewLedger(db, clock, 2), sqlstore.NewPackets(db))
	}
	for n := range users {
		m.person(t, n)
	}
	m.quiet = d.below(3, "quiet") == 0
	steps := []func(){m.win, m.send, m.send, m.again, m.open, m.open, m.open, m.settle, m.wait, m.bind}
	for range 30 {
		m.drawFaults()
		steps[d.below(len(steps), "step")]()
		m.between()
	}
	m.end()
}

// drawFaults draws the failures of the next step's first calls, so that a step can still finish.
func (m *model) drawFaults() {
	m.faults.next = nil
	if m.quiet || m.draws.below(3, "fails") == 0 {
		return
	}
	calls := 0
	m.faults.next = func(string) failure {
		if calls++; calls > 8 {
			return works
		}
		if kind := failure(m.draws.below(2*int(failures), "failure")); kind < failures {
			return kind
		}
		return works
	}
}

// mates are the users who are one person with user n: even users with the odd ones that follow.
func (m *model) mates(n int) []int {
	if mate := n ^ 1; mate < users && m.bound[n] && m.bound[mate] {
		return []int{n, mate}
	}
	return []int{n}
}

// clash reports whether a packet's sender and recipients are not all different people.
func (m *model) clash(r wallet.SendPacketRequest) bool {
	seen := map[int]bool{}
	for n := range users {
		if slices.Contains(append(r.To, r.Caller), caller(n)) {
			person := slices.Min(m.mates(n))
			if seen[person] {
				return true
			}
			seen[person] = true
		}
	}
	return false
}

func (m *model) user(what string) int { return m.draws.below(users, what) }

func (m *model) win() {
	n, fen := m.user("winner"), wallet.Money(1+m.draws.below(200, "fen"))
	m.grant(m.t, n, fen)
	m.won[n] += fen
}

func (m *model) bind() {
	n := m.user("binds")
	_, err := m.people.Bind(context.Background(), account(caller(n)), wallet.Phone(13800138000+n/2))
	require.NoError(m.t, err)
	m.bound[n] = true
}

func (m *model) wait() { m.clock.Advance(time.Duration(1+m.draws.below(16, "hours")) * time.Hour) }

// send requests a new packet.
func (m *model) send() {
	n := m.user("sender")
	var to []int
	for guest := range users {
		if guest != n && (len(to) == 0 || m.draws.below(2, "guest") == 0) {
			to = append(to, guest)
		}
	}
	r := sending(n, int64(len(m.of)+1), wallet.Money(len(to)+m.draws.below(150, "fen")), to...)
	no := wallet.PacketNo{Account: account(r.Caller), Request: r.Request}
	m.of, m.asked[no] = append(m.of, no), r
	m.ask(no)
}

// again repeats a request, or reuses its number.
func (m *model) again() {
	if len(m.of) == 0 {
		return
	}
	no := m.of[m.draws.below(len(m.of), "packet")]
	if m.draws.below(3, "abused") > 0 {
		m.ask(no)
		return
	}
	r := m.asked[no]
	r.Greeting += "!"
	var err error
	alive := survives(func() { _, err = m.Send(context.Background(), r) })
	switch p, missing := m.packets.Get(context.Background(), no); {
	case missing == nil && p.Greeting == r.Greeting:
		m.asked[no] = r // the first content was not recorded: this one counts as the first
	case alive:
		codes := []wallet.Code{wallet.CodeConflict}
		if missing != nil && m.clash(r) {
			codes = []wallet.Code{wallet.CodeInvalid}
		}
		m.codes(err, codes...)
	}
}

// ask sends the request with a number and records its answer.
func (m *model) ask(no wallet.PacketNo) {
	r := m.asked[no]
	var p wallet.Packet
	var err error
	before := m.expectedBalance(r)
	if !survives(func() { p, err = m.Send(context.Background(), r) }) {
		return
	}
	was, answered := m.sent[no]
	clash := m.clash(r) && !answered && !m.no[no]
	require.False(m.t, m.quiet && clash && err == nil, "two shares for one person")
	if err != nil {
		var codes []wallet.Code
		if clash {
			codes = append(codes, wallet.CodeInvalid)
		}
		m.codes(err, codes...)
		return
	}
	require.False(m.t, p.State == wallet.PacketRefused && answered, "packet %s was sent and is refused", no)
	require.False(m.t, p.State != wallet.PacketRefused && m.no[no], "packet %s was refused and is sent", no)
	if answered {
		require.Equal(m.t, was.Amount, p.Amount)
		require.Equal(m.t, was.Created, p.Created)
	}
	if m.quiet && !answered && !m.no[no] {
		require.Equal(m.t, r.Amount <= before, p.State == wallet.PacketSent, "%d fen of %d", r.Amount, before)
	}
	if p.State == wallet.PacketRefused {
		m.no[no] = true
	} else {
		m.sent[no] = p
	}
}

// expectedBalance is the balance of a request's sender if nothing fails.
func (m *model) expectedBalance(r wallet.SendPacketRequest) (sum wallet.Money) {
	for n := range users {
		if caller(n) == r.Caller {
			for _, mate := range m.mates(n) {
				sum += m.balanceOf(mate)
			}
		}
	}
	return sum
}

// balanceOf is the money that user n has received minus the money it has sent, according to the answers.
func (m *model) balanceOf(n int) wallet.Money {
	sum := m.won[n]
	for no, p := range m.sent {
		for _, share := range p.Shares {
			if no.Account == account(caller(n)) {
				sum -= share.Amount
			}
			_, gone := m.opened[shareNo{no, share.For}]
			if gone && share.For == account(caller(n)) || !gone && m.swept[no] && no.Account == account(caller(n)) {
				sum += share.Amount
			}
		}
	}
	return sum
}

// means returns the user whose share user n's request is for: the selected one, else n's own, else the mate's; -1:
// none.
func (m *model) means(n int, r wallet.OpenPacketRequest) int {
	for _, guest := range []int{n, n ^ 1} {
		mine := guest < users && slices.Contains(m.mates(n), guest)
		named := r.For == wallet.Account{} || r.For == account(caller(guest))
		if mine && named && slices.Contains(m.asked[r.Packet].To, caller(guest)) {
			return guest
		}
	}
	return -1
}

// open opens a share, or tries to, by its account or by another account of that person.
func (m *model) open() {
	if len(m.of) == 0 {
		return
	}
	n := m.user("guest")
	r := wallet.OpenPacketRequest{Caller: caller(n), Packet: m.of[m.draws.below(len(m.of), "packet")]}
	if m.draws.below(3, "named") == 0 {
		r.For = account(caller(m.user("whose")))
	}
	var share wallet.Share
	var err error
	if !survives(func() { share, err = m.Open(context.Background(), r) }) {
		return
	}
	guest := m.means(n, r)
	no := shareNo{of: r.Packet}
	if guest >= 0 {
		no.guest = account(caller(guest))
	}
	was, before := m.opened[no]
	if m.quiet {
		want := m.expectedOpening(guest, r.Packet, before)
		require.Equal(m.t, want.Reason != "", err != nil, "%v, not %s", err, want.Reason)
		require.True(m.t, err == nil || wallet.ReasonOf(err) == want.Reason, "%v, not %s", err, want.Reason)
	}
	switch {
	case err == nil:
		require.GreaterOrEqual(m.t, guest, 0)
		require.False(m.t, m.back[no], "it was expired")
		require.Equal(m.t, wallet.ShareOpened, share.State)
		require.Equal(m.t, no.guest, share.For)
		require.True(m.t, m.person(m.t, n).Owns(share.Owner), "the opened share belongs to the person")
		require.True(m.t, !before || was == share, "a repeat returns the first result")
		m.opened[no] = share
	case wallet.ReasonOf(err) == wallet.ErrExpired.Reason:
		require.False(m.t, before, "it was opened")
		m.back[no] = true
	default:
		m.codes(err, wallet.CodeUnauthorised, wallet.CodeNotFound)
		require.False(m.t, before && wallet.CodeOf(err) != wallet.CodeUnknown && wallet.CodeOf(err) != wallet.CodeUnavailable, "it was opened: %v", err)
	}
}

// expectedOpening is the answer to opening a guest's share if nothing fails; the zero error: it is opened.
func (m *model) expectedOpening(guest int, no wallet.PacketNo, before bool) wallet.Error {
	p, sent := m.sent[no]
	switch over := m.clock.Now() >= p.Created.Add(wallet.PacketLifetime); {
	case !sent && !m.no[no]: // two recipients are one person, so it is not on record
		return *wallet.ErrNotFound
	case guest < 0:
		return *wallet.ErrNotYours
	case !sent:
		return *wallet.ErrNotFound
	case over && !before:
		return *wallet.ErrExpired
	}
	return wallet.Error{}
}

// codes requires that an error is one that a failure causes, or one of the others.
func (m *model) codes(err error, others ...wallet.Code) {
	codes := others
	if !m.quiet {
		codes = append(codes, wallet.CodeUnknown, wallet.CodeUnavailable)
	}
	require.Contains(m.t, codes, wallet.CodeOf(err), "%v", err)
}

func (m *model) settle() {
	survives(func() {
		_, err := m.Settle(context.Background(), 100)
		require.NoError(m.t, err)
	})
	for no, p := range m.sent {
		if m.quiet && m.clock.Now() > p.Created.Add(wallet.PacketLifetime) {
			m.swept[no] = true
		}
	}
}
