package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// packetTests are about red packets between people.
func packetTests() []contractCase {
	return onlyIf("the target does not say that the wallet has packets", func(w *wire) bool { return w.Packets }, []contractCase{
		{"packet", "a packet's shares, at least one fen each, sum to what leaves the sender's balance; sender and receivers see their part", []string{"P4"}, ofWinner(packetSent)},
		{"packet-repeat", "repeats of a request, also concurrent ones, are one packet; another content is a conflict", []string{"P4", "F1"}, ofWinner(packetTwice)},
		{"packet-who", "without receivers, to the sender, to one person twice, with less than one fen each, or with a request number below 1, a packet is invalid", []string{"P4"}, ofWinner(packetWho)},
		{"packet-more", "more than the balance is refused, moves nothing, and cannot be opened", []string{"P4", "F2"}, ofWinner(packetMore)},
		{"packet-at-once", "of concurrent packets of the whole balance one is sent", []string{"P4", "F1", "F2"}, ofWinner(packetAtOnce)},
		{"packet-open", "each receiver opens their share once: repeats, also concurrent ones, get the same reply and move nothing", []string{"P4", "F1"}, ofWinner(packetOpened)},
		{"packet-others", "a user without a share, the sender included, opens nothing and sees nothing; an unknown packet is not found", []string{"P4", "T7"}, ofWinner(packetOthers)},
		{"packet-joined", "accounts joined by phone can open a share, once for both, and have one share in a packet", []string{"P4", "B2"}, ofWinner(packetJoined)},
	})
}

func packetSent(ctx context.Context, w *wire, p person) error {
	a, b, c := w.newPerson(wallet.Douyin), w.newPerson(wallet.Toutiao), w.newPerson(wallet.FanqieNovel)
	packet, err := p.expectSent(ctx, 1, 61, a, b, c)
	if err != nil {
		return err
	}
	for i, q := range []person{a, b, c} {
		got, err := q.packets(ctx)
		switch {
		case err != nil:
			return err
		case len(got) != 1 || got[0].Number != packet.Number || len(got[0].Shares) != 1:
			return fmt.Errorf("a receiver is shown %v", got)
		}
		if err := cmp.Or(equal("the share shown", packet.Shares[i].AmountFen, got[0].Shares[0].AmountFen), q.expectPage(ctx, 0, 0, true)); err != nil {
			return err
		}
	}
	got, err := p.packets(ctx)
	if err == nil && (len(got) != 1 || got[0].Number != packet.Number || got[0].AmountFen != 61 || len(got[0].Shares) != 3) {
		err = fmt.Errorf("the sender is shown %v", got)
	}
	return cmp.Or(err, p.expectPage(ctx, 29, 1, true))
}

func packetTwice(ctx context.Context, w *wire, p person) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.Toutiao)
	sent, err := concurrently(func(int) (*pb.Packet, error) { return p.expectSent(ctx, 1, 60, a, b) })
	again, later := p.expectSent(ctx, 1, 60, a, b)
	if err := errors.Join(err, later); err != nil {
		return err
	}
	for _, q := range append(sent[1:], again) {
		if err := cmp.Or(equal("a repeat's number", sent[0].Number, q.Number), equal("its first share", sent[0].Shares[0].AmountFen, q.Shares[0].AmountFen)); err != nil {
			return err
		}
	}
	return cmp.Or(p.expectNotSent(ctx, wallet.ErrConflict, []packetAttempt{
		{"60 fen, then 61", packetOf(1, 61, a, b)}, {"60 fen, then 59", packetOf(1, 59, a, b)}, {"for two, then for one", packetOf(1, 60, a)},
		{"for two, then for another", packetOf(1, 60, a, w.newPerson(wallet.Toutiao))},
	}), p.expectPage(ctx, 30, 1, true))
}

func packetWho(ctx context.Context, w *wire, p person) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.Douyin)
	nobody := person{w, wallet.Caller{App: wallet.Douyin}}
	crowded := make([]person, wallet.MaxShares+1)
	for i := range crowded {
		crowded[i] = w.newPerson(wallet.Douyin)
	}
	long := packetOf(1, 60, a)
	long.Greeting = strings.Repeat("!", wallet.MaxGreeting+1)
	return cmp.Or(p.expectNotSent(ctx, wallet.ErrInvalid, []packetAttempt{
		{"without receivers", packetOf(1, 60)}, {"to user 0", packetOf(1, 60, nobody)}, {"to the sender", packetOf(1, 60, p)},
		{"to one person twice", packetOf(1, 60, a, b, a.on(wallet.DouyinLite))}, {"to 101 people", packetOf(1, 89, crowded...)},
		{"one fen for two", packetOf(1, 1, a, b)}, {"zero fen", packetOf(1, 0, a)}, {"a negative amount", packetOf(1, -1, a)},
		{"request 0", packetOf(0, 60, a)}, {"request -1", packetOf(-1, 60, a)}, {"a greeting of 121 bytes", long},
	}), p.expectPage(ctx, 90, 1, true), a.expectPage(ctx, 0, 0, true))
}

func packetMore(ctx context.Context, w *wire, p person) error {
	a := w.newPerson(wallet.Douyin)
	for range 2 {
		packet, err := p.send(ctx, packetOf(1, 91, a))
		if err != nil {
			return err
		}
		if err := equal("the state of a packet of 91 of 90 fen", pb.PacketState_PACKET_STATE_REFUSED, packet.State); err != nil {
			return err
		}
		_, err = a.open(ctx, packet.Number)
		if err := expectError(err, wallet.ErrNotFound); err != nil {
			return fmt.Errorf("opening it: %w", err)
		}
	}
	return cmp.Or(p.expectPage(ctx, 90, 1, true), a.expectPage(ctx, 0, 0, true))
}

func packetAtOnce(ctx context.Context, w *wire, p person) error {
	a := w.newPerson(wallet.Toutiao)
	packets, err := concurrently(func(i int) (*pb.Packet, error) { return p.send(ctx, packetOf(int64(i+1), 90, a)) })
	if err != nil {
		return err
	}
	sent := 0
	for _, packet := range packets {
		if packet.State == pb.PacketState_PACKET_STATE_SENT {
			sent++
		} else if err := equal("the state of the others", pb.PacketState_PACKET_STATE_REFUSED, packet.State); err != nil {
			return err
		}
	}
	return cmp.Or(equal("packets of the whole balance that were sent", 1, sent), p.expectPage(ctx, 0, 1, true))
}

func packetOpened(ctx context.Context, w *wire, p person) error {
	people := []person{w.newPerson(wallet.DouyinHuoshan), w.newPerson(wallet.Toutiao)}
	packet, err := p.expectSent(ctx, 1, 60, people...)
	if err != nil {
		return err
	}
	for i, q := range people {
		fen := packet.Shares[i].AmountFen
		open := func(int) (any, error) { return nil, q.expectOpened(ctx, packet.Number, fen) }
		_, err := concurrently(open)
		_, again := open(0)
		if err := cmp.Or(errors.Join(err, again), q.expectPage(ctx, wallet.Money(fen), 0, true)); err != nil {
			return err
		}
	}
	got, err := p.packets(ctx)
	if err == nil && (len(got) != 1 || got[0].State != pb.PacketState_PACKET_STATE_CLOSED || got[0].OpenedCount != 2) {
		err = fmt.Errorf("all shares are opened, but the sender is shown %v", got)
	}
	return cmp.Or(err, p.expectPage(ctx, 30, 1, true))
}

func packetOthers(ctx context.Context, w *wire, p person) error {
	a, thief := w.newPerson(wallet.Douyin), w.newPerson(wallet.Douyin)
	packet, err := p.expectSent(ctx, 1, 60, a)
	if err != nil {
		return err
	}
	other := strings.TrimSuffix(packet.Number, "_1") + "_77"
	who := &pb.User{App: pb.App(a.who.App), User: int64(a.who.User)}
	open := encode(&pb.OpenPacketRequest{Packet: packet.Number})
	err = w.expectRefused(ctx, []attempt{
		{"an opening by another user", thief.session(openMethod, open), wallet.ErrNotYours},
		{"an opening by the sender", p.session(openMethod, open), wallet.ErrNotYours},
		{"an opening by the same number in the other account system", a.on(wallet.Toutiao).session(openMethod, open), wallet.ErrNotYours},
		{"an opening of the share of another", thief.session(openMethod, encode(&pb.OpenPacketRequest{Packet: packet.Number, For: packet.Shares[0].For})), wallet.ErrNotYours},
		{"an opening in another's name", thief.session(openMethod, encode(&pb.OpenPacketRequest{Who: who, Packet: packet.Number})), wallet.ErrNotYours},
		{"an opening without a session", w.new(openMethod, open), auth.ErrNoCredentials},
		{"sending without a session", w.new(sendMethod, encode(packetOf(2, 10, a))), auth.ErrNoCredentials},
		{"an unknown packet", a.session(openMethod, encode(&pb.OpenPacketRequest{Packet: other})), wallet.ErrNotFound},
		{"an invalid packet number", a.session(openMethod, encode(&pb.OpenPacketRequest{Packet: "red"})), wallet.ErrInvalid},
	})
	shown, unread := thief.packets(ctx)
	if unread == nil && len(shown) > 0 {
		unread = fmt.Errorf("another user is shown %v", shown)
	}
	return cmp.Or(err, unread, thief.expectPage(ctx, 0, 0, true), a.expectOpened(ctx, packet.Number, 60), a.expectPage(ctx, 60, 0, true), p.expectPage(ctx, 30, 1, true))
}

func packetJoined(ctx context.Context, w *wire, p person) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.Toutiao)
	packet, err := p.expectSent(ctx, 1, 60, a)
	if err != nil {
		return err
	}
	_, err = b.open(ctx, packet.Number)
	if err := expectError(err, wallet.ErrNotYours); err != nil {
		return fmt.Errorf("an opening before joining: %w", err)
	}
	if err := joinByPhone(ctx, a, b); err != nil {
		return err
	}
	if err := cmp.Or(b.expectOpened(ctx, packet.Number, 60), a.expectOpened(ctx, packet.Number, 60)); err != nil {
		return err
	}
	_, err = p.send(ctx, packetOf(2, 10, a, b))
	if err := expectError(err, wallet.ErrInvalid); err != nil {
		return fmt.Errorf("a share for each account of one person: %w", err)
	}
	return cmp.Or(a.expectPage(ctx, 60, 0, true), b.expectPage(ctx, 60, 0, true), p.expectPage(ctx, 30, 1, true))
}
