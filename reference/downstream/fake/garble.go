package fake

import (
	"bytes"
	"net/http"
)

// hugeBody is more than any caller should read.
const hugeBody = 1 << 18

// kinds is how many ways there are to spoil a reply.
const kinds = 8

// garble spoils a reply in one of kinds ways. order is what the reply is about; "" when it is about none.
func garble(r Reply, order string, kind int) Reply {
	switch kind % kinds {
	case 0:
		r.Body = r.Body[:len(r.Body)*2/3]
	case 1: // somebody else's reply
		r.Body = bytes.ReplaceAll(r.Body, []byte(order), []byte("1"+order))
	case 2: // a page of something in between
		r = Reply{Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/html"}, Body: []byte("<html><body>Welcome</body></html>")}
	case 3:
		r.Body = append(bytes.Repeat([]byte(" "), hugeBody), r.Body...)
	case 4:
		r.Body = nil
	case 5:
		r.Status = http.StatusInternalServerError
	case 6: // bytes that no text has
		r.Body = bytes.Map(func(c rune) rune { return c ^ 0x15 }, r.Body)
	default: // something in between has lost it
		r = Reply{Status: http.StatusBadGateway, Body: []byte("bad gateway")}
	}
	return r
}
