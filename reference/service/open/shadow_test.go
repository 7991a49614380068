package open

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// patience bounds how long a test waits for what happens by itself.
const patience = 30 * time.Second

// TestServeCleanUpShared: a clean-up is refused, forced or not, while another instance works with data in memory.
func TestServeCleanUpShared(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Listen, c.Debug, c.Data = "127.0.0.1:0", "", t.TempDir()
	require.NoError(t, c.Complete())
	s, err := New(t.Context(), c)
	require.NoError(t, err)
	defer s.Close()
	work, stop := context.WithCancel(t.Context())
	s.shadow.start(work)
	defer func() { stop(); require.NoError(t, s.shadow.end()) }()
	_, err = s.shadow.instance.stores.leases.Join(t.Context(), "posters", "another", patience)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(s.shadow.instance.Host.Members()) == 2 }, patience, 10*time.Millisecond, "the other instance is a member")
	for _, force := range []bool{false, true} {
		_, err = s.shadow.CleanUp(t.Context(), force)
		require.Equal(t, "load_test_shared", wallet.ReasonOf(err))
	}
	_, err = s.shadow.Status(t.Context())
	require.NoError(t, err, "the wallet goes on")
	require.NoError(t, s.shadow.instance.stores.leases.Leave(t.Context(), "posters", "another"))
}

// TestMarkedBusy: a clean-up does not interrupt running requests. New requests are refused with the reason.
func TestMarkedBusy(t *testing.T) {
	t.Parallel()
	m := &shadowWallet{instance: &walletInstance{}}
	_, leave, err := m.acquire()
	require.NoError(t, err)
	_, err = m.CleanUp(t.Context(), false)
	require.Equal(t, "load_test_busy", wallet.ReasonOf(err))

	ctx, cancel := context.WithCancel(t.Context())
	forced := make(chan error, 1)
	go func() { _, err := m.CleanUp(ctx, true); forced <- err }()
	require.Eventually(t, func() bool {
		_, leave, err := m.acquire()
		if err == nil {
			leave()
		}
		return wallet.ReasonOf(err) == "load_test_clean_up"
	}, patience, 10*time.Millisecond, "new requests are refused")
	_, err = m.CleanUp(t.Context(), true)
	require.Equal(t, "load_test_clean_up", wallet.ReasonOf(err), "one at a time")
	cancel()
	require.Equal(t, "load_test_busy", wallet.ReasonOf(<-forced), "it does not wait without end")
	leave()
	_, leave, err = m.acquire()
	require.NoError(t, err, "and all is as it was")
	leave()
}
