package client

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// TestNumbers: the service's text forms of cursors and withdrawal numbers are parsed back, and nothing else is
// accepted.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		no := wallet.WithdrawalNo{Account: wallet.Account{Family: wallet.Family(rapid.IntRange(1, 2).Draw(t, "family")),
			User: wallet.UserID(rapid.Int64Min(1).Draw(t, "user"))}, Request: rapid.Int64Min(1).Draw(t, "request")}
		got, err := parseWithdrawalNo(no.String())
		require.NoError(t, err)
		require.Equal(t, no, got)
		c := wallet.Cursor{Opened: wallet.Instant(rapid.Int64().Draw(t, "opened")), Order: number(rapid.Int32Min(0).Draw(t, "rain"))}
		place, err := parseCursor(c.Text())
		require.NoError(t, err)
		require.Equal(t, c, place)
	})
	for _, text := range []string{"", "w", "w_1_2", "w_1_2_3_4", "w_01_2_3", "w_1_+2_3", "x_1_2_3", "w_256_2_3", "w_1_99999999999999999999_3"} {
		_, err := parseWithdrawalNo(text)
		require.ErrorIs(t, err, wallet.ErrUnknown, text)
	}
	for _, text := range []string{"5", "5:", "x:1_rain_1_1_3", "5:1_rain"} {
		_, err := parseCursor(text)
		require.ErrorIs(t, err, wallet.ErrUnknown, text)
	}
}

// TestStrangeReplies: a malformed reply gives ErrUnknown and no data.
func TestStrangeReplies(t *testing.T) {
	for why, m := range map[string]*pb.WalletPageReply{
		"a line's order number":      {Lines: []*pb.Line{{Order: "1_2"}}},
		"a cursor":                   {Next: "there"},
		"a withdrawal's number":      {Withdrawals: []*pb.Withdrawal{{Number: "w"}}},
		"a refusal without a reason": {Refused: []*pb.RefusedToken{{}}},
	} {
		page, err := pageReply(m)
		require.ErrorIs(t, err, wallet.ErrUnknown, why)
		require.Zero(t, page, why)
	}
	flow, err := flowReply(&pb.FlowReply{Next: "anything", Lines: []*pb.Line{{Order: "1_2"}}})
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Zero(t, flow)
	page, err := pageReply(&pb.WalletPageReply{Stage: 259, Lines: []*pb.Line{{Status: 264}}})
	require.NoError(t, err)
	require.Zero(t, page.Stage, "259 is not 3")
	require.Zero(t, page.Grants[0].Status)
	require.Equal(t, wallet.CodeUnknown, wallet.CodeOf(refusal(&pb.ErrorDetail{Code: "sorry"})), "an unknown code")
	other := refusal(&pb.ErrorDetail{Code: "unknown", Reason: "conflict"})
	require.NotErrorIs(t, other, wallet.ErrConflict, "a known reason under another code is not the sentinel")
	require.Equal(t, wallet.CodeUnknown, wallet.CodeOf(other))
}

// TestStrangeBatch: a reply with the wrong number of results answers none of the grants.
func TestStrangeBatch(t *testing.T) {
	for why, m := range map[string]*pb.BatchGrantReply{
		"too few":  {Results: []*pb.GrantResult{{}}},
		"too many": {Results: []*pb.GrantResult{{}, {}, {}}},
	} {
		c := clientOf(t, replyWith(t, m), Config{Tries: 1})
		results, err := c.BatchGrant(t.Context(), make([]wallet.GrantRequest, 2))
		require.ErrorIs(t, err, wallet.ErrUnknown, why)
		require.Empty(t, results, why)
	}
	c := clientOf(t, replyWith(t, &pb.BatchGrantReply{Results: []*pb.GrantResult{{}, {Result: &pb.GrantResult_Grant{Grant: &pb.GrantReply{Order: "1"}}}}}), Config{Tries: 1})
	results, err := c.BatchGrant(t.Context(), make([]wallet.GrantRequest, 2))
	require.NoError(t, err)
	require.ErrorIs(t, results[0].Err, wallet.ErrUnknown, "an empty result")
	require.ErrorIs(t, results[1].Err, wallet.ErrUnknown, "an invalid order number")
}

// replyWith answers every request with one message.
func replyWith(t *testing.T, m proto.Message) http.HandlerFunc {
	body, err := proto.Marshal(m)
	require.NoError(t, err)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/proto")
		_, _ = w.Write(body)
	}
}
