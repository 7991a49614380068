package conform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// bindTests are about one person in several account systems.
func bindTests() []test {
	return []test{
		{"bind", "the same phone in two families is one wallet: what was won before and after is seen in both, and nothing is paid twice", []string{"B1", "B2"}, bindPhones},
	}
}

func bindPhones(ctx context.Context, w *wire) error {
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.Toutiao)
	if _, err := a.granted(ctx, 1, 12); err != nil {
		return err
	}
	if _, err := b.granted(ctx, 2, 13); err != nil {
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
	if _, err := a.granted(ctx, 3, 14); err != nil {
		return err
	}
	if _, err := a.granted(ctx, 1, 12); err != nil { // a repeat of what was won before
		return err
	}
	if err := a.sees(ctx, 39, 3, false); err != nil {
		return err
	}
	return b.sees(ctx, 39, 3, true)
}

// bind binds a phone and returns the number of the wallet.
func (p person) bind(ctx context.Context, phone int64) (int64, error) {
	reply := &pb.BindPhoneReply{}
	body := encode(&pb.BindPhoneRequest{Who: &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)}, Phone: phone})
	err := p.w.call(ctx, func() *request { return p.w.signed(bindMethod, body, p.w.Key, time.Now()) }, reply)
	if r := (*refusal)(nil); errors.As(err, &r) && r.Reason == wallet.ReasonOf(auth.ErrScope) {
		return 0, unanswered{"the key has no scope to bind"}
	}
	return reply.ActId, err
}

// joined binds the accounts of several people to one phone.
func joined(ctx context.Context, people ...person) error {
	for _, p := range people {
		if _, err := p.bind(ctx, phoneOf(people[0].who.User)); err != nil {
			return err
		}
	}
	return nil
}

// phoneOf returns a mobile number of eleven digits that nobody else is likely to have.
func phoneOf(user wallet.UserID) int64 { return 10_000_000_000 + int64(user)%1_000_000_000 }
