package oracle

import (
	"hongbao/reference/wallet"
)

// pageOf shows a person some packets.
func (k *rewardModel) pageOf(c wallet.Caller, p Person, packets ...wallet.Packet) {
	id := k.PageSent(p, wallet.PageRequest{Caller: c, At: k.tick(), Limit: 9}, k.now)
	missing := []string{"tokens", "ledger", "withdrawals"} // this page shows no money
	k.PageAnswered(id, wallet.Page{Stage: wallet.Official, Packets: packets, Missing: missing}, nil, k.tick())
}

// elsewhere is the person's account in Toutiao's apps, to which no packet is sent.
func elsewhere(p Person) wallet.Caller {
	return wallet.Caller{App: wallet.Toutiao, User: wallet.UserID(p + 100)}
}

// part is what a recipient is shown of the packet.
func (k *rewardModel) part(n int) wallet.Packet {
	return k.packets[0].RecipientView([]wallet.Share{k.packets[0].Shares[n]})
}

// openIn makes a person open a share in an app, with the given answer.
func (k *rewardModel) openIn(c wallet.Caller, p Person, n uint8, err error) {
	a := k.OpenSent(p, wallet.OpenPacketRequest{Caller: c, Packet: k.packets[0].No}, k.tick())
	if err != nil {
		k.OpenAnswered(a, wallet.Share{}, err, k.tick())
		return
	}
	s := k.opened(p, n)
	k.OpenAnswered(a, s, nil, k.tick())
}
