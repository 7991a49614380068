package wallet

import (
	"fmt"
)

// TransferStep is the step of a withdrawal or packet that a ledger transfer makes.
type TransferStep uint8

// The steps.
const (
	TransferHold   TransferStep = 1 + iota // a withdrawal: personal → hold
	TransferSettle                         // a withdrawal: hold → paid
	TransferSend                           // a packet: the sender's personal → packet
	TransferOpen                           // one share of a packet: packet → the recipient's personal
	TransferReturn                         // one share of a packet: packet → the sender's personal
	TransferRefund                         // a withdrawal that the bank declined: hold → personal
)

// TransferNo is the idempotency key of a transfer: a withdrawal or a packet, and its step. Clients number the requests
// of withdrawals and packets separately; the step tells them apart.
type TransferNo struct {
	Withdrawal WithdrawalNo // of TransferHold, TransferSettle and TransferRefund
	Packet     PacketNo     // of the other steps
	Step       TransferStep
	Share      uint8 // index of the share that is opened or returned; 0 for the other steps
}

// TransferNoOf builds a number from the results of Key and its other parts.
func TransferNoOf(a Account, request int64, s TransferStep, share uint8) TransferNo {
	if s.ofPacket() {
		return TransferNo{Packet: PacketNo{Account: a, Request: request}, Step: s, Share: share}
	}
	return TransferNo{Withdrawal: WithdrawalNo{Account: a, Request: request}, Step: s, Share: share}
}

// ofPacket reports whether s is a step of a packet.
func (s TransferStep) ofPacket() bool { return s >= TransferSend && s <= TransferReturn }

// Key returns the account and the request number of the withdrawal or packet.
func (n TransferNo) Key() (Account, int64) {
	if n.Step.ofPacket() {
		return n.Packet.Account, n.Packet.Request
	}
	return n.Withdrawal.Account, n.Withdrawal.Request
}

// OfPacket reports whether the transfer is a step of a packet.
func (n TransferNo) OfPacket() bool { return n.Step.ofPacket() }

// Validate returns ErrInvalid for a number that no transfer can have: an unknown step or family, both a withdrawal and
// a packet, or a share that its packet cannot have.
func (n TransferNo) Validate() error {
	account, _ := n.Key()
	both := n.Step.ofPacket() && n.Withdrawal != (WithdrawalNo{}) || !n.Step.ofPacket() && n.Packet != (PacketNo{})
	share := n.Share == 0 || n.Share < MaxShares && (n.Step == TransferOpen || n.Step == TransferReturn)
	if n.Step < TransferHold || n.Step > TransferRefund || account.Family < DouyinFamily || account.Family > ToutiaoFamily || both || !share {
		return fmt.Errorf("%w: transfer of account family %d, step %d, share %d", ErrInvalid, account.Family, n.Step, n.Share)
	}
	return nil
}

// String returns the number in readable form.
func (n TransferNo) String() string {
	if n.Step.ofPacket() {
		return fmt.Sprintf("%s step %d share %d", n.Packet, n.Step, n.Share)
	}
	return fmt.Sprintf("%s step %d", n.Withdrawal, n.Step)
}
