package fake

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// movie uses only GET requests and answers with one line of fields separated by bars. The rate of calls is limited.
type movie struct{}

// moviePerSecond is the number of calls that it accepts in one second of its clock.
const moviePerSecond = 50

var movieStates = [...]string{live: "0", used: "1", refunded: "3", expired: "2", failed: "3"}

func (m movie) handle(b *backend, now wallet.Instant, r Request) Reply {
	if b.overRate(now, moviePerSecond) {
		return Reply{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "1"}}
	}
	path, query, _ := strings.Cut(r.Path, "?")
	in, err := url.ParseQuery(query)
	no, ok := b.parse(in.Get("no"))
	if err != nil || !ok || path != "/api" || r.Method != http.MethodGet {
		return m.line("NO", "", "malformed")
	}
	text, c := in.Get("no"), b.find(now, no)
	switch in.Get("act") {
	case "send":
		who, ok := account(in.Get("sys"), in.Get("uid"), "douyin", "toutiao")
		if !ok {
			return m.line("NO", text, "malformed")
		}
		var what issueResult
		c, what = b.issue(now, issueRequest{text, no, who, wallet.RewardID(in.Get("film"))})
		switch what {
		case declined:
			return m.line("NO", text, "reject")
		case conflict:
			return m.line("NO", text, "other")
		}
	case "back":
		c = b.cancel(now, no)
	case "use":
		b.use(c)
	case "see":
	default:
		return m.line("NO", text, "malformed")
	}
	if c == nil {
		return m.line("NO", text, "none")
	}
	end := "0"
	if c.issued {
		end = strconv.FormatInt(c.expires.Time().Unix(), 10)
	}
	return m.line("OK", text, c.id, movieStates[c.state], end)
}

func (movie) line(fields ...string) Reply {
	return Reply{
		Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/plain"}, Body: []byte(strings.Join(fields, "|") + "|END\n"),
	}
}
