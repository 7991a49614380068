package mem_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestPermits(t *testing.T) {
	storetest.Permits(t, func(*testing.T) wallet.Permits { return mem.NewPermits() })
}

func TestPermitNamesAreBounded(t *testing.T) {
	s := mem.NewPermits()
	var err error
	for n := range 5000 {
		if _, _, err = s.Take(t.Context(), strconv.Itoa(n), 1, 1, 1); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, wallet.ErrOverloaded)
	_, _, err = s.Take(t.Context(), "0", 2, 1, 1)
	require.NoError(t, err, "known names still work")
}
