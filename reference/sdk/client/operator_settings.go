package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Switch is a degrade switch as shown to operators (D3).
type Switch struct {
	Name             wallet.Switch
	On               bool   // turned on by an operator
	Passive          bool   // trips by itself
	Dependency       string // the dependency that it protects against
	Does, DoesZH     string
	Notice, NoticeZH string         // what users see
	Tripped          []string       // what tripped it at the responding instance, and why
	Since            wallet.Instant // when it last changed there; 0: never
}

// Switches returns the degrade switches. Any role.
func (o *OperatorClient) Switches(ctx context.Context) ([]Switch, error) {
	m, err := signed(ctx, &o.caller, o.api.ListSwitches, &pb.ListSwitchesRequest{})
	var out []Switch
	for _, s := range m.GetSwitches() {
		out = append(out, Switch{Name: wallet.Switch(s.Name), On: s.On, Passive: s.Passive, Dependency: s.Dependency, Does: s.Does, DoesZH: s.DoesZh,
			Notice: s.Notice, NoticeZH: s.NoticeZh, Tripped: s.Tripped, Since: wallet.Instant(s.SinceUs)})
	}
	return out, err
}

// SetSwitch turns a degrade switch on or off, for all instances. Idempotent. wallet.ErrNotFound. Role operator.
func (o *OperatorClient) SetSwitch(ctx context.Context, name wallet.Switch, on bool) error {
	_, err := signed(ctx, &o.caller, o.api.SetSwitch, &pb.SetSwitchRequest{Name: string(name), On: on})
	return err
}

// Settings returns the settings that can be changed at run time. Any role.
func (o *OperatorClient) Settings(ctx context.Context) (wallet.Settings, error) {
	m, err := signed(ctx, &o.caller, o.api.GetSettings, &pb.GetSettingsRequest{})
	have := m.GetSettings()
	s := wallet.Settings{Version: have.GetVersion(), Release: wallet.Release{Num: have.GetReleaseNum(), Den: have.GetReleaseDen()},
		WithdrawPerDay: wallet.Money(have.GetWithdrawPerDayFen()), WithdrawTimes: int(have.GetWithdrawTimes()), ShortPage: int(have.GetShortPage())}
	for _, id := range have.GetWhiteList() {
		s.Release.WhiteList = append(s.Release.WhiteList, wallet.ActID(id))
	}
	return s, err
}

// ChangeSettings replaces the settings, if s is based on the current version. A call without a response is not
// repeated, because the repeat would find its own change. wallet.ErrStale: there is a newer version. wallet.ErrUnknown:
// read the settings again. Role operator.
func (o *OperatorClient) ChangeSettings(ctx context.Context, s wallet.Settings) (version int64, err error) {
	given := &pb.Settings{Version: s.Version, ReleaseNum: s.Release.Num, ReleaseDen: s.Release.Den, WithdrawPerDayFen: int64(s.WithdrawPerDay),
		WithdrawTimes: int32(s.WithdrawTimes), ShortPage: int32(s.ShortPage)}
	for _, id := range s.Release.WhiteList {
		given.WhiteList = append(given.WhiteList, int64(id))
	}
	once := o.caller
	once.config.Tries = 1
	m, err := signed(ctx, &once, o.api.ChangeSettings, &pb.ChangeSettingsRequest{Settings: given})
	return m.GetVersion(), err
}

// RefundReward takes back an unused reward other than cash. Idempotent. Role operator.
func (o *OperatorClient) RefundReward(ctx context.Context, no wallet.OrderNo) (wallet.Item, error) {
	refunded := func(m *pb.RefundRewardReply) (wallet.Item, error) { return item(m.Item) }
	return signed(ctx, &o.caller, decoded(o.api.RefundReward, refunded), &pb.RefundRewardRequest{Order: no.String()})
}
