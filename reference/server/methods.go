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
	downstreams // by callbacks, which are no methods
	audiences
)

// String returns the audience's name in metrics.
func (a audience) String() string {
	return [...]string{"upstreams", "users", "operators", "downstreams"}[a]
}

// method is what the edge must know of a method before it reads a request.
type method struct {
	path    string
	of      audience
	scope   auth.Scope                       // upstreams
	roles   []auth.Role                      // operators
	mutates bool                             // a deadline leaves it open what was done
	once    bool                             // a captured request that is sent again would do harm, at any instance (upstreams; operators' calls always)
	slow    bool                             // may take slowDeadline
	serves  func(p *Ports, marked bool) bool // nil: always
}

// shadowed says whether marked load may call the method (K2). Which methods of operators mean anything then is theirs to
// say, so that a refusal is in the audit log.
func (m *method) shadowed(p *Ports) bool {
	if m.of == operators {
		return p.Marked != nil
	}
	return p.Shadow != nil && (m.serves == nil || m.serves(p, true))
}

// methods lists the API. TestMethodTable compares it with the schema.
func methods() []method {
	anybody := []auth.Role{auth.RoleViewer, auth.RoleOperator, auth.RoleAuditor}
	operator, auditor := []auth.Role{auth.RoleOperator}, []auth.Role{auth.RoleAuditor}
	either := []auth.Role{auth.RoleOperator, auth.RoleAuditor}
	return []method{
		{path: connectpb.GrantServiceGrantProcedure, of: upstreams, scope: auth.ScopeGrant, mutates: true},
		{path: connectpb.GrantServiceBatchGrantProcedure, of: upstreams, scope: auth.ScopeGrant, mutates: true},

		{path: connectpb.AccountServiceBindPhoneProcedure, of: upstreams, scope: auth.ScopeBind, mutates: true, once: true},

		{path: connectpb.WalletServiceWalletPageProcedure, of: users},
		{path: connectpb.WalletServiceFlowProcedure, of: users},
		{path: connectpb.WalletServiceWithdrawProcedure, of: users, mutates: true},
		{path: connectpb.WalletServiceRewardsProcedure, of: users, serves: hasRewards},
		{path: connectpb.WalletServiceUseRewardProcedure, of: users, serves: hasRewards, mutates: true},
		{path: connectpb.WalletServiceSendPacketProcedure, of: users, serves: hasPackets, mutates: true},
		{path: connectpb.WalletServiceOpenPacketProcedure, of: users, serves: hasPackets, mutates: true},
		{path: connectpb.WalletServiceNoticesProcedure, of: users, serves: hasBoard},

		{path: connectpb.QueryServiceBalanceProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceIncomeProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceHasWonProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceForcePostProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery, mutates: true},
		{path: connectpb.QueryServiceRunningTotalProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceCouponStockProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasCoupons},

		{path: connectpb.OperatorServiceListSwitchesProcedure, of: operators, roles: anybody, serves: hasSettings},
		{path: connectpb.OperatorServiceSetSwitchProcedure, of: operators, roles: operator, serves: hasSettings, mutates: true},
		{path: connectpb.OperatorServiceStatusProcedure, of: operators, roles: anybody, serves: hasOperator},
		{path: connectpb.OperatorServiceAuditBudgetProcedure, of: operators, roles: auditor, serves: hasOperator, mutates: true, slow: true},
		{path: connectpb.OperatorServiceReconcileProcedure, of: operators, roles: auditor, serves: hasOperator, slow: true},
		{path: connectpb.OperatorServiceAuditLogProcedure, of: operators, roles: auditor, serves: hasAudit},
		{path: connectpb.OperatorServiceCleanUpLoadTestProcedure, of: operators, roles: operator, serves: hasOperator, mutates: true, slow: true},

		{path: connectpb.OperatorServiceGetSettingsProcedure, of: operators, roles: anybody, serves: hasSettings},
		{path: connectpb.OperatorServiceChangeSettingsProcedure, of: operators, roles: operator, serves: hasSettings, mutates: true},

		{path: connectpb.OperatorServiceAnnouncementsProcedure, of: operators, roles: anybody, serves: hasNotices},
		{path: connectpb.OperatorServiceAnnounceProcedure, of: operators, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServiceWithdrawAnnouncementProcedure, of: operators, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServicePublishPageConfigProcedure, of: operators, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServiceRollBackPageConfigProcedure, of: operators, roles: operator, serves: hasNotices, mutates: true},
		{path: connectpb.OperatorServicePageConfigsProcedure, of: operators, roles: anybody, serves: hasNotices},
		{path: connectpb.OperatorServiceGetPageConfigProcedure, of: operators, roles: anybody, serves: hasNotices},

		{path: connectpb.OperatorServiceCheckBulkProcedure, of: operators, roles: either, serves: hasBulk},
		{path: connectpb.OperatorServiceCreateBulkProcedure, of: operators, roles: operator, serves: hasBulk, mutates: true},
		{path: connectpb.OperatorServiceStartBulkProcedure, of: operators, roles: operator, serves: hasBulk, mutates: true},
		{path: connectpb.OperatorServiceStopBulkProcedure, of: operators, roles: operator, serves: hasBulk, mutates: true},
		{path: connectpb.OperatorServiceBulkJobsProcedure, of: operators, roles: anybody, serves: hasBulk},
		{path: connectpb.OperatorServiceBulkRowsProcedure, of: operators, roles: either, serves: hasBulk},

		{path: connectpb.OperatorServiceRefundRewardProcedure, of: operators, roles: operator, serves: hasRefunds, mutates: true},
	}
}

func hasRewards(p *Ports, marked bool) bool {
	return !marked && p.Rewards != nil || marked && p.ShadowRewards != nil
}

func hasPackets(p *Ports, marked bool) bool {
	return !marked && p.Packets != nil || marked && p.ShadowPackets != nil
}

func hasBoard(p *Ports, _ bool) bool         { return p.Board != nil }
func hasQuery(p *Ports, marked bool) bool    { return !marked && p.Query != nil }
func hasCoupons(p *Ports, marked bool) bool  { return !marked && p.Coupons != nil }
func hasOperator(p *Ports, _ bool) bool      { return p.Operator != nil && p.Audit != nil }
func hasAudit(p *Ports, _ bool) bool         { return p.Audit != nil }
func hasSettings(p *Ports, marked bool) bool { return hasOperator(p, marked) && p.Settings != nil }
func hasNotices(p *Ports, marked bool) bool  { return hasOperator(p, marked) && p.Notices != nil }
func hasBulk(p *Ports, marked bool) bool     { return hasOperator(p, marked) && p.Bulk != nil }
func hasRefunds(p *Ports, marked bool) bool  { return hasOperator(p, marked) && p.Refunds != nil }
