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
	audiences
)

// String returns the audience's name in metrics.
func (a audience) String() string { return [...]string{"upstreams", "users", "operators"}[a] }

// method is what the edge must know of a method before it reads a request.
type method struct {
	path    string
	of      audience
	scope   auth.Scope  // upstreams
	roles   []auth.Role // operators
	mutates bool        // a deadline leaves it open what was done
	once    bool        // a captured request that is sent again would do harm, at any instance (upstreams; operators' calls always)
	slow    bool        // may take slowDeadline
	serves  func(*Ports) bool
}

// shadowed says whether marked load may call the method (K2). Which methods of operators mean anything then is theirs to
// say, so that a refusal is in the audit log.
func (m *method) shadowed(p *Ports) bool {
	if m.of == operators {
		return p.Marked != nil
	}
	return p.Shadow != nil && m.serves == nil
}

// methods lists the API. TestMethodTable compares it with the schema.
func methods() []method {
	anybody := []auth.Role{auth.RoleViewer, auth.RoleOperator, auth.RoleAuditor}
	operator, auditor := []auth.Role{auth.RoleOperator}, []auth.Role{auth.RoleAuditor}
	return []method{
		{path: connectpb.GrantServiceGrantProcedure, of: upstreams, scope: auth.ScopeGrant, mutates: true},
		{path: connectpb.GrantServiceBatchGrantProcedure, of: upstreams, scope: auth.ScopeGrant, mutates: true},

		{path: connectpb.AccountServiceBindPhoneProcedure, of: upstreams, scope: auth.ScopeBind, mutates: true, once: true},

		{path: connectpb.WalletServiceWalletPageProcedure, of: users},
		{path: connectpb.WalletServiceFlowProcedure, of: users},
		{path: connectpb.WalletServiceWithdrawProcedure, of: users, mutates: true},

		{path: connectpb.QueryServiceBalanceProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceIncomeProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceHasWonProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},
		{path: connectpb.QueryServiceForcePostProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery, mutates: true},
		{path: connectpb.QueryServiceRunningTotalProcedure, of: upstreams, scope: auth.ScopeQuery, serves: hasQuery},

		{path: connectpb.OperatorServiceListSwitchesProcedure, of: operators, roles: anybody, serves: hasOperator},
		{path: connectpb.OperatorServiceSetSwitchProcedure, of: operators, roles: operator, serves: hasOperator, mutates: true},
		{path: connectpb.OperatorServiceStatusProcedure, of: operators, roles: anybody, serves: hasOperator},
		{path: connectpb.OperatorServiceAuditBudgetProcedure, of: operators, roles: auditor, serves: hasOperator, mutates: true, slow: true},
		{path: connectpb.OperatorServiceReconcileProcedure, of: operators, roles: auditor, serves: hasOperator, slow: true},
		{path: connectpb.OperatorServiceAuditLogProcedure, of: operators, roles: auditor, serves: hasAudit},
		{path: connectpb.OperatorServiceCleanUpLoadTestProcedure, of: operators, roles: operator, serves: hasOperator, mutates: true, slow: true},
	}
}

func hasQuery(p *Ports) bool    { return p.Query != nil }
func hasOperator(p *Ports) bool { return p.Operator != nil && p.Audit != nil }
func hasAudit(p *Ports) bool    { return p.Audit != nil }
