package scenarios

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		text, why string
		want      Ratio
	}{
		{"5/s", "plain", Ratio{5, 1}},
		{"1.8M/s", "with a unit and a point", Ratio{1_800_000, 1}},
		{"2.5/s", "half a grant a second", Ratio{5, 2}},
		{"0/s", "nothing is a rate", Ratio{0, 1}},
	} {
		r, err := ParseRate(c.text)
		require.NoError(t, err, c.why)
		require.Equal(t, c.want.Num*r.Den, r.Num*c.want.Den, c.why)
	}
	for _, text := range []string{"", "5", "/s", "-5/s", "5/m", "1e3/s", "999999M/s", "5 /s"} {
		_, err := ParseRate(text)
		require.ErrorContains(t, err, "300k/s", "%q is refused, and how to write one is said", text)
	}
}
