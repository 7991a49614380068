package client

import (
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// formatCursor encodes a position in a flow list as the API does.
func formatCursor(c wallet.Cursor) string {
	if c == (wallet.Cursor{}) {
		return ""
	}
	return strconv.FormatInt(int64(c.Opened), 10) + ":" + c.Order.String()
}

// parseCursor decodes a cursor.
func parseCursor(text string) (wallet.Cursor, error) {
	if text == "" {
		return wallet.Cursor{}, nil
	}
	opened, order, _ := strings.Cut(text, ":")
	at, err1 := strconv.ParseInt(opened, 10, 64)
	no, err2 := wallet.ParseOrderNo(order)
	if err1 != nil || err2 != nil {
		return wallet.Cursor{}, malformedReply("cursor %q", text)
	}
	return wallet.Cursor{Opened: wallet.Instant(at), Order: no}, nil
}
