package token

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// maxForged bounds AlarmRule.Forged, because the instants of that many forged tokens are stored.
const maxForged = 4096

// AlarmRule says when forged tokens raise the alarm.
type AlarmRule struct {
	Forged int           // number of forged tokens; 1..4096
	Within time.Duration // length of the time window; above zero. Also the pause before the next alarm
}

// DefaultAlarmRule ignores single tokens altered by a broken disk, and detects a serious attack.
func DefaultAlarmRule() AlarmRule { return AlarmRule{Forged: 10, Within: time.Minute} }

// Alarm reports that forged tokens arrive (T7, F6).
type Alarm struct {
	At     wallet.Instant // the instant of the token that completed the number
	Forged int64          // all tokens refused as forged so far
	Rule   AlarmRule
}

// String prints the alarm as one line.
func (a Alarm) String() string {
	return fmt.Sprintf("%v: %d forged tokens within %v, %d in all", a.At, a.Rule.Forged, a.Rule.Within, a.Forged)
}

// Trust wraps a sealer: it counts refusals, raises an alarm when forged tokens appear, and can stop trusting clients'
// tokens (T7). Sealing always continues: while clients' tokens are not trusted the server's copies are used, and the
// clients' copies are valid again afterwards. Safe for concurrent use.
type Trust struct {
	sealer wallet.Sealer
	rule   AlarmRule
	raise  func(Alarm)

	mu         sync.Mutex
	distrusted bool
	opened     map[string]int64 // results of Open by wallet.ReasonOf, which has few values
	forged     []wallet.Instant // ring buffer: the instants of the last rule.Forged forged tokens
	total      int64            // number of forged tokens
	quietUntil wallet.Instant   // no alarm before this
}

var _ wallet.Sealer = (*Trust)(nil)

// NewTrust wraps a sealer. raise is called without a lock held, so it may call Distrust. ErrInvalid: the rule is out of
// bounds.
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

// Open implements wallet.Sealer. While clients' tokens are not trusted it returns ErrTokenDistrusted, whatever the bytes.
func (t *Trust) Open(sealed []byte, who wallet.Person, now wallet.Instant) (wallet.Token, error) {
	if t.Distrusted() {
		t.count(wallet.ErrTokenDistrusted, now)
		return wallet.Token{}, wallet.ErrTokenDistrusted
	}
	tok, err := t.sealer.Open(sealed, who, now)
	if a, due := t.count(err, now); due {
		t.raise(a)
	}
	return tok, err
}

// Distrust turns off (true) or on (false) the trust in clients' tokens.
func (t *Trust) Distrust(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.distrusted = on
}

// Distrusted reports whether clients' tokens are not trusted.
func (t *Trust) Distrusted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.distrusted
}

// count records a result of Open and returns the alarm if it is due. Clocks of instances may step back a little; a
// window of negative length counts as a short one.
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
	if len(t.forged) < t.rule.Forged || now < t.quietUntil {
		return Alarm{}, false
	}
	first := t.forged[t.total%int64(t.rule.Forged)] // the next to be overwritten
	if now > first.Add(t.rule.Within) {
		return Alarm{}, false
	}
	t.quietUntil = now.Add(t.rule.Within)
	return Alarm{At: now, Forged: t.total, Rule: t.rule}, true
}
