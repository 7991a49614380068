package loader

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/scenarios"
)

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		text, why string
		want      scenarios.Ratio
	}{
		{"5/s", "plain", scenarios.Ratio{Num: 5, Den: 1}},
		{"1.8M/s", "with a unit and a point", scenarios.Ratio{Num: 1_800_000, Den: 1}},
		{"2.5/s", "half a grant a second", scenarios.Ratio{Num: 5, Den: 2}},
		{"0/s", "zero is a rate", scenarios.Ratio{Num: 0, Den: 1}},
	} {
		r, err := ParseRate(c.text)
		require.NoError(t, err, c.why)
		require.Equal(t, c.want.Num*r.Den, r.Num*c.want.Den, c.why)
	}
	for _, text := range []string{"", "5", "/s", "-5/s", "5/m", "1e3/s", "999999M/s", "5 /s"} {
		_, err := ParseRate(text)
		require.ErrorContains(t, err, "300k/s", "%q is refused, with an example of a rate", text)
	}
}
