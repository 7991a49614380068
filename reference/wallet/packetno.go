package wallet

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// ParsePacketNo is the inverse of String and accepts nothing else. All errors are ErrInvalid.
func ParsePacketNo(s string) (PacketNo, error) {
	var n PacketNo
	if len(s) <= len("p_255_")+20+1+20 {
		if part := strings.Split(s, "_"); len(part) == 4 {
			family, err1 := strconv.ParseUint(part[1], 10, 8)
			user, err2 := strconv.ParseInt(part[2], 10, 64)
			request, err3 := strconv.ParseInt(part[3], 10, 64)
			if cmp.Or(err1, err2, err3) == nil {
				n = PacketNo{Account{Family(family), UserID(user)}, request}
			}
		}
	}
	if n.Account.Family < DouyinFamily || n.Account.Family > ToutiaoFamily || n.Account.User <= 0 || n.Request <= 0 || n.String() != s {
		return PacketNo{}, fmt.Errorf("%w: packet number %.64q", ErrInvalid, s)
	}
	return n, nil
}
