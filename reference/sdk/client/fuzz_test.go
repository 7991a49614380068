package client

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// FuzzReplies: every reply is decoded or gives ErrUnknown, and nothing panics.
func FuzzReplies(f *testing.F) {
	for _, m := range []proto.Message{
		&pb.WalletPageReply{Stage: 3, Next: "1:1_rain_1_1_3", Lines: []*pb.Line{{Order: "1_rain_1_1_3"}}},
		&pb.WalletPageReply{Withdrawals: []*pb.Withdrawal{{Number: "w_1_2_3"}}, Refused: []*pb.RefusedToken{{Error: &pb.ErrorDetail{Code: "conflict"}}}},
		&pb.GrantReply{Order: "1_rain_1_1_3", Token: []byte{1}, Item: &pb.Item{Order: "1_rain_1_2_3", State: 4}},
		&pb.WalletPageReply{Items: []*pb.Item{{Order: "1_rain_1_2_3"}}, Packets: []*pb.Packet{{Number: "p_1_2_3", State: 3, Shares: []*pb.Share{{For: &pb.Account{Family: 1, User: 2}}}}}},
		&pb.RewardsReply{Stage: 3, Items: []*pb.Item{{Order: "1_rain_1_2_3", ExpiresUs: 5}}, Next: "1:1_rain_1_2_3"},
		&pb.CreateBulkReply{Job: &pb.BulkJob{Id: 1, Digest: strings.Repeat("0", 64), State: 2}, Plan: &pb.BulkPlan{Digest: strings.Repeat("f", 64)}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(err error) {
			if err != nil && wallet.CodeOf(err) != wallet.CodeUnknown {
				t.Errorf("%v", err)
			}
		}
		page, flow, grant := &pb.WalletPageReply{}, &pb.FlowReply{}, &pb.GrantReply{}
		if proto.Unmarshal(b, page) == nil {
			_, err := pageReply(page)
			check(err)
		}
		if proto.Unmarshal(b, flow) == nil {
			_, err := flowReply(flow)
			check(err)
		}
		if proto.Unmarshal(b, grant) == nil {
			_, err := grantReply(grant)
			check(err)
		}
		rewards, bulk := &pb.RewardsReply{}, &pb.CreateBulkReply{}
		if proto.Unmarshal(b, rewards) == nil {
			_, err := rewardsReply(rewards)
			check(err)
		}
		if proto.Unmarshal(b, bulk) == nil {
			_, err := bulkJob(bulk.Job)
			check(err)
			_, err = bulkPlan(bulk.Plan)
			check(err)
		}
	})
}

// FuzzPurse: every file is loaded as this user's token store or refused, and a loaded token store saves and loads unchanged.
func FuzzPurse(f *testing.F) {
	f.Add([]byte(`{"app":"douyin","user":1,"tokens":[{"order":"1_rain_1_1_3","opened_us":10,"sealed":"AQI="}]}`))
	f.Add([]byte(`{"app":"douyin","user":2}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		p := NewTokenStore(nil, person(1))
		if err := p.Load(bytes.NewReader(file)); err != nil {
			if c := wallet.CodeOf(err); len(p.Tokens()) > 0 || c != wallet.CodeInvalid && c != wallet.CodeUnauthorised {
				t.Errorf("%v, and %d tokens", err, len(p.Tokens()))
			}
			return
		}
		var saved bytes.Buffer
		again := NewTokenStore(nil, person(1))
		if err := p.Save(&saved); err != nil {
			t.Fatal(err)
		}
		if err := again.Load(&saved); err != nil || len(again.Tokens()) != len(p.Tokens()) {
			t.Errorf("%v, %d of %d tokens", err, len(again.Tokens()), len(p.Tokens()))
		}
	})
}
