package token

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func TestTrustCountsByReasonAndSwitchesOff(t *testing.T) {
	trust := must(NewTrust(mustModelled(t), DefaultAlarmRule(), func(Alarm) { t.Error("no alarm is due") }))(t)
	sealed, err := trust.Seal(typical(), noon)
	require.NoError(t, err)
	open := func(b []byte, who wallet.Person, want error) {
		_, err := trust.Open(b, who, noon)
		require.ErrorIs(t, err, want)
	}
	open(sealed, ownerOf(typical()), nil)
	open(sealed, wallet.Person{ActID: 1}, wallet.ErrTokenForeign)
	open(nil, ownerOf(typical()), wallet.ErrTokenUnreadable)
	trust.Distrust(true)
	require.True(t, trust.Distrusted())
	open(sealed, ownerOf(typical()), wallet.ErrTokenDistrusted)
	open(nil, ownerOf(typical()), wallet.ErrTokenDistrusted)
	_, err = trust.Seal(typical(), noon)
	require.NoError(t, err, "tokens are still made: they are valid again when trust is restored")
	trust.Distrust(false)
	open(sealed, ownerOf(typical()), nil)
	require.Equal(t, map[string]int64{"ok": 2, "token_foreign": 1, "token_unreadable": 1, "token_distrusted": 2}, trust.counts())
}

func TestAlarm(t *testing.T) {
	rule := AlarmRule{Forged: 3, Within: time.Minute}
	cases := []struct {
		name   string
		forged []int // seconds after noon
		want   []int // seconds at which the alarm is raised
	}{
		// A single altered token is not an attack.
		{"too few", []int{0, 1}, nil},
		// Raised by the token that completes the number, not by the next one.
		{"full", []int{0, 1, 2}, []int{2}},
		// The window is inclusive: exactly a minute apart counts.
		{"just within", []int{0, 30, 60}, []int{60}},
		{"just not within", []int{0, 30, 61}, nil},
		// The window slides: no boundary of a minute hides a burst.
		{"sliding", []int{0, 50, 70, 90}, []int{90}},
		// A continued attack raises one alarm a minute, not one per token.
		{"silent for a while", []int{0, 1, 2, 3, 4, 61, 62, 63}, []int{2, 62}},
		// Clocks differ: a step back must not hide an attack.
		{"clock steps back", []int{10, 9, 8}, []int{8}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []int
			var trust *Trust
			trust = must(NewTrust(mustModelled(t), rule, func(a Alarm) {
				got = append(got, int(a.At.Sub(noon)/time.Second))
				trust.Distrust(trust.Distrusted()) // no lock is held
			}))(t)
			sealed, err := trust.Seal(typical(), noon)
			require.NoError(t, err)
			sealed[20] ^= 1
			for _, s := range c.forged {
				_, err := trust.Open(sealed, ownerOf(typical()), noon.Add(time.Duration(s)*time.Second))
				require.ErrorIs(t, err, wallet.ErrTokenForged)
			}
			require.Equal(t, c.want, got)
			require.EqualValues(t, len(c.forged), trust.counts()["token_forged"])
		})
	}
}

func TestAlarmPrintsItself(t *testing.T) {
	a := Alarm{At: noon, Forged: 12, Rule: DefaultAlarmRule()}
	require.Equal(t, "2022-01-31T04:00:00.000000Z: 10 forged tokens within 1m0s, 12 in all", a.String())
}

func TestAlarmRuleBounds(t *testing.T) {
	for _, r := range []AlarmRule{{0, time.Minute}, {maxForged + 1, time.Minute}, {1, 0}} {
		_, err := NewTrust(mustModelled(t), r, func(Alarm) {})
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}

// counts returns the number of Open calls by wallet.ReasonOf their result: "ok", "token_forged" and so on.
func (t *Trust) counts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.opened)
}
