package conform

import (
	"bytes"
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// tokenTests are about client tokens, if the wallet issues them.
func tokenTests() []contractCase {
	return []contractCase{
		{"token-own", "a user's own token is accepted, and adds nothing to the page", []string{"T2", "T5"}, ownToken},
		{"token-altered", "a token with one changed bit is refused with its reason", []string{"T7"}, alteredToken},
		{"token-foreign", "another user's token is refused with its reason, and its money is not shown", []string{"T7"}, foreignToken},
		{"token-many", "more than 256 tokens at once are refused", []string{"T7"}, manyTokens},
	}
}

// token grants an amount and returns the token.
func (p person) token(ctx context.Context, rain int32, fen int64) ([]byte, error) {
	reply, err := p.expectGrant(ctx, rain, fen)
	if err == nil && len(reply.Token) == 0 {
		err = notOffered("the wallet issues no tokens")
	}
	return reply.GetToken(), err
}

// pageWithTokens requests a page with tokens. It returns the reason of each refusal, "" for an accepted token.
func (p person) pageWithTokens(ctx context.Context, tokens ...[]byte) (*pb.WalletPageReply, []string, error) {
	page, err := p.page(ctx, &pb.WalletPageRequest{Tokens: tokens, Limit: wallet.MaxPage})
	if err != nil {
		return nil, nil, err
	}
	why := make([]string, len(tokens))
	for _, r := range page.Refused {
		if r.Index < 0 || int(r.Index) >= len(tokens) || r.Error == nil {
			return nil, nil, fmt.Errorf("token %d of %d is refused, for %v", r.Index, len(tokens), r.Error)
		}
		why[r.Index] = r.Error.Reason
	}
	return page, why, nil
}

func ownToken(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	token, err := p.token(ctx, 1, 25)
	if err != nil {
		return err
	}
	page, why, err := p.pageWithTokens(ctx, token, token)
	if err != nil {
		return err
	}
	for _, reason := range why {
		if reason != "" && reason != wallet.ErrTokenReplayed.Reason { // a posted token need not be accepted
			return fmt.Errorf("the user's own token is refused: %s", reason)
		}
	}
	if page.BalanceFen != 25 || len(page.Lines) != 1 {
		return fmt.Errorf("25 fen with their token sent twice are shown as %d fen in %d lines", page.BalanceFen, len(page.Lines))
	}
	return p.expectPage(ctx, 25, 1, true)
}

func alteredToken(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	token, err := p.token(ctx, 1, 26)
	if err != nil {
		return err
	}
	tokens := [][]byte{token[:len(token)/2], []byte("hello"), append(bytes.Clone(token), 0)}
	for _, at := range []int{0, 1, len(token) / 4, len(token) / 2, 3 * len(token) / 4, len(token) - 1} {
		altered := bytes.Clone(token)
		altered[at] ^= 1
		tokens = append(tokens, altered)
	}
	page, why, err := p.pageWithTokens(ctx, tokens...)
	if err != nil {
		return err
	}
	for i, reason := range why {
		switch reason {
		case wallet.ErrTokenUnreadable.Reason, wallet.ErrTokenForged.Reason, wallet.ErrTokenKey.Reason, wallet.ErrTokenPurpose.Reason:
		default:
			return fmt.Errorf("altered token %d is refused as %q", i, reason)
		}
	}
	return equal("the balance", 26, page.BalanceFen)
}

func foreignToken(ctx context.Context, w *wire) error {
	p, thief := w.newPerson(wallet.Douyin), w.newPerson(wallet.Douyin)
	token, err := p.token(ctx, 1, 27)
	if err != nil {
		return err
	}
	page, why, err := thief.pageWithTokens(ctx, token)
	if err != nil {
		return err
	}
	if why[0] != wallet.ErrTokenForeign.Reason || page.BalanceFen != 0 {
		return fmt.Errorf("another user's token is refused as %q, and %d fen are shown", why[0], page.BalanceFen)
	}
	body := encode(&pb.WithdrawRequest{Request: 1, AmountFen: 27, Tokens: [][]byte{token}})
	if err := expectError(w.send(ctx, thief.session(withdrawMethod, body), &pb.WithdrawReply{}),
		wallet.ErrInsufficient, wallet.ErrTokenForeign, wallet.ErrNotReleased); err != nil {
		return fmt.Errorf("a withdrawal with another user's token: %w", err)
	}
	return p.expectPage(ctx, 27, 1, true)
}

func manyTokens(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	token, err := p.token(ctx, 1, 28)
	if err != nil {
		return err
	}
	m := &pb.WalletPageRequest{}
	for range wallet.MaxClientTokens + 1 {
		m.Tokens = append(m.Tokens, token)
	}
	_, err = p.page(ctx, m)
	return expectError(err, wallet.ErrInvalid)
}
