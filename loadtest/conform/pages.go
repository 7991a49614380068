package conform

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// pageTests are about users' pages.
func pageTests() []contractCase {
	return []contractCase{
		{"page-empty", "a user without wins gets an empty page, not an error", []string{"P1"}, emptyPage},
		{"page-family", "a win in one app of a family is shown in its other apps, and in no other family's apps", []string{"B1", "B2"}, familyPage},
		{"page-sums", "balance and income are the sums of what is listed", []string{"T5", "P1"}, sums},
		{"page-walk", "paging continues where the last page ended: newest first, without gaps or duplicates, also with equal times, while new wins arrive", []string{"P1"}, walk},
		{"page-limit", "a page limit above 100 or below zero is refused, and so is an invalid cursor", []string{"P1"}, limits},
	}
}

func emptyPage(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.FanqieNovel)
	page, err := p.page(ctx, &pb.WalletPageRequest{})
	if err != nil {
		return err
	}
	if page.BalanceFen != 0 || page.IncomeFen != 0 || len(page.Lines)+len(page.Withdrawals) != 0 || page.Next != "" {
		return fmt.Errorf("the page of a new user shows %v", page)
	}
	return nil
}

func familyPage(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	a, err := p.expectGrant(ctx, 1, 30)
	if err != nil {
		return err
	}
	b, err := p.on(wallet.DouyinLite).expectGrant(ctx, 2, 4)
	if err != nil {
		return err
	}
	both := promised(a) && promised(b)
	return cmp.Or(p.on(wallet.DouyinHuoshan).expectPage(ctx, 34, 2, both), p.on(wallet.DouyinLite).expectPage(ctx, 34, 2, both), p.on(wallet.Toutiao).expectPage(ctx, 0, 0, true))
}

// wins grants 1, 2, 4, … fen in n rains; each three of them have the same win time.
func (p person) wins(ctx context.Context, n int) (sum int64, all bool, err error) {
	all = true
	for i := range n {
		m := p.grantRequest(int32(i), 1<<i)
		m.OpenedUs = p.grantRequest(int32(i/3), 1).OpenedUs
		reply, err := p.w.grant(ctx, m)
		if err != nil {
			return 0, false, fmt.Errorf("a valid grant: %w", err)
		}
		sum, all = sum+m.AmountFen, all && promised(reply)
	}
	return sum, all, nil
}

func sums(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Toutiao)
	sum, all, err := p.wins(ctx, 6)
	if err != nil {
		return err
	}
	if err := p.expectPage(ctx, wallet.Money(sum), 6, all); err != nil {
		return err
	}
	page, err := p.page(ctx, &pb.WalletPageRequest{Limit: wallet.MaxPage})
	if err != nil {
		return err
	}
	listed := int64(0)
	for _, l := range page.Lines {
		listed += l.AmountFen
	}
	return cmp.Or(equal("the sum of the lines", sum, listed), equal("the income", sum, page.IncomeFen), equal("the balance", sum, page.BalanceFen))
}

// walk reads the flow list in pages of three. Before each further page the person wins again.
func walk(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	const n = 7
	sum, all, err := p.wins(ctx, n)
	if err != nil {
		return err
	}
	if err := p.expectPage(ctx, wallet.Money(sum), n, all); err != nil {
		return err
	}
	seen := map[string]bool{}
	listed, after, newer := int64(0), "", int32(20)
	var last *pb.Line
	for pages := 0; ; pages++ {
		reply := &pb.FlowReply{}
		if err := p.call(ctx, flowMethod, &pb.FlowRequest{Limit: 3, After: after}, reply); err != nil {
			return err
		}
		for _, l := range reply.Lines {
			switch {
			case seen[l.Order]:
				return fmt.Errorf("order %s is listed twice", l.Order)
			case last != nil && l.OpenedUs > last.OpenedUs:
				return fmt.Errorf("order %s is newer than %s before it", l.Order, last.Order)
			}
			seen[l.Order], last = true, l
			listed += l.AmountFen
		}
		if after = reply.Next; after == "" {
			break
		}
		if pages > n {
			return fmt.Errorf("after %d pages of 3 the list of %d has not ended", pages, n)
		}
		if _, err := p.expectGrant(ctx, newer, 50); err != nil {
			return err
		}
		newer++
	}
	return cmp.Or(equal("lines of the walk", n, len(seen)), equal("their sum", sum, listed),
		p.expectPage(ctx, wallet.Money(sum+50*int64(newer-20)), n+int(newer-20), false))
}

func limits(ctx context.Context, w *wire) error {
	if w.Session == nil {
		return notEvaluated{"the target has no sessions"}
	}
	p := w.newPerson(wallet.Douyin)
	return p.expectLimits(ctx, flowMethod)
}

// expectLimits checks that a list refuses invalid pages.
func (p person) expectLimits(ctx context.Context, method string) error {
	return p.w.expectRefused(ctx, []attempt{
		{"limit 101", p.session(method, []byte(`{"limit":101}`)), wallet.ErrInvalid},
		{"limit -1", p.session(method, []byte(`{"limit":-1}`)), wallet.ErrInvalid},
		{`after "nowhere"`, p.session(method, []byte(`{"after":"nowhere"}`)), wallet.ErrInvalid},
	})
}

// laterTests check all users again.
func laterTests() []contractCase {
	return []contractCase{{"later", "after everything is posted each user still has the expected money: nothing is lost, nothing is duplicated", []string{"O3", "T4", "T5"}, later}}
}

// later waits until every line is posted.
func later(ctx context.Context, w *wire) error {
	people := make([]wallet.Caller, 0, len(w.expected))
	for who := range w.expected {
		people = append(people, who)
	}
	if len(people) == 0 {
		return notEvaluated{"no earlier case passed"}
	}
	slices.SortFunc(people, func(a, b wallet.Caller) int { return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.App, b.App)) })
	for _, who := range people {
		p, o := person{w, who}, w.expected[who]
		if err := p.awaitPosted(ctx); err != nil {
			return fmt.Errorf("user %d: %w", who.User, err)
		}
		if err := p.expectPage(ctx, o.balance, o.lines, true); err != nil {
			return fmt.Errorf("user %d: %w", who.User, err)
		}
	}
	return nil
}

// awaitPosted waits until every line of the page is posted.
func (p person) awaitPosted(ctx context.Context) error {
	for looks := p.w.newPoll(); ; {
		page, err := p.page(ctx, &pb.WalletPageRequest{Limit: wallet.MaxPage})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(page.Lines, func(l *pb.Line) bool { return l.Status != pb.TokenStatus_TOKEN_STATUS_SUCCESS }) {
			return nil
		}
		if looks.expired() {
			return fmt.Errorf("after %s not all of %d lines are posted", p.w.Patience, len(page.Lines))
		}
		if !looks.pause(ctx) {
			return notEvaluated{"interrupted"}
		}
	}
}
