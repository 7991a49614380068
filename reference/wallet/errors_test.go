package wallet

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// sentinels returns the sentinels with the code and reason that go over the wire: a published contract.
func sentinels() map[string]struct {
	err  *Error
	code string
} {
	type row = struct {
		err  *Error
		code string
	}
	return map[string]row{
		"invalid":          {ErrInvalid, "invalid"},
		"overflow":         {ErrOverflow, "invalid"},
		"not_found":        {ErrNotFound, "not_found"},
		"unknown_scene":    {ErrUnknownScene, "not_found"},
		"no_activity":      {ErrNoActivity, "not_found"},
		"conflict":         {ErrConflict, "conflict"},
		"stale":            {ErrStale, "conflict"},
		"over_cap":         {ErrOverCap, "refused"},
		"over_budget":      {ErrOverBudget, "refused"},
		"insufficient":     {ErrInsufficient, "refused"},
		"not_released":     {ErrNotReleased, "refused"},
		"limited":          {ErrLimited, "overloaded"},
		"overloaded":       {ErrOverloaded, "overloaded"},
		"unavailable":      {ErrUnavailable, "unavailable"},
		"unknown_outcome":  {ErrUnknown, "unknown"},
		"not_yours":        {ErrNotYours, "unauthorised"},
		"token_unreadable": {ErrTokenUnreadable, "invalid"},
		"token_forged":     {ErrTokenForged, "unauthorised"},
		"token_key":        {ErrTokenKey, "unauthorised"},
		"token_foreign":    {ErrTokenForeign, "unauthorised"},
		"token_purpose":    {ErrTokenPurpose, "unauthorised"},
		"token_expired":    {ErrTokenExpired, "refused"},
		"token_replayed":   {ErrTokenReplayed, "conflict"},
		"token_distrusted": {ErrTokenDistrusted, "refused"},
	}
}

func TestSentinelsAreDistinct(t *testing.T) {
	texts := map[string]bool{}
	for reason, s := range sentinels() {
		wrapped := fmt.Errorf("some package: %w", s.err)
		require.Equal(t, reason, ReasonOf(wrapped))
		require.Equal(t, s.code, CodeOf(wrapped).String())
		require.Regexp(t, "^wallet: [a-z].*[^.]$", s.err.Error())
		require.False(t, texts[s.err.Error()], "two sentinels have the text %q", s.err)
		texts[s.err.Error()] = true
		for other, o := range sentinels() {
			require.Equal(t, reason == other, errors.Is(wrapped, o.err), "%s and %s", reason, other)
		}
	}
}

func TestCodesHaveNames(t *testing.T) {
	names := map[string]bool{}
	for c := CodeInternal; c <= CodeUnauthorised; c++ {
		require.False(t, names[c.String()], "two codes have the name %s", c)
		names[c.String()] = true
	}
	require.Equal(t, "internal", (CodeUnauthorised + 1).String())
}

func TestCodeOfWhatIsNotOurs(t *testing.T) {
	foreign := errors.New("a disk is full")
	require.Equal(t, CodeInternal, CodeOf(foreign))
	require.Equal(t, "internal", ReasonOf(foreign))
	require.Equal(t, "ok", ReasonOf(nil))
	both := fmt.Errorf("%w: %w", ErrUnknown, ErrUnavailable)
	require.Equal(t, CodeUnknown, CodeOf(both), "the first one counts")
}
