package wallet

import "fmt"

// TransferStep is the step of a withdrawal or packet that a ledger transfer makes.
type MoveStep uint8

// The steps.
const (
	MoveHold   MoveStep = 1 + iota // a withdrawal: personal → hold
	MoveSettle                     // a withdrawal: hold → paid
	MoveSend                       // a packet: the sender's personal → packet
	MoveOpen                       // one share of a packet: packet → the recipient's personal
	MoveReturn                     // one share of a packet: packet → the sender's personal
	MoveRefund                     // a withdrawal that the bank declined: hold → personal
)

// TransferNo is the idempotency key of a transfer: a withdrawal or a packet, and its step. Clients number the requests
// of withdrawals and packets separately; the step tells them apart.
type MoveNo struct {
	Withdrawal WithdrawalNo // of TransferHold, TransferSettle and TransferRefund
	Packet     PacketNo     // of the other steps
	Step       MoveStep
	Share      uint8 // index of the share that is opened or returned; 0 for the other steps
}

// TransferNoOf builds a number from the results of Key and its other parts.
func MoveNoOf(a Account, request int64, s MoveStep, share uint8) MoveNo {
	if s.ofPacket() {
		return MoveNo{Packet: PacketNo{Account: a, Request: request}, Step: s, Share: share}
	}
	return MoveNo{Withdrawal: WithdrawalNo{Account: a, Request: request}, Step: s, Share: share}
}

// ofPacket reports whether s is a step of a packet.
func (s MoveStep) ofPacket() bool { return s >= MoveSend && s <= MoveReturn }

// Key returns the account and the request number of the withdrawal or packet.
func (n MoveNo) Key() (Account, int64) {
	if n.Step.ofPacket() {
		return n.Packet.Account, n.Packet.Request
	}
	return n.Withdrawal.Account, n.Withdrawal.Request
}

// OfPacket reports whether the transfer is a step of a packet.
func (n MoveNo) OfPacket() bool { return n.Step.ofPacket() }

// Validate returns ErrInvalid for a number that no transfer can have: an unknown step or family, both a withdrawal and
// a packet, or a share that its packet cannot have.
func (n MoveNo) Validate() error {
	account, _ := n.Key()
	both := n.Step.ofPacket() && n.Withdrawal != (WithdrawalNo{}) || !n.Step.ofPacket() && n.Packet != (PacketNo{})
	share := n.Share == 0 || n.Share < MaxShares && (n.Step == MoveOpen || n.Step == MoveReturn)
	if n.Step < MoveHold || n.Step > MoveRefund || account.Family < DouyinFamily || account.Family > ToutiaoFamily || both || !share {
		return fmt.Errorf("%w: transfer of account family %d, step %d, share %d", ErrInvalid, account.Family, n.Step, n.Share)
	}
	return nil
}

// String returns the number in readable form.
func (n MoveNo) String() string {
	if n.Step.ofPacket() {
		return fmt.Sprintf("%s step %d share %d", n.Packet, n.Step, n.Share)
	}
	return fmt.Sprintf("%s step %d", n.Withdrawal, n.Step)
}
