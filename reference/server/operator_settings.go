package server

import (
	"context"
	"fmt"
	"maps"
	"slices"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// maxWhiteList bounds the wallets that a grey release lists one by one: they are testers.
const maxWhiteList = 1000

// ListSwitches implements the API. A switch that is on is listed even if this version does not know it.
func (s operatorAPI) ListSwitches(ctx context.Context, _ *pb.ListSwitchesRequest) (*pb.ListSwitchesReply, error) {
	on, _, err := s.ports.Settings.Read(ctx)
	if err != nil {
		return nil, err
	}
	reply := &pb.ListSwitchesReply{}
	known := map[wallet.Switch]bool{}
	for _, i := range s.switches() {
		known[i.Name] = true
		reply.Switches = append(reply.Switches, &pb.SwitchState{Name: string(i.Name), On: on[i.Name], Passive: i.Passive, Dependency: i.Dependency,
			Does: i.Does, DoesZh: i.DoesZH, Notice: i.Notice, NoticeZh: i.NoticeZH, Tripped: i.Tripped, SinceUs: int64(i.Since)})
	}
	for _, name := range slices.Sorted(maps.Keys(on)) {
		if !known[name] && on[name] {
			reply.Switches = append(reply.Switches, &pb.SwitchState{Name: string(name), On: true})
		}
	}
	return reply, nil
}

// SetSwitch implements the API.
func (s operatorAPI) SetSwitch(ctx context.Context, m *pb.SetSwitchRequest) (*pb.SetSwitchReply, error) {
	name := wallet.Switch(m.Name)
	if !slices.ContainsFunc(s.switches(), func(i SwitchInfo) bool { return i.Name == name }) {
		return nil, fmt.Errorf("%w: switch %q", wallet.ErrNotFound, cut(m.Name, 64))
	}
	return &pb.SetSwitchReply{}, s.ports.Settings.Set(ctx, name, m.On)
}

// switches lists all known switches.
func (s operatorAPI) switches() []SwitchInfo {
	if s.ports.Switches == nil {
		return nil
	}
	return s.ports.Switches()
}

// GetSettings implements the API.
func (s operatorAPI) GetSettings(ctx context.Context, _ *pb.GetSettingsRequest) (*pb.GetSettingsReply, error) {
	_, have, err := s.ports.Settings.Read(ctx)
	if err != nil {
		return nil, err
	}
	m := &pb.Settings{Version: have.Version, ReleaseNum: have.Release.Num, ReleaseDen: have.Release.Den, WithdrawPerDayFen: int64(have.WithdrawPerDay),
		WithdrawTimes: int32(have.WithdrawTimes), ShortPage: int32(have.ShortPage)}
	for _, id := range have.Release.WhiteList {
		m.WhiteList = append(m.WhiteList, int64(id))
	}
	return &pb.GetSettingsReply{Settings: m}, nil
}

// ChangeSettings implements the API.
func (s operatorAPI) ChangeSettings(ctx context.Context, m *pb.ChangeSettingsRequest) (*pb.ChangeSettingsReply, error) {
	to, err := settingsOf(m.GetSettings())
	if err != nil {
		return nil, err
	}
	if err := s.ports.Settings.Change(ctx, to); err != nil {
		return nil, err
	}
	return &pb.ChangeSettingsReply{Version: to.Version + 1}, nil
}

// settingsOf returns the settings that a request carries, or wallet.ErrInvalid.
func settingsOf(m *pb.Settings) (wallet.Settings, error) {
	switch {
	case m.GetVersion() < 0 || m.GetReleaseDen() < 1 || m.GetReleaseNum() < 0 || m.GetReleaseNum() > m.GetReleaseDen():
		return wallet.Settings{}, fmt.Errorf("%w: settings of version %d, release %d of %d", wallet.ErrInvalid, m.GetVersion(), m.GetReleaseNum(), m.GetReleaseDen())
	case len(m.WhiteList) > maxWhiteList:
		return wallet.Settings{}, fmt.Errorf("%w: a white list of %d wallets, at most %d", wallet.ErrInvalid, len(m.WhiteList), maxWhiteList)
	case m.WithdrawPerDayFen < 0 || m.WithdrawTimes < 0:
		return wallet.Settings{}, fmt.Errorf("%w: a daily limit is negative", wallet.ErrInvalid)
	case m.ShortPage < 1 || m.ShortPage > wallet.MaxPage:
		return wallet.Settings{}, fmt.Errorf("%w: short pages of %d lines, 1 to %d", wallet.ErrInvalid, m.ShortPage, wallet.MaxPage)
	}
	to := wallet.Settings{Version: m.Version, Release: wallet.Release{Num: m.ReleaseNum, Den: m.ReleaseDen},
		WithdrawPerDay: wallet.Money(m.WithdrawPerDayFen), WithdrawTimes: int(m.WithdrawTimes), ShortPage: int(m.ShortPage)}
	for _, id := range m.WhiteList {
		if id <= 0 {
			return wallet.Settings{}, fmt.Errorf("%w: wallet %d on the white list", wallet.ErrInvalid, id)
		}
		to.Release.WhiteList = append(to.Release.WhiteList, wallet.ActID(id))
	}
	return to, nil
}
