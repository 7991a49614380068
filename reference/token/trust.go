package token

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// maxForged bounds AlarmRule.Forged, since the moments of that many forged tokens are remembered.
const maxForged = 4096

// AlarmRule is when forged tokens raise the alarm.
type AlarmRule struct {
	Forged int           // this many of them; 1..4096
	Within time.Duration // in a stretch no longer than this; above zero. Also how long the alarm then stays silent
}

// DefaultAlarmRule forgives the odd token that a broken disk altered and notices anybody who tries in earnest.
func DefaultAlarmRule() AlarmRule { return AlarmRule{Forged: 10, Within: time.Minute} }

// Alarm says that somebody forges tokens (T7, F6).
type Alarm struct {
	At     wallet.Instant // of the token that made the number full
	Forged int64          // all that were refused as forged so far
	Rule   AlarmRule
}

// String prints the alarm as one line.
func (a Alarm) String() string {
	return fmt.Sprintf("%v: %d forged tokens within %v, %d in all", a.At, a.Rule.Forged, a.Rule.Within, a.Forged)
}

// Trust stands before a sealer, counts what it refuses, raises an alarm when forged tokens appear, and can stop
// trusting clients' tokens (T7). Sealing goes on in any case: the server's copies do the work then, and the clients'
// are good again when trust is back. Safe for concurrent use.
type Trust struct {
	sealer wallet.Sealer
	rule   AlarmRule
	raise  func(Alarm)

	mu         sync.Mutex
	distrusted bool
	opened     map[string]int64 // by wallet.ReasonOf, which has few values
	forged     []wallet.Instant // ring of the last rule.Forged ones
	total      int64            // of forged ones
	silent     wallet.Instant   // no alarm before this
}

var _ wallet.Sealer = (*Trust)(nil)

// NewTrust returns the guard of sealer. raise is called without a lock held, so it may call Distrust. ErrInvalid when
// the rule is out of its bounds.
func NewTrust(sealer wallet.Sealer, rule AlarmRule, raise func(Alarm)) (*Trust, error) {
	if rule.Forged < 1 || rule.Forged > maxForged || rule.Within <= 0 {
		return nil, fmt.Errorf("%w: alarm rule: %d forged tokens within %v", wallet.ErrInvalid, rule.Forged, rule.Within)
	}
	return &Trust{sealer: sealer, rule: rule, raise: raise, opened: map[string]int64{}}, nil
}

// Seal implements wallet.Sealer.
func (t *Trust) Seal(tok wallet.Token, now wallet.Instant) ([]byte, error) {
	return t.sealer.Seal(tok, now)
}

// Open implements wallet.Sealer. ErrTokenDistrust, whatever the bytes, while clients' tokens are not trusted.
func (t *Trust) Open(sealed []byte, who wallet.Person, now wallet.Instant) (wallet.Token, error) {
	if t.Distrusted() {
		t.count(wallet.ErrTokenDistrust, now)
		return wallet.Token{}, wallet.ErrTokenDistrust
	}
	tok, err := t.sealer.Open(sealed, who, now)
	if a, due := t.count(err, now); due {
		t.raise(a)
	}
	return tok, err
}

// Distrust stops trusting clients' tokens, or trusts them again.
func (t *Trust) Distrust(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.distrusted = on
}

// Distrusted reports whether clients' tokens are switched off.
func (t *Trust) Distrusted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.distrusted
}

// Counts returns how many tokens were opened, by wallet.ReasonOf their outcome: "ok", "token_forged" and so on.
func (t *Trust) Counts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.opened)
}

// count records an outcome and returns the alarm if it is due. Instances' clocks may step back a little; a stretch of
// negative length is a short one.
func (t *Trust) count(err error, now wallet.Instant) (Alarm, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened[wallet.ReasonOf(err)]++
	if !errors.Is(err, wallet.ErrTokenForged) {
		return Alarm{}, false
	}
	t.total++
	if len(t.forged) < t.rule.Forged {
		t.forged = append(t.forged, now)
	} else {
		t.forged[(t.total-1)%int64(t.rule.Forged)] = now
	}
	if len(t.forged) < t.rule.Forged || now < t.silent {
		return Alarm{}, false
	}
	first := t.forged[t.total%int64(t.rule.Forged)] // the next to be overwritten
	if now > first.Add(t.rule.Within) {
		return Alarm{}, false
	}
	t.silent = now.Add(t.rule.Within)
	return Alarm{At: now, Forged: t.total, Rule: t.rule}, true
}
