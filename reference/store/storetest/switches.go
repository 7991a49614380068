package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Switches tests an adapter of wallet.Switches. open returns two instances' views of one store.
func Switches(t *testing.T, open func(t *testing.T) (here, there wallet.Switches)) {
	here, there := open(t)
	expect := func(why string, want ...wallet.Switch) {
		t.Helper()
		for _, s := range []wallet.Switches{here, there} {
			got, err := s.On(t.Context())
			require.NoError(t, err)
			on := []wallet.Switch{}
			for name, is := range got {
				require.True(t, is, "%s is listed and off", name)
				on = append(on, name)
			}
			require.ElementsMatch(t, want, on, why)
		}
	}
	const other = wallet.Switch("other")
	expect("nobody has touched one")
	require.NoError(t, here.Set(t.Context(), wallet.SwitchDistrustTokens, false))
	expect("off is how it was")
	for range 2 {
		require.NoError(t, here.Set(t.Context(), wallet.SwitchDistrustTokens, true))
		expect("on, at all instances", wallet.SwitchDistrustTokens)
	}
	require.NoError(t, there.Set(t.Context(), other, true))
	expect("one does not touch another", wallet.SwitchDistrustTokens, other)
	for range 2 {
		require.NoError(t, there.Set(t.Context(), wallet.SwitchDistrustTokens, false))
		expect("off again, wherever it was turned on", other)
	}
}
