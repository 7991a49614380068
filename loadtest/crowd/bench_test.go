package crowd

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"hongbao/loadtest/attack"
	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// acknowledger is an HTTP client that acknowledges every grant at once, without a network.
type acknowledger struct{ last atomic.Int64 }

// Do implements Doer.
func (y *acknowledger) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var q pb.GrantRequest
	if err := proto.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	no := wallet.OrderNo{ActID: wallet.ActID(y.last.Add(1)), Scene: wallet.SceneID(q.Scene), Rain: q.Rain, Award: wallet.AwardType(q.Award), Stage: wallet.Official}
	body, err = proto.Marshal(&pb.GrantReply{Order: no.String(), AmountFen: q.AmountFen, State: pb.GrantState(wallet.GrantAccepted)})
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/proto"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, err
}

// The cost of one operation for the generator: the message, its signature and the oracle, without a network.
func BenchmarkSendGrant(b *testing.B) {
	s := focused(b, "rain-peak.yaml", "", 1_000_000, 10*time.Second)
	c, err := New(Options{Scenario: s, URLs: []string{"http://127.0.0.1:1"}, Key: auth.Key{ID: "demo", Secret: auth.NewSecret()},
		HTTP: func(string) (Doer, error) { return &acknowledger{}, nil }})
	require.NoError(b, err)
	c.client.Hedge.Num, c.client.Repeat.Num = 0, 0
	var person atomic.Uint32
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			v := Visit{Person: person.Add(1), Amount: 88, App: wallet.Douyin}
			if out := c.Send(b.Context(), attack.Op[Visit]{Kind: Grant, What: v}); out != attack.OK {
				b.Error(out)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "grants/s")
	require.Zero(b, c.Violations())
}
