package wallet

import "fmt"

// MoveStep is a step of a withdrawal or of a packet in the ledger.
type MoveStep uint8

// The steps.
const (
	MoveHold   MoveStep = 1 + iota // a withdrawal: personal → hold
	MoveSettle                     // a withdrawal: hold → paid
	MoveSend                       // a packet: the sender's personal → packet
	MoveOpen                       // one share of it: packet → the recipient's personal
	MoveReturn                     // one share of it: packet → the sender's personal
	MoveRefund                     // a withdrawal that the bank declined: hold → personal
)

// MoveNo is the idempotency key of a transfer: a withdrawal or a packet, and the step of it. Clients choose the requests
// of both, each in a series of its own; the step tells them apart.
type MoveNo struct {
	Withdrawal WithdrawalNo // of MoveHold, MoveSettle and MoveRefund
	Packet     PacketNo     // of the other steps
	Step       MoveStep
	Share      uint8 // which of the packet's shares is opened or goes back, from 0; 0 for the other steps
}

// MoveNoOf puts a number together from what Key and its other parts returned.
func MoveNoOf(a Account, request int64, s MoveStep, share uint8) MoveNo {
	if s.ofPacket() {
		return MoveNo{Packet: PacketNo{Account: a, Request: request}, Step: s, Share: share}
	}
	return MoveNo{Withdrawal: WithdrawalNo{Account: a, Request: request}, Step: s, Share: share}
}

// ofPacket says whether a step is one of a packet.
func (s MoveStep) ofPacket() bool { return s >= MoveSend && s <= MoveReturn }

// Key returns the account and the request that the number is of.
func (n MoveNo) Key() (Account, int64) {
	if n.Step.ofPacket() {
		return n.Packet.Account, n.Packet.Request
	}
	return n.Withdrawal.Account, n.Withdrawal.Request
}

// OfPacket says whether the transfer is one of a packet.
func (n MoveNo) OfPacket() bool { return n.Step.ofPacket() }

// Validate returns ErrInvalid for a number that no transfer has: an unknown step or family, a number of both kinds, or a
// share that no packet has.
func (n MoveNo) Validate() error {
	account, _ := n.Key()
	both := n.Step.ofPacket() && n.Withdrawal != (WithdrawalNo{}) || !n.Step.ofPacket() && n.Packet != (PacketNo{})
	share := n.Share == 0 || n.Share < MaxShares && (n.Step == MoveOpen || n.Step == MoveReturn)
	if n.Step < MoveHold || n.Step > MoveRefund || account.Family < DouyinFamily || account.Family > ToutiaoFamily || both || !share {
		return fmt.Errorf("%w: transfer of account family %d, step %d, share %d", ErrInvalid, account.Family, n.Step, n.Share)
	}
	return nil
}

// String returns the number for people to read.
func (n MoveNo) String() string {
	if n.Step.ofPacket() {
		return fmt.Sprintf("%s step %d share %d", n.Packet, n.Step, n.Share)
	}
	return fmt.Sprintf("%s step %d", n.Withdrawal, n.Step)
}
