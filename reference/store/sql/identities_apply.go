package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"hongbao/reference/wallet"
)

// identityState is the stored state of the accounts, phones and wallets that some changes touch, in memory for one
// transaction. The counter of wallets is locked before the state is read, so no two transactions change people at the
// same time.
type identityState struct {
	accounts map[wallet.Account]accountRow
	phones   map[wallet.Phone]phoneRow
	former   map[wallet.ActID][]wallet.ActID // ascending
	left     map[wallet.Account][]wallet.LeftWallet
	wallets  wallet.ActID // issued so far

	// Changed and to be written.
	newAccounts map[wallet.Account]bool
	newPhones   map[wallet.Phone]bool
	newFormer   map[wallet.ActID]bool
	newLeft     map[wallet.Account]bool
}

type accountRow struct {
	owner wallet.ActID
	phone wallet.Phone
}

type phoneRow struct {
	holder wallet.ActID
	bound  int64
}

// applyChanges reads the state that the changes touch, applies them in memory one after another, and writes the
// differences. So a transaction is a few statements, however many changes it has.
func (s *Identities) applyChanges(ctx context.Context, t *txn, jobs []*job) error {
	last, err := s.wallets.last(ctx, t)
	if err != nil {
		return err
	}
	p := &identityState{accounts: map[wallet.Account]accountRow{}, phones: map[wallet.Phone]phoneRow{}, former: map[wallet.ActID][]wallet.ActID{},
		left: map[wallet.Account][]wallet.LeftWallet{}, wallets: wallet.ActID(last), newAccounts: map[wallet.Account]bool{},
		newPhones: map[wallet.Phone]bool{}, newFormer: map[wallet.ActID]bool{}, newLeft: map[wallet.Account]bool{}}
	for part := range slices.Chunk(jobs, lookUpAtOnce) {
		if err := s.read(ctx, t, p, part); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		c := j.in.(*identityJob)
		c.out, j.err = p.apply(c.IdentityChange)
	}
	if err := s.write(ctx, t, p); err != nil {
		return err
	}
	if int64(p.wallets) == last {
		return nil
	}
	return s.wallets.handOut(ctx, t, int64(p.wallets))
}

// apply makes one change, or returns the reason for a refusal and changes nothing.
func (p *identityState) apply(c wallet.IdentityChange) (wallet.Person, error) {
	row := p.accounts[c.Account]
	was := wallet.AccountRow{ActID: row.owner, Phone: row.phone, Alone: row.phone != 0 && p.phones[row.phone].bound == 1}
	if was != c.Before || c.Phone != 0 && p.phones[c.Phone].holder != c.Holder {
		return wallet.Person{}, fmt.Errorf("%w: account %d of family %d", wallet.ErrStale, c.Account.User, c.Account.Family)
	}
	who, err := p.after(c)
	if err != nil {
		return wallet.Person{}, err
	}
	owner := who.ActID
	p.wallets = max(p.wallets, owner)
	if c.Join != 0 {
		p.former[owner], p.former[c.Join] = who.Former, nil
		p.newFormer[owner], p.newFormer[c.Join] = true, true
	}
	if c.Phone != 0 {
		p.bind(row.phone, c.Phone, owner)
	}
	p.accounts[c.Account] = accountRow{owner: owner, phone: cmp.Or(c.Phone, row.phone)}
	p.newAccounts[c.Account] = true
	if !slices.Equal(p.left[c.Account], who.Left) {
		p.left[c.Account] = who.Left
		p.newLeft[c.Account] = true
	}
	return who, nil
}

func (p *identityState) person(owner wallet.ActID) wallet.Person {
	return wallet.Person{ActID: owner, Former: slices.Clone(p.former[owner])}
}

// after returns the person that a change assigns to its account, and changes nothing. ErrInvalid when the change is
// not possible.
func (p *identityState) after(c wallet.IdentityChange) (wallet.Person, error) {
	for _, id := range []wallet.ActID{c.Wallet, c.Join} {
		if id < 0 || id > p.wallets {
			return wallet.Person{}, fmt.Errorf("%w: wallet %d was never issued", wallet.ErrInvalid, id)
		}
	}
	who := p.person(cmp.Or(c.Wallet, p.wallets+1))
	if c.Join != 0 {
		joining := p.person(c.Join)
		if who.Owns(c.Join) || joining.Owns(c.Wallet) {
			return wallet.Person{}, fmt.Errorf("%w: wallet %d is joined already", wallet.ErrInvalid, c.Join)
		}
		who.Former = append(who.Former, joining.Wallets()...)
		slices.Sort(who.Former)
	}
	var from []wallet.ActID
	if c.Before.ActID != 0 {
		from = p.person(c.Before.ActID).Wallets()
	}
	who.Left = wallet.LeftAfter(p.left[c.Account], from, who, c.At)
	if len(who.Former) > wallet.MaxFormer || len(who.Left) > wallet.MaxLeft {
		return wallet.Person{}, fmt.Errorf("%w: %d former wallets, %d left ones", wallet.ErrInvalid, len(who.Former), len(who.Left))
	}
	return who, nil
}

// bind moves one account from a phone (0 if it had none) to another one, whose holder is owner from then on. A phone
// without accounts has no holder.
func (p *identityState) bind(from, to wallet.Phone, owner wallet.ActID) {
	if from != to {
		if from != 0 {
			r := p.phones[from]
			if r.bound--; r.bound == 0 {
				r.holder = 0
			}
			p.phones[from], p.newPhones[from] = r, true
		}
		r := p.phones[to]
		r.bound++
		p.phones[to] = r
	}
	p.phones[to] = phoneRow{holder: owner, bound: p.phones[to].bound}
	p.newPhones[to] = true
}

// newAccountOnly reports whether the change only gives an unknown account a new wallet.
func (c *identityJob) newAccountOnly() bool {
	return c.Before == (wallet.AccountRow{}) && c.Phone == 0 && c.Wallet == 0 && c.Join == 0
}

// read adds the stored accounts, phones and wallets that some changes touch. Duplicates in a list are harmless.
func (s *Identities) read(ctx context.Context, t *txn, p *identityState, jobs []*job) error {
	size := padded(t.dialect, len(jobs))
	var accounts, phones, wallets []any
	for i := range size {
		c := jobs[min(i, len(jobs)-1)].in.(*identityJob)
		accounts = append(accounts, int64(c.Account.Family), int64(c.Account.User))
		phones = append(phones, int64(c.Phone), int64(c.Before.Phone))
		wallets = append(wallets, int64(c.Wallet), int64(c.Join), int64(c.Before.ActID))
	}
	err := t.query(ctx, s.accounts+anyOf(accountKey, size), accounts, func(r *sql.Rows) error {
		var a wallet.Account
		var row accountRow
		err := r.Scan(&a.Family, &a.User, &row.owner, &row.phone)
		p.accounts[a] = row
		return err
	})
	if err != nil || !slices.ContainsFunc(jobs, func(j *job) bool { return !j.in.(*identityJob).newAccountOnly() }) {
		return err // a new account needs no more; if it exists after all, its row shows it
	}
	err = t.query(ctx, s.phones+placeholders(2*size, 1), phones, func(r *sql.Rows) error {
		var phone wallet.Phone
		var row phoneRow
		err := r.Scan(&phone, &row.holder, &row.bound)
		p.phones[phone] = row
		return err
	})
	if err != nil {
		return err
	}
	former := map[wallet.ActID][]wallet.ActID{}
	err = t.query(ctx, s.former+placeholders(3*size, 1)+" ORDER BY act_id, former", wallets, func(r *sql.Rows) error {
		var id, f wallet.ActID
		err := r.Scan(&id, &f)
		former[id] = append(former[id], f)
		return err
	})
	maps.Copy(p.former, former) // a wallet of an earlier part is read again, completely
	if err != nil || !slices.ContainsFunc(jobs, func(j *job) bool { return j.in.(*identityJob).Before.ActID != 0 }) {
		return err // an account that is seen for the first time has left no wallet
	}
	left := map[wallet.Account][]wallet.LeftWallet{}
	err = t.query(ctx, s.left+anyOf(accountKey, size)+" ORDER BY act_id", accounts, func(r *sql.Rows) error {
		var a wallet.Account
		var l wallet.LeftWallet
		err := r.Scan(&a.Family, &a.User, &l.ActID, &l.At)
		left[a] = append(left[a], l)
		return err
	})
	maps.Copy(p.left, left)
	return err
}

func byAccount(a, b wallet.Account) int {
	return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.User, b.User))
}

// write writes the changes, each table in the order of its key.
func (s *Identities) write(ctx context.Context, t *txn, p *identityState) error {
	accounts := slices.SortedFunc(maps.Keys(p.newAccounts), byAccount)
	err := t.insert(ctx, s.setAccounts, len(accounts), func(i int, args []any) []any {
		a, row := accounts[i], p.accounts[accounts[i]]
		return append(args, int64(a.Family), int64(a.User), int64(row.owner), int64(row.phone))
	}, nil)
	if err != nil {
		return err
	}
	phones := slices.Sorted(maps.Keys(p.newPhones))
	err = t.insert(ctx, s.setPhones, len(phones), func(i int, args []any) []any {
		row := p.phones[phones[i]]
		return append(args, int64(phones[i]), int64(row.holder), row.bound)
	}, nil)
	if err != nil {
		return err
	}
	var pairs [][2]wallet.ActID
	for _, id := range slices.Sorted(maps.Keys(p.newFormer)) {
		if err := t.change(ctx, s.forget, int64(id)); err != nil {
			return err
		}
		for _, f := range p.former[id] {
			pairs = append(pairs, [2]wallet.ActID{id, f})
		}
	}
	err = t.insert(ctx, s.add, len(pairs), func(i int, args []any) []any {
		return append(args, int64(pairs[i][0]), int64(pairs[i][1]))
	}, nil)
	if err != nil {
		return err
	}
	return s.writeLeft(ctx, t, p)
}

// writeLeft writes the wallets that accounts have left. A wallet that an account has returned to stays recorded: reads
// skip it, and leaving it again overwrites it.
func (s *Identities) writeLeft(ctx context.Context, t *txn, p *identityState) error {
	var rows [][4]int64
	for _, a := range slices.SortedFunc(maps.Keys(p.newLeft), byAccount) {
		for _, l := range p.left[a] {
			rows = append(rows, [4]int64{int64(a.Family), int64(a.User), int64(l.ActID), int64(l.At)})
		}
	}
	return t.insert(ctx, s.addLeft, len(rows), func(i int, args []any) []any {
		return append(args, rows[i][0], rows[i][1], rows[i][2], rows[i][3])
	}, nil)
}
