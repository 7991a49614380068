package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Packets stores packets of record, each with its shares on the shard of the account that sent it. The shard does not
// depend on the wallet, because binding a phone between two attempts changes the wallet, and the second attempt must
// find the first.
type Packets struct {
	db     *DB
	writes once[wallet.Packet] // packets without their shares
	shares insertion

	create, change *kind

	advanced, listed                  string // a packet's change of state
	lock, share, setShare, closed     string // a share's
	get, sentBy, unfinished, byOwner  string
	forAccount, forWallet, openedInto string // parts of the list of packets for a person
	from, keys                        string // the text around those parts
	owners                            string // the wallets that sent packets
}

var (
	_ wallet.Packets      = (*Packets)(nil)
	_ wallet.PacketReader = (*Packets)(nil)
)

const (
	packetColumns = "family, account, request, owner, stage, amount, created, state, wallets, greeting"

	// packetKey selects the row of a packet, and all rows of its shares.
	packetKey = "family = ? AND account = ? AND request = ?"

	// joined and joining read packets with their shares in one statement, and so from one point in time: one row per
	// share. The table or subquery of the packets goes between the two, an ORDER BY after them.
	joined = "SELECT p.family, p.account, p.request, p.owner, p.stage, p.amount, p.created, p.state, p.wallets, p.greeting, " +
		"s.to_family, s.to_account, COALESCE(s.wallet, 0), s.amount, s.state, s.owner, s.at, COALESCE(p.asked, p.sent, 0) FROM "
	joining = " AS p JOIN {p}packet_shares AS s ON s.family = p.family AND s.account = p.account AND s.request = p.request "

	newestFirst = "ORDER BY p.created DESC, p.family, p.account, p.request, s.place"
	placedFirst = "ORDER BY COALESCE(p.asked, p.sent), p.family, p.account, p.request, s.place"
)

// NewPackets returns the packets in db.
func NewPackets(db *DB) *Packets {
	const key = "family, account, request"
	matching := " AS k ON k.family = q.family AND k.account = q.account AND k.request = q.request"
	p := &Packets{db: db,
		shares: insertion{db.text("INSERT INTO {p}packet_shares (family, account, request, place, to_family, to_account, amount, state, owner, at, stage, created, wallet) VALUES "), 13, ""},

		advanced: db.text("UPDATE {p}packets SET state = ?, sent = CASE WHEN ? = 3 THEN asked END, asked = NULL WHERE state = ? AND " + packetKey),
		listed:   db.text("UPDATE {p}packet_shares SET listed = created WHERE " + packetKey),

		lock:     db.text("SELECT state FROM {p}packets WHERE "+packetKey) + db.dialect.lock,
		share:    db.text("SELECT to_family, to_account, COALESCE(wallet, 0), amount, state, owner, at FROM {p}packet_shares WHERE to_family = ? AND to_account = ? AND " + packetKey),
		setShare: db.text("UPDATE {p}packet_shares SET state = ?, owner = ?, at = ?, moving = ? WHERE to_family = ? AND to_account = ? AND " + packetKey),
		closed: db.text("UPDATE {p}packets SET state = 4, sent = NULL WHERE " + packetKey +
			" AND NOT EXISTS (SELECT 1 FROM {p}packet_shares WHERE state NOT IN (2, 4) AND " + packetKey + ")"),

		get: db.text(joined + "{p}packets" + joining + "WHERE p.family = ? AND p.account = ? AND p.request = ? ORDER BY s.place"),
		sentBy: db.text(joined + "(SELECT * FROM {p}packets WHERE stage = ? AND owner IN (%s) ORDER BY created DESC, family, account, request LIMIT ?)" +
			joining + newestFirst),
		// The + 0 keeps the last part from using the index of sent, which holds a day's packets.
		unfinished: db.text(joined + "(SELECT q.* FROM {p}packets AS q JOIN (" +
			"SELECT * FROM (SELECT " + key + " FROM {p}packets WHERE asked >= ? AND asked < ? ORDER BY asked, family, account, request LIMIT ?) AS a UNION " +
			"SELECT * FROM (SELECT " + key + " FROM {p}packets WHERE sent >= ? AND sent < ? ORDER BY sent, family, account, request LIMIT ?) AS b UNION " +
			"SELECT " + key + " FROM (SELECT DISTINCT q.family, q.account, q.request, q.sent + 0 AS place FROM {p}packet_shares AS m JOIN {p}packets AS q " +
			"ON q.family = m.family AND q.account = m.account AND q.request = m.request WHERE m.moving < ? AND q.sent + 0 >= ? " +
			"ORDER BY place, q.family, q.account, q.request LIMIT ?) AS c)" +
			matching + ")" + joining + placedFirst),
		byOwner: db.text(joined + "{p}packets" + joining + "WHERE p.owner BETWEEN ? AND ? ORDER BY p.owner, p.created, p.family, p.account, p.request, s.place"),

		forAccount: db.text("SELECT * FROM (SELECT " + key + " FROM {p}packet_shares WHERE to_family = ? AND to_account = ? AND stage = ? AND listed IS NOT NULL ORDER BY listed DESC, family, account, request LIMIT ?) AS a"),
		forWallet:  db.text("SELECT * FROM (SELECT " + key + " FROM {p}packet_shares WHERE wallet = ? AND stage = ? AND listed IS NOT NULL ORDER BY listed DESC, family, account, request LIMIT ?) AS f"),
		openedInto: db.text("SELECT * FROM (SELECT " + key + " FROM {p}packet_shares WHERE owner = ? AND stage = ? AND state = 2 AND listed IS NOT NULL ORDER BY listed DESC, family, account, request LIMIT ?) AS w"),
		from:       db.text(joined + "(SELECT q.* FROM {p}packets AS q JOIN ("),
		keys:       db.text(")" + matching + " ORDER BY q.created DESC, q.family, q.account, q.request LIMIT ?)" + joining + newestFirst),

		owners: db.text("SELECT DISTINCT owner FROM {p}packets WHERE owner > ? ORDER BY owner LIMIT ?"),
	}
	p.writes = once[wallet.Packet]{
		insert: insertion{db.text("INSERT INTO {p}packets (" + packetColumns + ", asked, written) VALUES "), 12, db.dialect.insertIgnore("family")},
		find:   db.text("SELECT " + packetColumns + ", written FROM {p}packets WHERE "), key: packetKey,
		args: func(args []any, v wallet.Packet) []any {
			return append(packetKeyed(args, v.No), int64(v.Owner), int64(v.Stage), int64(v.Amount), int64(v.Created), int64(v.State),
				packWallets(v.Wallets), []byte(v.Greeting), placeAsked(v.Created, v.No.Account, v.No.Request))
		},
		keyArgs: func(args []any, v wallet.Packet) []any { return packetKeyed(args, v.No) },
		scan:    scanPacket,
		compare: comparePackets,
	}
	p.create = &kind{rank: rankPackets, apply: p.applyCreate}
	p.change = &kind{rank: rankPackets + 1, apply: p.applyChange}
	return p
}

// packetKeyed appends the arguments of packetKey.
func packetKeyed(args []any, no wallet.PacketNo) []any {
	return append(args, int64(no.Account.Family), int64(no.Account.User), no.Request)
}

func comparePackets(a, b wallet.Packet) int { return comparePacketNos(a.No, b.No) }

func comparePacketNos(a, b wallet.PacketNo) int {
	return cmp.Or(cmp.Compare(a.Account.Family, b.Account.Family), cmp.Compare(a.Account.User, b.Account.User), cmp.Compare(a.Request, b.Request))
}

// scanPacket reads packetColumns.
func scanPacket(r rowScanner) (p wallet.Packet, err error) {
	var wallets, greeting []byte
	err = r.Scan(&p.No.Account.Family, &p.No.Account.User, &p.No.Request, &p.Owner, &p.Stage, &p.Amount, &p.Created, &p.State,
		&wallets, &greeting)
	p.Wallets, p.Greeting = unpackWallets(wallets), string(greeting)
	return p, err
}

// shardOf returns the shard of a packet.
func (p *Packets) shardOf(no wallet.PacketNo) *shard {
	return p.db.shard(wallet.ActID(no.Account.User))
}

// Create implements wallet.Packets. ErrInvalid: an invalid packet. ErrOverloaded and ErrUnavailable: nothing was
// recorded.
func (p *Packets) Create(ctx context.Context, v wallet.Packet) (wallet.Packet, bool, error) {
	if err := v.Validate(); err != nil {
		return wallet.Packet{}, false, err
	}
	got, isNew, err := p.writes.create(ctx, p.shardOf(v.No), p.create, 1+len(v.Shares), v)
	if err != nil || isNew {
		return got, isNew, err
	}
	got, err = p.Get(ctx, v.No) // with its shares
	return got, false, err
}

// applyCreate writes packets, and the shares of those that are new.
func (p *Packets) applyCreate(ctx context.Context, t *txn, jobs []*job) error {
	if err := p.writes.apply(ctx, t, jobs); err != nil {
		return err
	}
	type place struct {
		of *wallet.Packet
		at int
	}
	var rows []place
	for _, a := range p.writes.requestsOf(jobs) {
		for i := range a.want.Shares {
			if a.isNew {
				rows = append(rows, place{&a.want, i})
			}
		}
	}
	return t.insert(ctx, p.shares, len(rows), func(i int, args []any) []any {
		v, at := rows[i].of, rows[i].at
		s := v.Shares[at]
		return append(packetKeyed(args, v.No), int64(at), int64(s.For.Family), int64(s.For.User), int64(s.Amount), int64(s.State),
			int64(s.Owner), int64(s.At), int64(v.Stage), int64(v.Created), int64(s.Wallet))
	}, nil)
}

// Get implements wallet.Packets.
func (p *Packets) Get(ctx context.Context, no wallet.PacketNo) (wallet.Packet, error) {
	found, err := p.read(ctx, p.shardOf(no), p.get, packetKeyed(nil, no))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: packet %s", wallet.ErrNotFound, no)
	}
	if err != nil {
		return wallet.Packet{}, err
	}
	return found[0].v, nil
}

// read returns the packets that a query, which begins with joined, finds on one shard, with their places; 0 if a
// packet has nothing left to do. Rows of one packet are adjacent.
func (p *Packets) read(ctx context.Context, s *shard, query string, args []any) ([]placed[wallet.Packet], error) {
	var out []placed[wallet.Packet]
	err := s.ask(ctx, query, args, func(r *sql.Rows) error {
		var share wallet.Share
		var place int64
		v, err := scanPacket(rowWith{r, []any{&share.For.Family, &share.For.User, &share.Wallet, &share.Amount, &share.State, &share.Owner, &share.At, &place}})
		if n := len(out); n == 0 || out[n-1].v.No != v.No {
			out = append(out, placed[wallet.Packet]{v, place})
		}
		last := &out[len(out)-1].v
		last.Shares = append(last.Shares, share)
		return err
	})
	return slices.Clip(out), err
}
