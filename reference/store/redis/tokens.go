package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// Tokens keeps the token lists: a hash of tokens a wallet and stage, by order number, and beside it a zset of the
// statuses that they were moved to, which only ever ascend. Both share the hash tag of the wallet's backlog shard. When its Redis is lost, the
// clients' copies restore the view and the posting (T8). A token that was posted stays listed as long as its list
// lives, so that a late repeat of Issue is recognised.
type Tokens struct {
	c *Client
	b *Backlog
}

var (
	_ wallet.Tokens    = (*Tokens)(nil)
	_ wallet.TokenBook = (*Tokens)(nil)
)

// NewTokens returns the token lists beside b, which they issue into.
func NewTokens(b *Backlog) *Tokens { return &Tokens{c: b.c, b: b} }

// The nouns that begin the keys.
const (
	tokenLists = "tokens:"
	tokenMarks = "marks:"
)

// place is the end of the keys of one wallet's list in one stage.
func (s *Tokens) place(id wallet.ActID, stage wallet.Stage) string {
	b := append(make([]byte, 0, 40), '{')
	b = append(strconv.AppendInt(b, int64(s.b.shardOf(id)), 10), "}:"...)
	b = append(strconv.AppendInt(b, int64(id), 10), ':')
	return string(strconv.AppendUint(b, uint64(stage), 10))
}

// Issue implements wallet.Tokens: one round trip, but for a repeat. ErrInvalid for a malformed token; ErrOverloaded,
// with nothing done, when the list has wallet.MaxTokenList tokens or the backlog is full.
//
// A repeat, which carries the same content, is known only by the answer, and its credit taken back then. If that fails,
// or a poster is faster, it is held twice, and the ledger's order number settles that.
func (s *Tokens) Issue(ctx context.Context, t wallet.Token) error {
	if err := check(t); err != nil {
		return err
	}
	if err := s.b.room(); err != nil {
		return err
	}
	shard, no, at := s.b.shardOf(t.Order.ActID), t.Order.String(), s.place(t.Order.ActID, t.Order.Stage)
	list := s.c.prefix + tokenLists + at
	cmds := make(rueidis.Commands, 0, 7)
	cmds = append(cmds,
		s.b.add(shard, t.Credit()),
		s.c.r.B().Hsetnx().Key(list).Field(no).Value(tokenText(t)).Build(),
		s.c.r.B().Hlen().Key(list).Build())
	if t.Status != wallet.TokenIssued {
		cmds = append(cmds, s.mark(at, no, t.Status))
	}
	if s.c.expire != "" {
		cmds = append(cmds, s.c.expiry(s.b.streams[shard]), s.c.expiry(list), s.c.expiry(s.c.prefix+tokenMarks+at))
	}
	done, err := s.c.transact(ctx, "issue", cmds...)
	if err != nil {
		return err
	}
	entry, err1 := done[0].ToString()
	isNew, err2 := done[1].AsInt64()
	listed, err3 := done[2].AsInt64()
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("redis: issue: %w", err)
	}
	switch {
	case isNew == 0:
		// Whatever comes of it: the token is listed, and its credit was held with it.
		_, _ = s.c.do(ctx, writing, "issue", s.c.r.B().Xdel().Key(s.b.streams[shard]).Id(entry).Build())
		return nil
	case listed > wallet.MaxTokenList:
		return s.withdraw(ctx, shard, entry, list, no)
	}
	return nil
}

// withdraw takes back what made a list too long. A poster that has leased the credit by now may post it all the same.
func (s *Tokens) withdraw(ctx context.Context, shard int, entry, list, no string) error {
	full := fmt.Errorf("redis: %d tokens are listed: %w", wallet.MaxTokenList, wallet.ErrOverloaded)
	done, err := s.c.transact(ctx, "issue",
		s.c.r.B().Zscore().Key(s.b.leased[shard]).Member(entry).Build(),
		s.c.r.B().Xdel().Key(s.b.streams[shard]).Id(entry).Build(),
		s.c.r.B().Hdel().Key(list).Field(no).Build())
	if err != nil {
		return wallet.Unsettled(err)
	}
	if left, err := done[1].AsInt64(); err != nil || left == 0 || !done[0].IsNil() {
		return wallet.Unsettled(full)
	}
	return full
}

// mark moves a status forward, or leaves it where it is further already.
func (s *Tokens) mark(at, no string, status wallet.TokenStatus) rueidis.Completed {
	return s.c.r.B().Zadd().Key(s.c.prefix+tokenMarks+at).Gt().ScoreMember().ScoreMember(float64(status), no).Build()
}

// Mark implements wallet.Tokens: two round trips a batch, because what is not listed is to be left alone, and no
// server does that in one command. A list that is lost in between leaves a mark behind, and it is true all the same.
// ErrInvalid for what is not a status.
func (s *Tokens) Mark(ctx context.Context, nos []wallet.OrderNo, status wallet.TokenStatus) error {
	if err := checkStatus(status); err != nil || status == wallet.TokenIssued {
		return err // issued is where all begin
	}
	texts, places, ask := make([]string, len(nos)), make([]string, len(nos)), make(rueidis.Commands, len(nos))
	for i, no := range nos {
		texts[i], places[i] = no.String(), s.place(no.ActID, no.Stage)
		ask[i] = s.c.r.B().Hexists().Key(s.c.prefix + tokenLists + places[i]).Field(texts[i]).Build()
	}
	listed, err := s.c.pipeline(ctx, reading, "mark", ask)
	if err != nil {
		return err
	}
	marks := make(rueidis.Commands, 0, len(nos))
	for i := range nos {
		if is, err := listed[i].AsBool(); err != nil {
			return fmt.Errorf("redis: mark: %w", err)
		} else if !is {
			continue
		}
		marks = append(marks, s.mark(places[i], texts[i], status))
		if s.c.expire != "" {
			marks = append(marks, s.c.expiry(s.c.prefix+tokenMarks+places[i]))
		}
	}
	_, err = s.c.pipeline(ctx, writing, "mark", marks)
	return err
}

// List implements wallet.Tokens.
func (s *Tokens) List(ctx context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Token, error) {
	lists, err := s.read(ctx, []string{s.place(id, stage)})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(lists[0], func(t wallet.Token) bool { return t.Status == wallet.TokenSuccess }), nil
}

// read returns the lists at these places, each in order of its numbers.
func (s *Tokens) read(ctx context.Context, places []string) ([][]wallet.Token, error) {
	cmds := make(rueidis.Commands, 0, 2*len(places))
	for _, at := range places {
		cmds = append(cmds,
			s.c.r.B().Zrange().Key(s.c.prefix+tokenMarks+at).Min("0").Max("-1").Withscores().Build(),
			s.c.r.B().Hgetall().Key(s.c.prefix+tokenLists+at).Build())
	}
	answers, err := s.c.pipeline(ctx, reading, "list", cmds)
	if err != nil {
		return nil, err
	}
	out := make([][]wallet.Token, len(places))
	for i := range places {
		scores, err1 := answers[2*i].AsZScores()
		fields, err2 := answers[2*i+1].AsStrMap()
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("redis: list: %w", err)
		}
		if out[i], err = tokens(fields, scores); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func tokens(fields map[string]string, scores []rueidis.ZScore) ([]wallet.Token, error) {
	status := make(map[string]wallet.TokenStatus, len(scores))
	for _, z := range scores {
		status[z.Member] = wallet.TokenStatus(z.Score)
	}
	out := make([]wallet.Token, 0, len(fields))
	for no, text := range fields {
		t, err := parseToken(no, text)
		if err != nil {
			return nil, err
		}
		t.Status = status[no]
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b wallet.Token) int { return a.Order.Compare(b.Order) })
	return out, nil
}

// Tokens implements wallet.TokenBook. It keeps the names of all lists in memory, some 50 bytes each.
func (s *Tokens) Tokens(ctx context.Context, yield func(wallet.Token) bool) error {
	return eachList(ctx, s.c, tokenLists, s.read, yield)
}

func check(t wallet.Token) error {
	if !t.App.Valid() {
		return fmt.Errorf("%w: app %d", wallet.ErrInvalid, t.App)
	}
	if len(t.Activity) > wallet.MaxActivityID {
		return fmt.Errorf("%w: activity id of %d bytes", wallet.ErrInvalid, len(t.Activity))
	}
	if err := checkStatus(t.Status); err != nil {
		return err
	}
	return t.Order.Validate()
}

func checkStatus(s wallet.TokenStatus) error {
	if s != wallet.TokenIssued && s != wallet.TokenProcessing && s != wallet.TokenSuccess {
		return fmt.Errorf("%w: token status %d", wallet.ErrInvalid, s)
	}
	return nil
}
