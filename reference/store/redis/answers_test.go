package redis_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

const (
	queued  = "+QUEUED"
	discard = "-EXECABORT Transaction discarded because of previous errors."
)

// TestWhatTheServerSays checks the error that each reply of a server is converted to.
func TestWhatTheServerSays(t *testing.T) {
	inside := func(xadd, exec string) map[string][]string {
		return map[string][]string{"XADD": {xadd}, "HSETNX": {queued}, "HLEN": {queued}, "ZADD": {queued}, "EXEC": {exec}}
	}
	for _, c := range []struct {
		name    string
		answers map[string][]string
		want    wallet.Code
		why     string
	}{
		{"out of memory", inside("-OOM command not allowed when used memory > 'maxmemory'.", discard), wallet.CodeUnavailable,
			"the transaction was discarded, and it may fit later"},
		{"read-only", inside("-READONLY You can't write against a read only replica.", discard), wallet.CodeUnavailable,
			"discarded: the primary is another one"},
		{"demoted before exec", inside(queued, "-EXECABORT Transaction discarded because of: READONLY You can't write."), wallet.CodeUnavailable,
			"discarded"},
		{"too few replicas", inside("-NOREPLICAS Not enough good replicas to write.", discard), wallet.CodeUnavailable, "discarded"},
		{"wrong arguments", inside("-ERR wrong number of arguments for 'xadd' command", discard), wallet.CodeInternal,
			"discarded, but a defect: it will never fit"},
		{"no permission", inside("-NOPERM this user has no permissions to run the 'xadd' command", discard), wallet.CodeInternal,
			"a configuration defect"},
		{"another type", inside(queued, "*4\r\n$3\r\n1-1\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n:1\r\n:1"), wallet.CodeInternal,
			"a defect: another program writes these keys"},
		{"loading all along", map[string][]string{"MULTI": {loading}, "XADD": {loading}, "HSETNX": {loading}, "HLEN": {loading}, "ZADD": {loading}, "EXEC": {loading}}, wallet.CodeUnavailable,
			"nothing was executed"},
		{"loaded in the middle", map[string][]string{"MULTI": {loading}, "XADD": {loading}, "HSETNX": {":1"}, "HLEN": {":1"}, "ZADD": {":1"}, "EXEC": {"-ERR EXEC without MULTI"}}, wallet.CodeUnknown,
			"the commands after MULTI were executed alone: the token is listed and its credit not held"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, client := newFake(t, c.answers)
			err := rolesOf(client).tokens.Issue(t.Context(), benchToken(7))
			require.Error(t, err)
			require.Equal(t, c.want, wallet.CodeOf(err), "%s: %v", c.why, err)
		})
	}
}

const loading = "-LOADING Redis is loading the dataset in memory"

// TestBusyServer is the same for commands without a transaction.
func TestBusyServer(t *testing.T) {
	for _, c := range []struct {
		answer string
		want   wallet.Code
	}{
		{loading, wallet.CodeUnavailable},
		{"-CLUSTERDOWN Hash slot not served", wallet.CodeUnavailable},
		{"-MASTERDOWN Link with MASTER is down", wallet.CodeUnavailable},
		{"-MOVED 3999 127.0.0.1:6381", wallet.CodeUnavailable}, // not configured as a cluster
		{"-BUSY Redis is busy running a script", wallet.CodeUnavailable},
		{"-MISCONF Redis is configured to save RDB snapshots", wallet.CodeUnavailable},
		{"-ERR something else", wallet.CodeInternal},
		{"-LOADINGS is an unknown code", wallet.CodeInternal},
	} {
		_, client := newFake(t, map[string][]string{"EVAL": {c.answer}})
		err := rolesOf(client).budgets.Reserve(t.Context(), benchToken(7).Order, 1, 1)
		require.Error(t, err)
		require.Equal(t, c.want, wallet.CodeOf(err), "%s: %v", c.answer, err)
	}
}

// TestPartOfABatch: a batch that was partly done is unknown as a whole.
func TestPartOfABatch(t *testing.T) {
	credits := []wallet.Credit{benchToken(1).Credit(), benchToken(2).Credit()}
	oom := "-OOM command not allowed when used memory > 'maxmemory'."
	for _, c := range []struct {
		answers []string
		want    wallet.Code
		why     string
	}{
		{[]string{"$3\r\n1-1", oom}, wallet.CodeUnknown, "the first one is held"},
		{[]string{oom, "$3\r\n1-1"}, wallet.CodeUnknown, "the second one is held"},
		{[]string{oom}, wallet.CodeUnavailable, "none is held"},
		{[]string{"$3\r\n1-1", "-ERR defect"}, wallet.CodeInternal, "a defect is reported as one"},
	} {
		_, client := newFake(t, map[string][]string{"XADD": c.answers})
		err := rolesOf(client).backlog.Push(t.Context(), credits)
		require.Error(t, err)
		require.Equal(t, c.want, wallet.CodeOf(err), c.why)
	}
}

// TestFullList: an Issue that made a list too long is undone; if a poster was faster, the result is unknown.
func TestFullList(t *testing.T) {
	taken := "*4\r\n$3\r\n5-1\r\n:1\r\n:1025\r\n:1"
	for _, c := range []struct {
		name string
		back string
		want wallet.Code
		why  string
	}{
		{"in time", "*5\r\n:1\r\n,-1\r\n*0\r\n:1\r\n:1", wallet.CodeOverloaded, "nothing was ever leased; undone: nothing was done"},
		{"in time, after others", "*5\r\n:1\r\n,-1\r\n*1\r\n+last:5-0\r\n:1\r\n:1", wallet.CodeOverloaded, "those before it were leased"},
		{"leased", "*5\r\n:1\r\n,-1\r\n*1\r\n+last:5-1\r\n:1\r\n:1", wallet.CodeUnknown, "its lessee may post it"},
		{"leased with others", "*5\r\n:1\r\n,-1\r\n*1\r\n+last:5-10\r\n:1\r\n:1", wallet.CodeUnknown, "10 is more than 1"},
		{"gone", "*5\r\n:0\r\n,-1\r\n*0\r\n:1\r\n:1", wallet.CodeUnknown, "it was posted and acknowledged"},
		{"no reply", loading, wallet.CodeUnknown, "it still exists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, client := newFake(t, map[string][]string{"XADD": {queued}, "HSETNX": {queued}, "HLEN": {queued}, "ZADD": {queued},
				"XDEL": {queued}, "ZINCRBY": {queued}, "ZRANGEBYSCORE": {queued}, "HDEL": {queued}, "ZREM": {queued}, "EXEC": {taken, c.back}})
			err := rolesOf(client).tokens.Issue(t.Context(), benchToken(7))
			require.Error(t, err)
			require.Equal(t, c.want, wallet.CodeOf(err), "%s: %v", c.why, err)
		})
	}
}

// TestFullBacklog: nothing is pushed or issued while the backlog was full at the last check.
func TestFullBacklog(t *testing.T) {
	s, client := newFake(t, map[string][]string{"XLEN": {":67108864", ":0"}, "XADD": {"$3\r\n1-1"}})
	r := rolesOf(client)
	n, err := r.backlog.Depth(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1<<26, n)
	require.ErrorIs(t, r.backlog.Push(t.Context(), []wallet.Credit{benchToken(1).Credit()}), wallet.ErrOverloaded)
	require.ErrorIs(t, r.tokens.Issue(t.Context(), benchToken(1)), wallet.ErrOverloaded)
	require.NotContains(t, s.commands(), "XADD")

	_, err = r.backlog.Depth(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.backlog.Push(t.Context(), []wallet.Credit{benchToken(1).Credit()}))
}

// TestGarbledAnswers: a reply with unexpected content is an error or is skipped, and never causes a panic.
func TestGarbledAnswers(t *testing.T) {
	bulk := func(s string) string { return "$" + length(s) + "\r\n" + s + "\r\n" }
	entry := func(id, credit string) string {
		return "*2\r\n" + bulk(id) + "*2\r\n" + bulk("c") + bulk(credit)
	}
	_, client := newFake(t, map[string][]string{"XLEN": {":4"}, "ZRANGEBYSCORE": {"*0"}, "EVAL": {":1"}, "XRANGE": {strings.TrimSuffix("*4\r\n"+
		entry("1-1", "rubbish")+entry("x", "7_rain-cash_1_1_3 188 5")+entry("9999999999999-4194304", "7_rain-cash_1_1_3 188 5")+
		entry("2-3", "7_rain-cash_1_1_3 188 5"), "\r\n")}})
	held, err := redis.NewBacklog(client, storetest.NewClock(), 1, storetest.Lease).Take(t.Context(), 0, 4)
	require.NoError(t, err)
	require.Equal(t, []wallet.HeldPosting{{ID: 2<<22 | 3, Credit: wallet.Credit{Order: benchToken(7).Order, Amount: 188, Opened: 5}}}, held)

	for _, entries := range []string{"*1\r\n$1\r\nx", "*1\r\n*2\r\n$3\r\n1-1\r\n*1\r\n$1\r\nc", "*1\r\n*1\r\n$3\r\n1-1", "$1\r\nx"} {
		_, client := newFake(t, map[string][]string{"XLEN": {":4"}, "ZRANGEBYSCORE": {"*0"}, "XRANGE": {entries}})
		_, err := redis.NewBacklog(client, storetest.NewClock(), 1, storetest.Lease).Take(t.Context(), 0, 4)
		require.Error(t, err, "entries returned as %q", entries)
	}

	for _, stored := range []string{"", "1", "1 2 3", "1 x 3 a", "0 2 3 a", "99 2 3 a", "256 2 3 a", "257 2 3 a"} {
		_, client := newFake(t, map[string][]string{"ZRANGEBYSCORE": {"*1\r\n*2\r\n+7_rain-cash_1_1_3\r\n,0"}, "HMGET": {"*1\r\n$" + length(stored) + "\r\n" + stored}})
		_, err := rolesOf(client).tokens.List(t.Context(), 7, wallet.Official)
		require.Error(t, err, "token stored as %q", stored)
		require.Equal(t, wallet.CodeInternal, wallet.CodeOf(err))
	}
	for _, stored := range []string{"", "0 1 2", "4 1 2 3", "-1 1 2 3", "0 1 2 99999999999999999999"} {
		_, client := newFake(t, map[string][]string{"HGET": {"$" + length(stored) + "\r\n" + stored}})
		_, err := rolesOf(client).orders.Get(t.Context(), []wallet.OrderNo{benchToken(7).Order})
		require.Error(t, err, "order stored as %q", stored)
	}
}
