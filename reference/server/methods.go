package server

import (
	"hongbao/reference/server/auth"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
)

// audience is who calls a method.
type audience uint8

// The audiences.
const (
	upstreams audience = iota
	users
	operators
	downstreams // by callbacks, which are not API methods
	audiences
)

// String returns the audience's name in metrics.
func (a audience) String() string {
	return [...]string{"upstreams", "users", "operators", "downstreams"}[a]
}

// method is what the server must know about a method before it reads a request.
type method struct {
	path     string
	audience audience
	scope    auth.Scope                       // upstreams
	roles    []auth.Role                      // operators
	mutates  bool                             // after a deadline the outcome is unknown
	once     bool                             // replaying a captured request would do harm, so all instances check for replays (upstreams; operators' calls always)
	slow     bool                             // bounded by slowDeadline
	liveOnly bool                             // has no meaning for the shadow wallet (operators)
	serves   func(p *Ports, shadow bool) bool // nil: always
}

// servesShadow reports whether load-test requests may call the method (K2). Operators' methods decide it themselves, so
// that a refusal is in the audit log.
func (m *method) servesShadow(p *Ports) bool {
	if m.audience == operators {
		return p.ShadowAdmin != nil
	}
	return p.Shadow != nil && (m.serves == nil || m.serves(p, true))
}

// methods lists the API. TestMethodTable compares it with the schema.
func methods() []method {
	anybody := []auth.Role{auth.RoleViewer, auth.RoleOperator, auth.RoleAuditor}
	operator, auditor := []auth.Role{auth.RoleOperator}, []auth.Role{auth.RoleAuditor}
	either := []auth.Role{auth.RoleOperator, auth.RoleAuditor}
	return []method{
		{path: connectpb.GrantServiceGrantProcedure, audience: upstreams, scope: auth.ScopeGrant, mutates: true},
		{path: connectpb.GrantServiceBatchGrantProcedure, audience: upstreams, scope: auth.ScopeGrant, mutates: true},

		{path: connectpb.AccountServiceBindPhoneProcedure, audience: upstreams, scope: auth.ScopeBind, mutates: true, once: true},

		{path: connectpb.WalletServiceWalletPageProcedure, audience: users},
		{path: connectpb.WalletServiceFlowProcedure, audience: users},
		{path: connectpb.WalletServiceWithdrawProcedure, audience: users, mutates: true},
		{path: connectpb.WalletServiceRewardsProcedure, audience: users, serves: hasRewards},
		{path: connectpb.WalletServiceUseRewardProcedure, audience: users, serves: hasRewards, mutates: true},
		{path: connectpb.WalletServiceSendPacketProcedure, audience: users, serves: hasPackets, mutates: true},
		{path: connectpb.WalletServiceOpenPacketProcedure, audience: users, serves: hasPackets, mutates: true},
		{path: connectpb.WalletServiceNoticesProcedure, audience: users, serves: hasNoticeReader},

		{path: connectpb.QueryServiceBalanceProcedure, audience: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceIncomeProcedure, audience: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceHasWonProcedure, audience: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceForcePostProcedure, audience: upstreams, scope: auth.ScopeQuery, serves: hasQuery, mutates: true},
		{path: connectpb.QueryServiceRunningTotalProcedure, audience: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceCouponStockProcedure, audience: upstreams, scope: auth.ScopeQuery, serves: hasCoupons},

		{path: connectpb.OperatorServiceListSwitchesProcedure, audience: operators, liveOnly: true, roles: anybody, serves: hasSettings},
		{path: connectpb.OperatorServiceSetSwitchProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasSettings, mutates: true},
		{path: connectpb.OperatorServiceStatusProcedure, audience: operators, roles: anybody, serves: hasOperator},
		{path: connectpb.OperatorServiceAuditBudgetProcedure, audience: operators, roles: auditor, serves: hasOperator, mutates: true, slow: true},
		{path: connectpb.OperatorServiceReconcileProcedure, audience: operators, roles: auditor, serves: hasOperator, slow: true},
		{path: connectpb.OperatorServiceAuditLogProcedure, audience: operators, liveOnly: true, roles: auditor, serves: hasAudit},
		{path: connectpb.OperatorServiceCleanUpLoadTestProcedure, audience: operators, roles: operator, serves: hasOperator, mutates: true, slow: true},

		{path: connectpb.OperatorServiceGetSettingsProcedure, audience: operators, liveOnly: true, roles: anybody, serves: hasSettings},
		{path: connectpb.OperatorServiceChangeSettingsProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasSettings, mutates: true},

		{path: connectpb.OperatorServiceAnnouncementsProcedure, audience: operators, liveOnly: true, roles: anybody, serves: hasNotices},
		{path: connectpb.OperatorServiceAnnounceProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServiceWithdrawAnnouncementProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServicePublishPageConfigProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServiceRollBackPageConfigProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServicePageConfigsProcedure, audience: operators, liveOnly: true, roles: anybody, serves: hasNotices},
		{path: connectpb.OperatorServiceGetPageConfigProcedure, audience: operators, liveOnly: true, roles: anybody, serves: hasNotices},

		{path: connectpb.OperatorServiceCheckBulkProcedure, audience: operators, liveOnly: true, roles: either, serves: hasBulk},
		{path: connectpb.OperatorServiceCreateBulkProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasBulk, mutates: true},
		{path: connectpb.OperatorServiceStartBulkProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasBulk, mutates: true},
		{path: connectpb.OperatorServiceStopBulkProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasBulk, mutates: true},
		{path: connectpb.OperatorServiceBulkJobsProcedure, audience: operators, liveOnly: true, roles: anybody, serves: hasBulk},
		{path: connectpb.OperatorServiceBulkRowsProcedure, audience: operators, liveOnly: true, roles: either, serves: hasBulk},

		{path: connectpb.OperatorServiceRefundRewardProcedure, audience: operators, liveOnly: true, roles: operator, serves: hasRefunds, mutates: true},
	}
}

func hasRewards(p *Ports, shadow bool) bool {
	return !shadow && p.Rewards != nil || shadow && p.ShadowRewards != nil
}

func hasPackets(p *Ports, shadow bool) bool {
	return !shadow && p.Packets != nil || shadow && p.ShadowPackets != nil
}

func hasNoticeReader(p *Ports, _ bool) bool  { return p.NoticeReader != nil }
func hasQuery(p *Ports, shadow bool) bool    { return !shadow && p.Query != nil }
func hasCoupons(p *Ports, shadow bool) bool  { return !shadow && p.Coupons != nil }
func hasOperator(p *Ports, _ bool) bool      { return p.Inspector != nil && p.Audit != nil }
func hasAudit(p *Ports, _ bool) bool         { return p.Audit != nil }
func hasSettings(p *Ports, shadow bool) bool { return hasOperator(p, shadow) && p.Settings != nil }
func hasNotices(p *Ports, shadow bool) bool  { return hasOperator(p, shadow) && p.Notices != nil }
func hasBulk(p *Ports, shadow bool) bool     { return hasOperator(p, shadow) && p.Bulk != nil }
func hasRefunds(p *Ports, shadow bool) bool  { return hasOperator(p, shadow) && p.Refunds != nil }
