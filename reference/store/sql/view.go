package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"hongbao/reference/wallet"
)

// The bounds of a view.
const (
	maxView    = 10_000 // entries: the largest page is far smaller
	maxWallets = 1 + wallet.MaxFormer
	maxChecks  = 4096 // numbers: a person has far fewer tokens, and SQLite's limit of arguments is reached at some 6,500
)

// View implements wallet.Ledger. Each shard is read in one statement, and so from one point in time; the shards of a
// person's former wallets are read one after another. ErrInvalid: a limit below one, or above the bounds.
func (l *Ledger) View(ctx context.Context, q wallet.ViewQuery) (wallet.View, error) {
	if q.Limit < 1 || q.Limit > maxView || len(q.Wallets) > maxWallets || len(q.Check) > maxChecks {
		return wallet.View{}, fmt.Errorf("%w: view of %d wallets, %d entries and %d numbers", wallet.ErrInvalid, len(q.Wallets), q.Limit, len(q.Check))
	}
	if q.After.Order.Scene != "" && !q.After.Order.Scene.Valid() {
		return wallet.View{}, fmt.Errorf("%w: cursor at scene %q", wallet.ErrInvalid, q.After.Order.Scene)
	}
	v := wallet.View{Posted: make([]bool, len(q.Check))}
	posted := map[wallet.OrderNo]bool{}
	for _, s := range l.db.shards {
		if err := l.viewShard(ctx, s, q, &v, posted); err != nil {
			return wallet.View{}, err
		}
	}
	for i, no := range q.Check {
		v.Posted[i] = posted[no]
	}
	slices.SortFunc(v.Grants, func(a, b wallet.Entry) int {
		return cmp.Or(cmp.Compare(b.Opened, a.Opened), a.Order.Compare(b.Order))
	})
	v.Grants = v.Grants[:min(len(v.Grants), q.Limit)]
	return v, nil
}

// viewShard adds one shard's part of the view.
func (l *Ledger) viewShard(ctx context.Context, s *shard, q wallet.ViewQuery, v *wallet.View, checked map[wallet.OrderNo]bool) error {
	query, args := l.viewQuery(s, q)
	if query == "" {
		return nil
	}
	var sum error
	err := s.ask(ctx, query, args, func(r *sql.Rows) (err error) {
		var what int
		var no wallet.OrderNo
		var amount wallet.Money
		var other, posted int64
		if err := r.Scan(&what, &no.ActID, &no.Stage, &no.Scene, &no.Rain, &no.Award, &amount, &other, &posted); err != nil {
			return err
		}
		switch what {
		case 0:
			if v.Balance, err = v.Balance.Add(amount); err == nil {
				v.Income, err = v.Income.Add(wallet.Money(other))
			}
			sum = cmp.Or(sum, err)
		case 1:
			v.Grants = append(v.Grants, grant(no, amount, wallet.Instant(other), wallet.Instant(posted)))
		case 2:
			checked[no] = true
		}
		return nil
	})
	return cmp.Or(err, sum)
}

// viewQuery returns the statement for one shard; "" when there is nothing to read.
func (l *Ledger) viewQuery(s *shard, q wallet.ViewQuery) (string, []any) {
	var parts []string
	var args []any
	var ids []any
	for i, id := range q.Wallets {
		if l.db.shard(id) == s && !slices.Contains(q.Wallets[:i], id) {
			ids = append(ids, int64(id))
		}
	}
	if len(ids) > 0 {
		in := placeholders(len(ids), 1)
		parts = append(parts, l.viewed+in)
		args = append(append(args, int64(q.Stage)), ids...)
		after := ""
		args = append(append(args, int64(q.Stage)), ids...)
		if q.After != (wallet.Cursor{}) {
			after = " AND opened <= ? AND (opened < ? OR (act_id, stage, scene, rain, award) > (?, ?, ?, ?, ?))"
			args = keyed(append(args, int64(q.After.Opened), int64(q.After.Opened)), q.After.Order)
		}
		args = append(args, int64(q.Limit))
		parts = append(parts, "SELECT * FROM ("+l.listed+in+after+" ORDER BY opened DESC, act_id, stage, scene, rain, award LIMIT ?) AS page")
	}
	var checks []wallet.OrderNo
	for _, no := range q.Check {
		if no.Validate() == nil && l.db.shard(no.ActID) == s {
			checks = append(checks, no)
		}
	}
	for some := range slices.Chunk(checks, lookUpAtOnce) {
		n := padded(l.db.dialect, len(some))
		parts = append(parts, l.check+anyOf(key, n))
		for i := range n {
			args = keyed(args, some[min(i, len(some)-1)])
		}
	}
	return strings.Join(parts, " UNION ALL "), args
}

// grant returns the entry of a grant.
func grant(no wallet.OrderNo, amount wallet.Money, opened, posted wallet.Instant) wallet.Entry {
	return wallet.Entry{Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: no.Stage, Owner: int64(no.ActID)},
		Amount: amount, Order: no, Opened: opened, Posted: posted}
}
