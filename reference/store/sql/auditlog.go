package sqlstore

import (
	"context"
	"math"
	"unicode/utf8"

	"hongbao/reference/wallet"
)

// AuditLog stores the actions of operators (B8), on shard 0.
type AuditLog struct {
	db     *DB
	append *kind
	count  counter
	insert insertion
	list   string
}

var _ wallet.AuditLog = (*AuditLog)(nil)

const (
	maxActions    = 1000 // per call: a page for people to read
	maxActionText = 256  // bytes of each short text of an action
)

// NewAuditLog returns the audit log in db.
func NewAuditLog(db *DB) *AuditLog {
	l := &AuditLog{db: db, count: newCounter(db, countActions),
		insert: insertion{db.text("INSERT INTO {p}actions (id, at, operator, role, method, detail, outcome) VALUES "), 7, ""},
		list:   db.text("SELECT id, at, operator, role, method, detail, outcome FROM {p}actions WHERE id < ? ORDER BY id DESC LIMIT ?"),
	}
	l.append = &kind{rank: rankAudit, apply: l.applyAppend}
	return l
}

// Append implements wallet.AuditLog. Texts that are too long are cut. ErrUnknown: the action may have been logged;
// logging it again creates a second entry.
func (l *AuditLog) Append(ctx context.Context, a wallet.Action) error {
	return l.db.shards[0].do(ctx, l.append, 1, &a)
}

func (l *AuditLog) applyAppend(ctx context.Context, t *txn, jobs []*job) error {
	last, err := l.count.last(ctx, t)
	if err != nil {
		return err
	}
	err = t.insert(ctx, l.insert, len(jobs), func(i int, args []any) []any {
		a := jobs[i].in.(*wallet.Action)
		return append(args, last+int64(i)+1, int64(a.At), cutText(a.Operator, maxActionText), cutText(a.Role, maxActionText),
			cutText(a.Method, maxActionText), cutText(a.Detail, wallet.MaxAuditDetail), cutText(a.Outcome, maxActionText))
	}, nil)
	if err != nil {
		return err
	}
	return l.count.handOut(ctx, t, last+int64(len(jobs)))
}

// cutText returns at most n bytes of s and never splits a character.
func cutText(s string, n int) []byte {
	if len(s) <= n {
		return []byte(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return []byte(s[:n])
}

// Actions implements wallet.AuditLog. It returns at most 1000 actions per call.
func (l *AuditLog) Actions(ctx context.Context, before int64, limit int) ([]wallet.Action, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return list(ctx, l.db.shards[0].ask, scanAction, l.list, before, min(max(limit, 0), maxActions))
}

func scanAction(r rowScanner) (a wallet.Action, err error) {
	var operator, role, method, detail, outcome []byte
	err = r.Scan(&a.ID, &a.At, &operator, &role, &method, &detail, &outcome)
	a.Operator, a.Role, a.Method, a.Detail, a.Outcome = string(operator), string(role), string(method), string(detail), string(outcome)
	return a, err
}
