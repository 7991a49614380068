package wallet

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// ParsePacketNo is the inverse of String and accepts nothing else. All errors are ErrInvalid.
func ParsePacketNo(s string) (PacketNo, error) {
	account, request := parseRequestNo(s)
	n := PacketNo{account, request}
	if account.Family < DouyinFamily || account.Family > ToutiaoFamily || account.User <= 0 || request <= 0 || n.String() != s {
		return PacketNo{}, fmt.Errorf("%w: packet number %.64q", ErrInvalid, s)
	}
	return n, nil
}

// ParseWithdrawalNo is the inverse of String and accepts nothing else. All errors are ErrInvalid.
func ParseWithdrawalNo(s string) (WithdrawalNo, error) {
	account, request := parseRequestNo(s)
	n := WithdrawalNo{account, request}
	if n.String() != s {
		return WithdrawalNo{}, fmt.Errorf("%w: withdrawal number %.64q", ErrInvalid, s)
	}
	return n, nil
}

// parseRequestNo reads account and request number from a text such as "p_1_123_7"; zeros if it is malformed. The caller
// compares the text with that of the result.
func parseRequestNo(s string) (Account, int64) {
	part := strings.Split(s, "_")
	if len(s) > len("p_255_")+20+1+20 || len(part) != 4 {
		return Account{}, 0
	}
	family, err1 := strconv.ParseUint(part[1], 10, 8)
	user, err2 := strconv.ParseInt(part[2], 10, 64)
	request, err3 := strconv.ParseInt(part[3], 10, 64)
	if cmp.Or(err1, err2, err3) != nil {
		return Account{}, 0
	}
	return Account{Family(family), UserID(user)}, request
}
