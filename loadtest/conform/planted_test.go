package conform

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// plant is a wallet with a fault, and the cases that must fail there.
type plant struct {
	name   string
	naive  bool // a fault of the naive wallet
	fault  fault
	caught []string
	alone  bool // no other case fails
}

// bent is a service of which some answers are wrong.
type bent struct {
	wallet.Service
	grant    func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error)
	page     func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error)
	withdraw func(ctx context.Context, s wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error)
	bind     func(ctx context.Context, s wallet.Service, c wallet.Caller, p wallet.Phone) (wallet.Person, error)
}

func (b bent) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	if b.grant == nil {
		return b.Service.Grant(ctx, r)
	}
	return b.grant(ctx, b.Service, r)
}

func (b bent) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if b.page == nil {
		return b.Service.Page(ctx, r)
	}
	return b.page(ctx, b.Service, r)
}

func (b bent) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if b.withdraw == nil {
		return b.Service.Withdraw(ctx, r)
	}
	return b.withdraw(ctx, b.Service, r)
}

func (b bent) Bind(ctx context.Context, c wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	if b.bind == nil {
		return b.Service.Bind(ctx, c, p)
	}
	return b.bind(ctx, b.Service, c, p)
}

// by returns the fault of a bent service.
func by(b bent) fault {
	return fault{service: func(s wallet.Service) wallet.Service { b.Service = s; return b }}
}

// regrant is a grant that is changed before it is asked for.
func regrant(change func(*wallet.GrantRequest)) fault {
	return by(bent{grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
		change(&r)
		return s.Grant(ctx, r)
	}})
}

// repage is a page that is changed before it is shown.
func repage(change func(r wallet.PageRequest, p *wallet.Page)) fault {
	return by(bent{page: func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error) {
		p, err := s.Page(ctx, r)
		change(r, &p)
		return p, err
	}})
}

// planted lists the faults.
func planted() []plant {
	var request atomic.Int64
	return append([]plant{
		{name: "double", naive: true, caught: []string{"grant-repeat", "grant-at-once", "grant-conflict", "form-binary"}},
		{name: "lost", naive: true, caught: []string{"page-sums"}},
		{name: "wrong-page", naive: true, caught: []string{"grant", "page-sums"}},
		{name: "twice-listed", naive: true, caught: []string{"page-walk"}, alone: true},
		{name: "unsigned", naive: true, caught: names("sign-")},
		{name: "other-session", naive: true, caught: []string{"session-other"}, alone: true},
		{name: "overdraw", naive: true, caught: []string{"withdraw-at-once"}, alone: true},
		{name: "lies", naive: true, caught: []string{"grant"}},

		{name: "an amount of nothing is one fen", caught: []string{"grant-amount"}, fault: regrant(func(r *wallet.GrantRequest) { r.Amount = max(r.Amount, 1) })},
		{name: "what is above the cap is cut", caught: []string{"grant-cap"}, fault: regrant(func(r *wallet.GrantRequest) { r.Amount = min(r.Amount, festivalCap) })},
		{name: "every scene is the rain", caught: []string{"grant-scene"}, fault: regrant(func(r *wallet.GrantRequest) { r.Scene = "rain" })},
		{name: "every award is cash", alone: true, caught: []string{"grant-who"}, fault: regrant(func(r *wallet.GrantRequest) {
			if r.Scene == "rain" {
				r.Award = wallet.Cash
			}
		})},
		{name: "every win is of now", caught: []string{"grant-when"}, fault: regrant(func(r *wallet.GrantRequest) { r.Opened = now{}.Now() })},
		{name: "a stranger is an error", caught: []string{"page-empty"}, fault: by(bent{page: func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error) {
			p, err := s.Page(ctx, r)
			if len(p.Grants) == 0 && err == nil {
				err = wallet.ErrNotFound
			}
			return p, err
		}})},
		{name: "each app has a wallet of its own", caught: []string{"page-family"}, fault: by(bent{page: func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error) {
			if r.App == wallet.DouyinHuoshan {
				r.User += 1 << 40
			}
			return s.Page(ctx, r)
		}})},
		{name: "no page is ever posted", caught: []string{"later"}, fault: repage(func(_ wallet.PageRequest, p *wallet.Page) {
			for i := range p.Grants {
				p.Grants[i].Status = wallet.TokenProcessing
			}
		})},
		{name: "no token is taken", caught: []string{"token-own"}, fault: repage(func(r wallet.PageRequest, p *wallet.Page) {
			p.Refused = nil
			for i := range r.Tokens {
				p.Refused = append(p.Refused, wallet.TokenFault{Index: i, Err: wallet.ErrTokenForged})
			}
		})},
		{name: "no token is refused", caught: []string{"token-altered", "token-foreign"}, fault: repage(func(_ wallet.PageRequest, p *wallet.Page) { p.Refused = nil })},
		{name: "a repeat is another withdrawal", caught: []string{"withdraw", "withdraw-conflict"},
			fault: by(bent{withdraw: func(ctx context.Context, s wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
				if r.Request > 0 {
					r.Request = request.Add(1)
				}
				return s.Withdraw(ctx, r)
			}})},
		{name: "nothing is too much, or too little", caught: []string{"withdraw-more", "withdraw-amount"},
			fault: by(bent{withdraw: func(ctx context.Context, s wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
				w, err := s.Withdraw(ctx, r)
				if errors.Is(err, wallet.ErrInsufficient) || errors.Is(err, wallet.ErrInvalid) {
					return wallet.WithdrawReply{No: wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request},
						Amount: r.Amount, State: wallet.WithdrawalPaid}, nil
				}
				return w, err
			}})},
		{name: "phones join nobody", alone: true, caught: []string{"bind", "reward-apps", "reward-joined", "packet-joined"}, fault: by(bent{bind: func(_ context.Context, _ wallet.Service, c wallet.Caller, _ wallet.Phone) (wallet.Person, error) {
			return wallet.Person{ActID: wallet.ActID(c.User)}, nil
		}})},
	}, slices.Concat(edges(), rewardFaults(), packetFaults())...)
}

// before is a fault of the edge: requests are changed before they come there.
func before(change func(r *http.Request, body []byte, k auth.Keys) []byte) fault {
	return fault{edge: func(next http.Handler, k auth.Keys) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			body = change(r, body, k)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}}
}

// resign signs what was changed.
func resign(r *http.Request, body []byte, k auth.Keys) {
	if strings.HasPrefix(r.Header.Get("Authorization"), auth.SchemeHMAC) {
		demo, _ := k.Caller("demo")
		r.Header.Set("Authorization", auth.Sign(demo.Key, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body}, time.Now(), auth.NewNonce()))
	}
}

// after is a fault of the edge: answers are changed.
func after(change func(r *http.Request, answer *httptest.ResponseRecorder) *httptest.ResponseRecorder) fault {
	return fault{edge: func(next http.Handler, _ auth.Keys) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			answer = change(r, answer)
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
	}}
}

// edges are faults before the wallet.
func edges() []plant {
	return []plant{
		{name: "what cannot be read is a defect", caught: []string{"form-json"}, fault: after(func(_ *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			if a.Header().Get("Hongbao-Reason") == "malformed" {
				a.Code = http.StatusInternalServerError
			}
			return a
		})},
		{name: "a refusal says nothing", caught: []string{"form-large", "grant-conflict"}, fault: after(func(_ *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			if a.Code != http.StatusOK {
				a.Body = bytes.NewBufferString(`{"code":"unknown"}`)
			}
			return a
		})},
		{name: "GET is POST", alone: true, caught: []string{"form-http"}, fault: before(func(r *http.Request, body []byte, k auth.Keys) []byte {
			if r.Method == http.MethodGet && r.URL.Path != "/" {
				r.Method = http.MethodPost
				resign(r, body, k)
			}
			return body
		})},
		{name: "any mark is none", caught: []string{"form-mark"}, fault: before(func(r *http.Request, body []byte, _ auth.Keys) []byte {
			r.Header.Del(auth.HeaderLoadTest)
			return body
		})},
		{name: "users are floats", alone: true, caught: []string{"form-numbers"}, fault: before(func(r *http.Request, body []byte, k auth.Keys) []byte {
			m := &pb.GrantRequest{}
			if strings.HasSuffix(r.URL.Path, "/Grant") && protojson.Unmarshal(body, m) == nil && m.User > 1<<53 {
				m.User = int64(float64(m.User))
				body = encode(m)
				resign(r, body, k)
			}
			return body
		})},
		{name: "protobuf is another rain", caught: []string{"form-binary"}, fault: before(func(r *http.Request, body []byte, k auth.Keys) []byte {
			m := &pb.GrantRequest{}
			if r.Header.Get("Content-Type") == "application/proto" && proto.Unmarshal(body, m) == nil {
				m.Rain++
				body, _ = proto.Marshal(m)
				resign(r, body, k)
			}
			return body
		})},
		{name: "results are in another order", alone: true, caught: []string{"grant-batch"}, fault: after(func(r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			m := &pb.BatchGrantReply{}
			if strings.HasSuffix(r.URL.Path, "/BatchGrant") && a.Code == http.StatusOK && protojson.Unmarshal(a.Body.Bytes(), m) == nil {
				slices.Reverse(m.Results)
				a.Body = bytes.NewBuffer(encode(m))
			}
			return a
		})},
		{name: "sessions are believed", caught: []string{"session-missing", "session-forged"}, fault: before(func(r *http.Request, body []byte, k auth.Keys) []byte {
			if strings.Contains(r.URL.Path, "WalletService") {
				who := wallet.Caller{App: wallet.Douyin, User: 1}
				if part := strings.Split(r.Header.Get("Authorization"), "."); len(part) == 3 {
					payload, _ := base64.RawURLEncoding.DecodeString(part[1])
					if field := strings.Split(string(payload), "."); len(field) == 3 {
						app, _ := strconv.Atoi(field[0])
						user, _ := strconv.ParseInt(field[1], 10, 64)
						who = wallet.Caller{App: wallet.App(app), User: wallet.UserID(user)}
					}
				}
				r.Header.Set("Authorization", auth.SchemeBearer+auth.Session(k.SessionKey, who.App, who.User, time.Now().Add(time.Hour)))
			}
			return body
		})},
		{name: "a page is as long as it is asked for", alone: true, caught: []string{"page-limit"}, fault: before(func(r *http.Request, body []byte, _ auth.Keys) []byte {
			m := &pb.FlowRequest{}
			if strings.HasSuffix(r.URL.Path, "/Flow") && protojson.Unmarshal(body, m) == nil {
				m.Limit = min(m.Limit, wallet.MaxPage)
				body = encode(m)
			}
			return body
		})},
		{name: "tokens without end", alone: true, caught: []string{"token-many"}, fault: before(func(r *http.Request, body []byte, _ auth.Keys) []byte {
			m := &pb.WalletPageRequest{}
			if strings.HasSuffix(r.URL.Path, "/WalletPage") && protojson.Unmarshal(body, m) == nil {
				m.Tokens = m.Tokens[:min(len(m.Tokens), wallet.MaxClientTokens)]
				body = encode(m)
			}
			return body
		})},
	}
}
