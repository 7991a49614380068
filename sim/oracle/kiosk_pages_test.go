package oracle

import "hongbao/reference/wallet"

// pageOf shows a person some packets.
func (k *kiosk) pageOf(c wallet.Caller, p Person, packets ...wallet.Packet) {
	id := k.PageSent(p, wallet.PageRequest{Caller: c, At: k.tick(), Limit: 9}, k.now)
	missing := []string{"tokens", "ledger", "withdrawals"} // of money nothing is said here
	k.PageAnswered(id, wallet.Page{Stage: wallet.Official, Packets: packets, Missing: missing}, nil, k.tick())
}

// elsewhere is the person's account in Toutiao's apps, to which nothing is sent.
func elsewhere(p Person) wallet.Caller {
	return wallet.Caller{App: wallet.Toutiao, User: wallet.UserID(p + 100)}
}

// part is what a guest is shown of the packet.
func (k *kiosk) part(n int) wallet.Packet {
	return k.packets[0].Part([]wallet.Share{k.packets[0].Shares[n]})
}

// openIn lets a person open a share in an app; it is answered so.
func (k *kiosk) openIn(c wallet.Caller, p Person, n uint8, err error) {
	a := k.OpenSent(p, wallet.OpenPacketRequest{Caller: c, Packet: k.packets[0].No}, k.tick())
	if err != nil {
		k.OpenAnswered(a, wallet.Share{}, err, k.tick())
		return
	}
	s := k.opened(p, n)
	k.OpenAnswered(a, s, nil, k.tick())
}
