package sim

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
	"hongbao/reports"
)

// tally adds the outcomes of rewards other than cash and of packets to the metrics.
func (s *simulation) tally(ctx context.Context, m reports.Metrics) error {
	for i, w := range s.options.Scenario.Windows {
		if w.Lottery != nil {
			m["lottery_people_"+w.Slug()] = float64(s.crowd.Traffic.Members(i))
		}
	}
	if t := s.cluster.RewardBackends; t != nil {
		err := t.Items.Items(ctx, func(i wallet.Item) bool {
			m["rewards_"+i.State.String()]++
			if i.State.Grants() && i.Reward != i.Asked {
				m["rewards_in_place_of_others"]++
			}
			return true
		})
		if err != nil {
			return fmt.Errorf("sim: %w", err)
		}
	}
	if s.cluster.Packets == nil {
		return nil
	}
	err := s.cluster.Packets.Packets(ctx, func(p wallet.Packet) bool {
		if p.State == wallet.PacketRefused || p.State == wallet.PacketAsked {
			m["packets_refused"]++
			return true
		}
		m["packets_sent"]++
		for _, share := range p.Shares {
			switch share.State {
			case wallet.ShareOpened:
				m["packet_shares_opened"]++
				m["packet_opened_fen"] += float64(share.Amount)
			case wallet.ShareReturned:
				m["packet_shares_returned"]++
				m["packet_returned_fen"] += float64(share.Amount)
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}
