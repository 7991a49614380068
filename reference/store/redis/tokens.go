package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// Tokens stores the token lists: a hash of tokens per wallet and stage, by order number, and beside it a zset of their
// statuses, which never decrease. Both share the hash tag of the wallet's backlog shard. When its Redis is lost, the
// clients' copies restore the view and the posting (T8). A posted token stays listed as long as its list exists, so
// that a late repeat of Issue is recognised.
type Tokens struct {
	c *Client
	b *Backlog
}

var (
	_ wallet.Tokens      = (*Tokens)(nil)
	_ wallet.TokenReader = (*Tokens)(nil)
)

// NewTokens returns the token lists that use b's Redis and issue into b.
func NewTokens(b *Backlog) *Tokens { return &Tokens{c: b.c, b: b} }

// The first parts of the keys.
const (
	tokenLists = "tokens:"
	tokenMarks = "marks:"
)

// listSuffix returns the end of the keys of one wallet's list in one stage.
func (s *Tokens) listSuffix(id wallet.ActID, stage wallet.Stage) string {
	b := append(make([]byte, 0, 40), '{')
	b = append(strconv.AppendInt(b, int64(s.b.shardOf(id)), 10), "}:"...)
	b = append(strconv.AppendInt(b, int64(id), 10), ':')
	return string(strconv.AppendUint(b, uint64(stage), 10))
}

// Issue implements wallet.Tokens, in one round trip except for a repeat. ErrInvalid for a malformed token;
// ErrOverloaded, with nothing done, when the list has wallet.MaxTokenList tokens or the backlog is full.
//
// A repeat has the same content. It is recognised only by the reply, and then its second credit is deleted. If that
// fails, or a poster is faster, the credit is held twice; the ledger's order number settles that.
func (s *Tokens) Issue(ctx context.Context, t wallet.Token) error {
	if err := checkToken(t); err != nil {
		return err
	}
	if err := s.b.checkSpace(); err != nil {
		return err
	}
	shard, no, at := s.b.shardOf(t.Order.ActID), t.Order.String(), s.listSuffix(t.Order.ActID, t.Order.Stage)
	list := s.c.prefix + tokenLists + at
	cmds := make(rueidis.Commands, 0, 8)
	cmds = append(cmds,
		s.b.add(shard, t.Credit()),
		s.c.r.B().Hsetnx().Key(list).Field(no).Value(tokenText(t)).Build(),
		s.c.r.B().Hlen().Key(list).Build(),
		s.c.r.B().Zadd().Key(s.c.prefix+tokenMarks+at).Gt().ScoreMember().ScoreMember(float64(t.Status), no).Build())
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
		// The result does not matter: the token is listed, and its credit was pushed with it.
		_, _ = s.c.transact(ctx, "issue", s.b.deleteEntries(shard, entry)...)
		return nil
	case listed > wallet.MaxTokenList:
		return s.undoIssue(ctx, shard, entry, at, no)
	}
	return nil
}

// undoIssue removes the token that made a list too long. A poster that has leased the credit by now may still post it.
func (s *Tokens) undoIssue(ctx context.Context, shard int, entry, at, no string) error {
	full := fmt.Errorf("redis: the list has %d tokens: %w", wallet.MaxTokenList, wallet.ErrOverloaded)
	cmds := append(s.b.deleteEntries(shard, entry),
		s.c.r.B().Zrangebyscore().Key(s.b.leased[shard]).Min("+inf").Max("+inf").Build(),
		s.c.r.B().Hdel().Key(s.c.prefix+tokenLists+at).Field(no).Build(),
		s.c.r.B().Zrem().Key(s.c.prefix+tokenMarks+at).Member(no).Build())
	done, err := s.c.transact(ctx, "issue", cmds...)
	if err != nil {
		return wallet.AsUnknown(err)
	}
	left, err1 := done[0].AsInt64()
	last, err2 := done[2].AsStrSlice()
	if errors.Join(err1, err2) != nil || left == 0 || wasLeased(last, entry) {
		return wallet.AsUnknown(full)
	}
	return full
}

// wasLeased reports whether an entry was leased: it is not after the entry that was leased last.
func wasLeased(last []string, entry string) bool {
	if len(last) == 0 {
		return false
	}
	at, err1 := handle(strings.TrimPrefix(last[0], lastMember))
	is, err2 := handle(entry)
	return err1 != nil || err2 != nil || is <= at
}

// Mark implements wallet.Tokens. ErrInvalid for an unknown status.
func (s *Tokens) Mark(ctx context.Context, nos []wallet.OrderNo, status wallet.TokenStatus) error {
	if err := status.Validate(); err != nil || status == wallet.TokenIssued {
		return err // issued is the initial status
	}
	cmds := make(rueidis.Commands, 0, len(nos))
	for _, no := range nos {
		marks := s.c.prefix + tokenMarks + s.listSuffix(no.ActID, no.Stage)
		// Statuses only increase, and only listed tokens have one.
		cmds = append(cmds, s.c.r.B().Zadd().Key(marks).Xx().Gt().ScoreMember().ScoreMember(float64(status), no.String()).Build())
		if s.c.expire != "" {
			cmds = append(cmds, s.c.expiry(marks))
		}
	}
	_, err := s.c.pipeline(ctx, writing, "mark", cmds)
	return err
}

// List implements wallet.Tokens. It does not read posted tokens.
func (s *Tokens) List(ctx context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Token, error) {
	at := s.listSuffix(id, stage)
	answer, err := s.c.do(ctx, reading, "list", s.c.r.B().Zrangebyscore().Key(s.c.prefix+tokenMarks+at).
		Min("-inf").Max("("+text(wallet.TokenSuccess)).Withscores().Build())
	if err != nil {
		return nil, err
	}
	pending, err := answer.AsZScores()
	if err != nil {
		return nil, fmt.Errorf("redis: list: %w", err)
	}
	if len(pending) == 0 {
		return nil, nil
	}
	nos := make([]string, len(pending))
	for i, z := range pending {
		nos[i] = z.Member
	}
	answer, err = s.c.do(ctx, reading, "list", s.c.r.B().Hmget().Key(s.c.prefix+tokenLists+at).Field(nos...).Build())
	if err != nil {
		return nil, err
	}
	found, err := answer.ToArray()
	if err != nil || len(found) != len(nos) {
		return nil, fmt.Errorf("redis: list: %d of %d tokens: %w", len(found), len(nos), err)
	}
	fields := make(map[string]string, len(nos))
	for i := range found {
		if found[i].IsNil() {
			continue // the list has expired meanwhile
		}
		if fields[nos[i]], err = found[i].ToString(); err != nil {
			return nil, fmt.Errorf("redis: list: %w", err)
		}
	}
	return tokens(fields, pending)
}

// read returns the lists with these key suffixes, each in order of its numbers.
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

// Tokens implements wallet.TokenReader. It holds the names of all lists in memory, some 50 bytes each.
func (s *Tokens) Tokens(ctx context.Context, yield func(wallet.Token) bool) error {
	return eachList(ctx, s.c, tokenLists, s.read, yield)
}

func checkToken(t wallet.Token) error {
	if !t.App.Valid() {
		return fmt.Errorf("%w: app %d", wallet.ErrInvalid, t.App)
	}
	if len(t.Activity) > wallet.MaxActivityID {
		return fmt.Errorf("%w: activity id of %d bytes", wallet.ErrInvalid, len(t.Activity))
	}
	if err := t.Status.Validate(); err != nil {
		return err
	}
	return t.Order.Validate()
}
