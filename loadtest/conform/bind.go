package conform

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// bindTests are about one person with accounts in several account systems.
func bindTests() []contractCase {
	return []contractCase{
		{"bind", "accounts of two families with the same phone share one wallet: it shows what was won before and after, and nothing is paid twice", []string{"B1", "B2"}, bindPhones},
	}
}

func bindPhones(ctx context.Context, w *wire) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.Toutiao)
	if _, err := a.expectGrant(ctx, 1, 12); err != nil {
		return err
	}
	if _, err := b.expectGrant(ctx, 2, 13); err != nil {
		return err
	}
	var acts []int64
	for range 2 { // the second time is a repeat
		for _, p := range []person{a, b} {
			id, err := p.bind(ctx, phoneOf(b.who.User))
			if err != nil {
				return err
			}
			acts = append(acts, id)
		}
	}
	if acts[2] != acts[3] {
		return fmt.Errorf("two accounts with one phone have the wallets %d and %d", acts[2], acts[3])
	}
	if _, err := a.expectGrant(ctx, 3, 14); err != nil {
		return err
	}
	if _, err := a.expectGrant(ctx, 1, 12); err != nil { // a repeat of an earlier grant
		return err
	}
	if err := a.expectPage(ctx, 39, 3, false); err != nil {
		return err
	}
	return b.expectPage(ctx, 39, 3, true)
}

// bind binds a phone and returns the wallet's number.
func (p person) bind(ctx context.Context, phone int64) (int64, error) {
	reply := &pb.BindPhoneReply{}
	m := &pb.BindPhoneRequest{Who: &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)}, Phone: phone}
	err := p.w.callUpstream(ctx, bindMethod, m, reply)
	if r := (*refusal)(nil); errors.As(err, &r) && r.Reason == wallet.ReasonOf(auth.ErrScope) {
		return 0, notEvaluated{"the key lacks the bind scope"}
	}
	return reply.ActId, err
}

// joinByPhone binds the accounts of several persons to one phone.
func joinByPhone(ctx context.Context, people ...person) error {
	for _, p := range people {
		if _, err := p.bind(ctx, phoneOf(people[0].who.User)); err != nil {
			return err
		}
	}
	return nil
}

// phoneOf returns an eleven-digit mobile number that is unlikely to be used elsewhere.
func phoneOf(user wallet.UserID) int64 { return 10_000_000_000 + int64(user)%1_000_000_000 }
