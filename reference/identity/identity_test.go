package identity

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

var (
	douyin  = wallet.AccountOf(wallet.Douyin, 1)
	lite    = wallet.AccountOf(wallet.DouyinLite, 2)
	toutiao = wallet.AccountOf(wallet.Toutiao, 1) // the same number as douyin's, but an unrelated user

	noon = stopped(43_200_000_000)
)

// stopped is a clock that does not advance.
type stopped wallet.Instant

func (c stopped) Now() wallet.Instant { return wallet.Instant(c) }

func TestResolveOnFirstSightAndAgain(t *testing.T) {
	s := New(newFake(), noon)
	p, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	require.Equal(t, wallet.Person{ActID: 1}, p)
	q, err := s.Resolve(t.Context(), toutiao)
	require.NoError(t, err)
	require.NotEqual(t, p.ActID, q.ActID, "user ids are unique only within their family")
	again, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	require.Equal(t, p, again)
}

func TestSamePhoneIsSamePersonAndNothingWonBeforeIsLost(t *testing.T) {
	s := New(newFake(), noon)
	first, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	second, err := s.Resolve(t.Context(), toutiao)
	require.NoError(t, err)
	_, err = s.Bind(t.Context(), douyin, 138)
	require.NoError(t, err)
	joined, err := s.Bind(t.Context(), toutiao, 138)
	require.NoError(t, err)
	require.Equal(t, first.ActID, joined.ActID)
	require.True(t, joined.Owns(second.ActID))
	again, err := s.Bind(t.Context(), toutiao, 138)
	require.NoError(t, err)
	require.Equal(t, joined, again, "binding is idempotent")
	seen, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	require.Equal(t, joined, seen, "both apps see the same person")
}

func TestRecycledNumberOpensNobodysWallet(t *testing.T) {
	s := New(newFake(), noon)
	mine, err := s.Bind(t.Context(), douyin, 138)
	require.NoError(t, err)
	moved, err := s.Bind(t.Context(), douyin, 139)
	require.NoError(t, err)
	require.Equal(t, mine, moved)
	stranger, err := s.Bind(t.Context(), lite, 138)
	require.NoError(t, err)
	require.False(t, stranger.Owns(mine.ActID))
}

func TestInvalidRequests(t *testing.T) {
	s := New(newFake(), noon)
	_, err := s.Resolve(t.Context(), wallet.Account{User: 1})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = s.Resolve(t.Context(), wallet.Account{Family: wallet.DouyinFamily})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	for _, p := range []wallet.Phone{0, -1, maxPhone + 1} {
		_, err = s.Bind(t.Context(), douyin, p)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}

func TestMoreWalletsThanAPersonCanCarryAreRefusedAndKept(t *testing.T) {
	s := New(newFake(), noon)
	for u := range wallet.UserID(wallet.MaxFormer + 1) {
		a := wallet.AccountOf(wallet.Xigua, u+1)
		_, err := s.Resolve(t.Context(), a)
		require.NoError(t, err)
		_, err = s.Bind(t.Context(), a, 138)
		require.NoError(t, err)
	}
	before, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	_, err = s.Bind(t.Context(), douyin, 138)
	require.ErrorIs(t, err, wallet.ErrInvalid)
	after, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestRaces(t *testing.T) {
	cases := []struct {
		name   string
		meddle func(context.Context, *Service) error
		want   wallet.Person // the owner of toutiao, which binds 138 and has wallet 1
	}{
		// Another app binds the phone first: its wallet (2) holds the phone, and wallet 1 joins it.
		{"phone taken", func(ctx context.Context, s *Service) error { _, err := s.Bind(ctx, douyin, 138); return err },
			wallet.Person{ActID: 2, Former: []wallet.ActID{1}}},
		// The same request twice at once: one wallet, no join with itself.
		{"repeated by an impatient client", func(ctx context.Context, s *Service) error { _, err := s.Bind(ctx, toutiao, 138); return err },
			wallet.Person{ActID: 1}},
		// Meanwhile the account was bound to another phone and another account joined it there: it leaves that wallet.
		{"no longer alone", func(ctx context.Context, s *Service) error {
			if _, err := s.Bind(ctx, toutiao, 139); err != nil {
				return err
			}
			_, err := s.Bind(ctx, douyin, 139)
			return err
		}, wallet.Person{ActID: 2, Left: []wallet.LeftWallet{{ActID: 1, At: noon.Now()}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			s := New(f, noon)
			_, err := s.Resolve(t.Context(), toutiao)
			require.NoError(t, err)
			f.meddle = func() { require.NoError(t, c.meddle(t.Context(), s)) }
			p, err := s.Bind(t.Context(), toutiao, 138)
			require.NoError(t, err)
			require.Equal(t, c.want, p)
		})
	}
}

func TestFirstSightRace(t *testing.T) {
	f := newFake()
	s := New(f, noon)
	f.meddle = func() {
		_, err := s.Resolve(t.Context(), douyin)
		require.NoError(t, err)
	}
	p, err := s.Resolve(t.Context(), douyin)
	require.NoError(t, err)
	require.Equal(t, wallet.Person{ActID: 1}, p)
	require.EqualValues(t, 1, f.wallets)
}

// stuck is a store in which another request always changes the row first.
type stuck struct{ *fake }

func (stuck) Apply(context.Context, wallet.IdentityChange) (wallet.Person, error) {
	return wallet.Person{}, wallet.ErrStale
}

// silent is a store whose replies are lost.
type silent struct{ *fake }

func (silent) Row(context.Context, wallet.Account, wallet.Phone) (wallet.AccountRow, wallet.ActID, error) {
	return wallet.AccountRow{}, 0, wallet.ErrUnknown
}

func (silent) Person(context.Context, wallet.Account) (wallet.Person, error) {
	return wallet.Person{}, wallet.ErrUnknown
}

func TestErrorsOfTheStoreKeepTheirCode(t *testing.T) {
	s := New(silent{newFake()}, noon)
	_, err := s.Resolve(t.Context(), douyin)
	require.ErrorIs(t, err, wallet.ErrUnknown)
	_, err = s.Bind(t.Context(), douyin, 138)
	require.ErrorIs(t, err, wallet.ErrUnknown)
}

func TestTriesAreBounded(t *testing.T) {
	s := New(stuck{newFake()}, noon)
	_, err := s.Bind(t.Context(), douyin, 138)
	require.ErrorIs(t, err, wallet.ErrOverloaded)
	_, err = s.Resolve(t.Context(), douyin)
	require.ErrorIs(t, err, wallet.ErrOverloaded)
}

// TestNoSequenceLosesAWallet is B2 as a property: after any sequence of first requests and binds, every wallet ever
// created is owned by some account, by accounts on one phone only, and accounts on one phone are one person.
func TestNoSequenceLosesAWallet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFake()
		s := New(f, noon)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			a := wallet.AccountOf(rapid.SampledFrom([]wallet.App{wallet.Douyin, wallet.Toutiao}).Draw(t, "app"),
				wallet.UserID(rapid.IntRange(1, 4).Draw(t, "user")))
			phone := wallet.Phone(rapid.IntRange(0, 4).Draw(t, "phone"))
			if phone == 0 {
				_, err := s.Resolve(t.Context(), a)
				require.NoError(t, err)
			} else if _, err := s.Bind(t.Context(), a, phone); err != nil {
				require.ErrorIs(t, err, wallet.ErrInvalid, "only the bound on former wallets may cause a refusal")
			}
			reach(t, f, s)
		}
	})
}

// reach checks the property for all accounts of the store.
func reach(t *rapid.T, f *fake, s *Service) {
	type place struct { // where a wallet is reachable from: a phone, or an account without a phone
		phone   wallet.Phone
		account wallet.Account
	}
	from := map[wallet.ActID]place{}
	people := map[wallet.Phone]wallet.Person{}
	for a, row := range f.rows {
		p, err := s.Resolve(t.Context(), a)
		require.NoError(t, err)
		at := place{phone: row.Phone}
		p.Left = nil // belongs to the account, not the person
		if row.Phone == 0 {
			at.account = a
		} else if seen, ok := people[row.Phone]; ok {
			require.Equal(t, seen, p, "accounts on phone %d are one person", row.Phone)
		}
		people[row.Phone] = p
		for _, id := range p.Wallets() {
			if was, ok := from[id]; ok {
				require.Equal(t, was, at, "wallet %d is reachable from two places", id)
			}
			from[id] = at
		}
	}
	require.Len(t, from, int(f.wallets), "every wallet created is reachable")
}
