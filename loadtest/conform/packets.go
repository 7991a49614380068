package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// packetTests are about money that people send one another.
func packetTests() []test {
	return given("the wallet was not said to have packets", func(w *wire) bool { return w.Packets }, []test{
		{"packet", "a packet's shares, a fen each at least, sum to what leaves the sender's balance; both sides are shown theirs", []string{"P4"}, packetSent},
		{"packet-repeat", "repeats of a request, at the same time too, are one packet; another content is a conflict", []string{"P4", "F1"}, packetTwice},
		{"packet-who", "to nobody, to oneself, to one person twice, less than a fen each, a number from zero down: invalid", []string{"P4"}, packetWho},
		{"packet-more", "more than the balance is refused, moves nothing, and cannot be opened", []string{"P4", "F2"}, packetMore},
		{"packet-at-once", "of packets of the whole balance that are sent at the same time one is sent", []string{"P4", "F1", "F2"}, packetAtOnce},
		{"packet-open", "each opens their share once: repeats, at the same time too, have the same answer and move nothing", []string{"P4", "F1"}, packetOpened},
		{"packet-others", "who has no share, the sender too, opens nothing and is shown nothing; a packet that there is not is not found", []string{"P4", "T7"}, packetOthers},
		{"packet-joined", "who has joined by phone can open a share, once for both, and has one share in a packet", []string{"P4", "B2"}, packetJoined},
	})
}

func packetSent(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a, b, c := w.somebody(wallet.Douyin), w.somebody(wallet.Toutiao), w.somebody(wallet.FanqieNovel)
	packet, err := p.sends(ctx, 1, 61, a, b, c)
	if err != nil {
		return err
	}
	for i, q := range []person{a, b, c} {
		got, err := q.packets(ctx)
		switch {
		case err != nil:
			return err
		case len(got) != 1 || got[0].Number != packet.Number || len(got[0].Shares) != 1:
			return fmt.Errorf("whom a packet is for is shown %v", got)
		}
		if err := cmp.Or(equal("the share that is shown", packet.Shares[i].AmountFen, got[0].Shares[0].AmountFen), q.sees(ctx, 0, 0, true)); err != nil {
			return err
		}
	}
	got, err := p.packets(ctx)
	if err == nil && (len(got) != 1 || got[0].Number != packet.Number || got[0].AmountFen != 61 || len(got[0].Shares) != 3) {
		err = fmt.Errorf("the sender is shown %v", got)
	}
	return cmp.Or(err, p.sees(ctx, 29, 1, true))
}

func packetTwice(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.Toutiao)
	sent, err := atOnce(func(int) (*pb.Packet, error) { return p.sends(ctx, 1, 60, a, b) })
	again, later := p.sends(ctx, 1, 60, a, b)
	if err := errors.Join(err, later); err != nil {
		return err
	}
	for _, q := range append(sent[1:], again) {
		if err := cmp.Or(equal("a repeat's number", sent[0].Number, q.Number), equal("its first share", sent[0].Shares[0].AmountFen, q.Shares[0].AmountFen)); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		what string
		m    *pb.SendPacketRequest
	}{
		{"60 fen, then 61", packetOf(1, 61, a, b)}, {"60 fen, then 59", packetOf(1, 59, a, b)}, {"for two, then for one", packetOf(1, 60, a)},
		{"for two, then for another", packetOf(1, 60, a, w.somebody(wallet.Toutiao))},
	} {
		_, err := p.send(ctx, c.m)
		if err := wants(err, wallet.ErrConflict); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return p.sees(ctx, 30, 1, true)
}

func packetWho(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.Douyin)
	nobody := person{w, wallet.Caller{App: wallet.Douyin}}
	crowded := make([]person, wallet.MaxShares+1)
	for i := range crowded {
		crowded[i] = w.somebody(wallet.Douyin)
	}
	long := packetOf(1, 60, a)
	long.Greeting = strings.Repeat("!", wallet.MaxGreeting+1)
	for _, c := range []struct {
		what string
		m    *pb.SendPacketRequest
	}{
		{"to nobody", packetOf(1, 60)}, {"to user 0", packetOf(1, 60, nobody)}, {"to oneself", packetOf(1, 60, p)},
		{"to one person twice", packetOf(1, 60, a, b, a.on(wallet.DouyinLite))}, {"to 101 people", packetOf(1, 89, crowded...)},
		{"a fen for two", packetOf(1, 1, a, b)}, {"no fen", packetOf(1, 0, a)}, {"a fen less than none", packetOf(1, -1, a)},
		{"request 0", packetOf(0, 60, a)}, {"request -1", packetOf(-1, 60, a)}, {"a greeting of 121 bytes", long},
	} {
		_, err := p.send(ctx, c.m)
		if err := wants(err, wallet.ErrInvalid); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return cmp.Or(p.sees(ctx, 90, 1, true), a.sees(ctx, 0, 0, true))
}

func packetMore(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a := w.somebody(wallet.Douyin)
	for range 2 {
		packet, err := p.send(ctx, packetOf(1, 91, a))
		if err != nil {
			return err
		}
		if err := equal("the state of a packet of 91 of 90 fen", pb.PacketState_PACKET_STATE_REFUSED, packet.State); err != nil {
			return err
		}
		_, err = a.open(ctx, packet.Number)
		if err := wants(err, wallet.ErrNotFound); err != nil {
			return fmt.Errorf("opening it: %w", err)
		}
	}
	return cmp.Or(p.sees(ctx, 90, 1, true), a.sees(ctx, 0, 0, true))
}

func packetAtOnce(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a := w.somebody(wallet.Toutiao)
	packets, err := atOnce(func(i int) (*pb.Packet, error) { return p.send(ctx, packetOf(int64(i+1), 90, a)) })
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
	return cmp.Or(equal("packets of the whole balance that were sent", 1, sent), p.sees(ctx, 0, 1, true))
}

func packetOpened(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	people := []person{w.somebody(wallet.DouyinHuoshan), w.somebody(wallet.Toutiao)}
	packet, err := p.sends(ctx, 1, 60, people...)
	if err != nil {
		return err
	}
	for i, q := range people {
		fen := packet.Shares[i].AmountFen
		var errs [crowd + 1]error
		var all sync.WaitGroup
		for n := range crowd {
			all.Go(func() { errs[n] = q.opens(ctx, packet.Number, fen) })
		}
		all.Wait()
		errs[crowd] = q.opens(ctx, packet.Number, fen)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		if err := q.sees(ctx, wallet.Money(fen), 0, true); err != nil {
			return err
		}
	}
	got, err := p.packets(ctx)
	if err == nil && (len(got) != 1 || got[0].State != pb.PacketState_PACKET_STATE_CLOSED || got[0].OpenedCount != 2) {
		err = fmt.Errorf("all is opened, and the sender is shown %v", got)
	}
	return cmp.Or(err, p.sees(ctx, 30, 1, true))
}

func packetOthers(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a, thief := w.somebody(wallet.Douyin), w.somebody(wallet.Douyin)
	packet, err := p.sends(ctx, 1, 60, a)
	if err != nil {
		return err
	}
	other := strings.TrimSuffix(packet.Number, "_1") + "_77"
	who := &pb.User{App: pb.App(a.who.App), User: int64(a.who.User)}
	open := encode(&pb.OpenPacketRequest{Packet: packet.Number})
	for _, c := range []struct {
		what string
		r    *request
		want error
	}{
		{"an opening by another user", thief.session(openMethod, open), wallet.ErrNotYours},
		{"an opening by the sender", p.session(openMethod, open), wallet.ErrNotYours},
		{"an opening by the same number in the other account system", a.on(wallet.Toutiao).session(openMethod, open), wallet.ErrNotYours},
		{"an opening of the share of another", thief.session(openMethod, encode(&pb.OpenPacketRequest{Packet: packet.Number, For: packet.Shares[0].For})), wallet.ErrNotYours},
		{"an opening in another's name", thief.session(openMethod, encode(&pb.OpenPacketRequest{Who: who, Packet: packet.Number})), wallet.ErrNotYours},
		{"an opening without a session", w.new(openMethod, open), auth.ErrNoCredentials},
		{"sending without a session", w.new(sendMethod, encode(packetOf(2, 10, a))), auth.ErrNoCredentials},
		{"a packet that there is not", a.session(openMethod, encode(&pb.OpenPacketRequest{Packet: other})), wallet.ErrNotFound},
		{"what is no packet's number", a.session(openMethod, encode(&pb.OpenPacketRequest{Packet: "red"})), wallet.ErrInvalid},
	} {
		if err := wants(w.send(ctx, c.r, &pb.OpenPacketReply{}), c.want); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	shown, err := thief.packets(ctx)
	if err == nil && len(shown) > 0 {
		err = fmt.Errorf("another user is shown %v", shown)
	}
	return cmp.Or(err, thief.sees(ctx, 0, 0, true), a.opens(ctx, packet.Number, 60), a.sees(ctx, 60, 0, true), p.sees(ctx, 30, 1, true))
}

func packetJoined(ctx context.Context, w *wire) error {
	p, err := winner(ctx, w)
	if err != nil {
		return err
	}
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.Toutiao)
	packet, err := p.sends(ctx, 1, 60, a)
	if err != nil {
		return err
	}
	_, err = b.open(ctx, packet.Number)
	if err := wants(err, wallet.ErrNotYours); err != nil {
		return fmt.Errorf("an opening by who will join: %w", err)
	}
	if err := joined(ctx, a, b); err != nil {
		return err
	}
	if err := cmp.Or(b.opens(ctx, packet.Number, 60), a.opens(ctx, packet.Number, 60)); err != nil {
		return err
	}
	_, err = p.send(ctx, packetOf(2, 10, a, b))
	if err := wants(err, wallet.ErrInvalid); err != nil {
		return fmt.Errorf("a share for each account of one person: %w", err)
	}
	return cmp.Or(a.sees(ctx, 60, 0, true), b.sees(ctx, 60, 0, true), p.sees(ctx, 30, 1, true))
}
