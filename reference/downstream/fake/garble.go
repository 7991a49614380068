package fake

import (
	"bytes"
	"net/http"
)

// hugeBody is larger than any caller should read.
const hugeBody = 1 << 18

// garbleKinds is the number of ways to garble a reply.
const garbleKinds = 8

// garble garbles a reply in one of garbleKinds ways. order is the order of the request; "" if there is none.
func garble(r Reply, order string, kind int) Reply {
	switch kind % garbleKinds {
	case 0:
		r.Body = r.Body[:len(r.Body)*2/3]
	case 1: // another order's reply
		r.Body = bytes.ReplaceAll(r.Body, []byte(order), []byte("1"+order))
	case 2: // a proxy's page
		r = Reply{Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/html"}, Body: []byte("<html><body>Welcome</body></html>")}
	case 3:
		r.Body = append(bytes.Repeat([]byte(" "), hugeBody), r.Body...)
	case 4:
		r.Body = nil
	case 5:
		r.Status = http.StatusInternalServerError
	case 6: // not valid text
		r.Body = bytes.Map(func(c rune) rune { return c ^ 0x15 }, r.Body)
	default: // a proxy lost the reply
		r = Reply{Status: http.StatusBadGateway, Body: []byte("bad gateway")}
	}
	return r
}
