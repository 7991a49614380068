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

// plantedFault is a wallet with a fault, and the cases that must fail against it.
type plantedFault struct {
	name    string
	naive   bool // a fault of the naive wallet
	fault   fault
	failing []string
	exact   bool // no other case fails
}

// faultyService returns wrong results for some calls.
type faultyService struct {
	wallet.Service
	grant    func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error)
	page     func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error)
	withdraw func(ctx context.Context, s wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error)
	bind     func(ctx context.Context, s wallet.Service, c wallet.Caller, p wallet.Phone) (wallet.Person, error)
}

func (b faultyService) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	if b.grant == nil {
		return b.Service.Grant(ctx, r)
	}
	return b.grant(ctx, b.Service, r)
}

func (b faultyService) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if b.page == nil {
		return b.Service.Page(ctx, r)
	}
	return b.page(ctx, b.Service, r)
}

func (b faultyService) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if b.withdraw == nil {
		return b.Service.Withdraw(ctx, r)
	}
	return b.withdraw(ctx, b.Service, r)
}

func (b faultyService) Bind(ctx context.Context, c wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	if b.bind == nil {
		return b.Service.Bind(ctx, c, p)
	}
	return b.bind(ctx, b.Service, c, p)
}

// withService returns a fault in the service.
func withService(b faultyService) fault {
	return fault{service: func(s wallet.Service) wallet.Service { b.Service = s; return b }}
}

// changeGrant is a fault that changes each grant request.
func changeGrant(change func(*wallet.GrantRequest)) fault {
	return withService(faultyService{grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
		change(&r)
		return s.Grant(ctx, r)
	}})
}

// changePage is a fault that changes each page.
func changePage(change func(r wallet.PageRequest, p *wallet.Page)) fault {
	return withService(faultyService{page: func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error) {
		p, err := s.Page(ctx, r)
		change(r, &p)
		return p, err
	}})
}

// planted lists the faults.
func planted() []plantedFault {
	var request atomic.Int64
	return append([]plantedFault{
		{name: "double", naive: true, failing: []string{"grant-repeat", "grant-at-once", "grant-conflict", "form-binary"}},
		{name: "lost", naive: true, failing: []string{"page-sums"}},
		{name: "wrong-page", naive: true, failing: []string{"grant", "page-sums"}},
		{name: "twice-listed", naive: true, failing: []string{"page-walk"}, exact: true},
		{name: "unsigned", naive: true, failing: names("sign-")},
		{name: "other-session", naive: true, failing: []string{"session-other"}, exact: true},
		{name: "overdraw", naive: true, failing: []string{"withdraw-at-once"}, exact: true},
		{name: "lies", naive: true, failing: []string{"grant"}},

		{name: "a zero amount becomes one fen", failing: []string{"grant-amount"}, fault: changeGrant(func(r *wallet.GrantRequest) { r.Amount = max(r.Amount, 1) })},
		{name: "an amount above the cap is reduced to it", failing: []string{"grant-cap"}, fault: changeGrant(func(r *wallet.GrantRequest) { r.Amount = min(r.Amount, festivalCap) })},
		{name: "every scene is treated as the rain", failing: []string{"grant-scene"}, fault: changeGrant(func(r *wallet.GrantRequest) { r.Scene = "rain" })},
		{name: "every award is treated as cash", exact: true, failing: []string{"grant-who"}, fault: changeGrant(func(r *wallet.GrantRequest) {
			if r.Scene == "rain" {
				r.Award = wallet.Cash
			}
		})},
		{name: "every win gets the present time", failing: []string{"grant-when"}, fault: changeGrant(func(r *wallet.GrantRequest) { r.Opened = now{}.Now() })},
		{name: "the page of a new user is an error", failing: []string{"page-empty"}, fault: withService(faultyService{page: func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error) {
			p, err := s.Page(ctx, r)
			if len(p.Grants) == 0 && err == nil {
				err = wallet.ErrNotFound
			}
			return p, err
		}})},
		{name: "each app has a separate wallet", failing: []string{"page-family"}, fault: withService(faultyService{page: func(ctx context.Context, s wallet.Service, r wallet.PageRequest) (wallet.Page, error) {
			if r.App == wallet.DouyinHuoshan {
				r.User += 1 << 40
			}
			return s.Page(ctx, r)
		}})},
		{name: "no page is ever posted", failing: []string{"later"}, fault: changePage(func(_ wallet.PageRequest, p *wallet.Page) {
			for i := range p.Grants {
				p.Grants[i].Status = wallet.TokenProcessing
			}
		})},
		{name: "every token is refused", failing: []string{"token-own"}, fault: changePage(func(r wallet.PageRequest, p *wallet.Page) {
			p.Refused = nil
			for i := range r.Tokens {
				p.Refused = append(p.Refused, wallet.TokenRefusal{Index: i, Err: wallet.ErrTokenForged})
			}
		})},
		{name: "no token is refused", failing: []string{"token-altered", "token-foreign"}, fault: changePage(func(_ wallet.PageRequest, p *wallet.Page) { p.Refused = nil })},
		{name: "a repeat is another withdrawal", failing: []string{"withdraw", "withdraw-conflict"},
			fault: withService(faultyService{withdraw: func(ctx context.Context, s wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
				if r.Request > 0 {
					r.Request = request.Add(1)
				}
				return s.Withdraw(ctx, r)
			}})},
		{name: "every amount is paid", failing: []string{"withdraw-more", "withdraw-amount"},
			fault: withService(faultyService{withdraw: func(ctx context.Context, s wallet.Service, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
				w, err := s.Withdraw(ctx, r)
				if errors.Is(err, wallet.ErrInsufficient) || errors.Is(err, wallet.ErrInvalid) {
					return wallet.WithdrawReply{No: wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request},
						Amount: r.Amount, State: wallet.WithdrawalPaid}, nil
				}
				return w, err
			}})},
		{name: "phones do not join wallets", exact: true, failing: []string{"bind", "reward-apps", "reward-joined", "packet-joined"}, fault: withService(faultyService{bind: func(_ context.Context, _ wallet.Service, c wallet.Caller, _ wallet.Phone) (wallet.Person, error) {
			return wallet.Person{ActID: wallet.ActID(c.User)}, nil
		}})},
	}, slices.Concat(edgeFaults(), rewardFaults(), packetFaults())...)
}

// changeRequest is a fault that changes requests before the server receives them.
func changeRequest(change func(r *http.Request, body []byte, k auth.Keys) []byte) fault {
	return fault{edge: func(next http.Handler, k auth.Keys) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			body = change(r, body, k)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}}
}

// resign signs a changed request again.
func resign(r *http.Request, body []byte, k auth.Keys) {
	if strings.HasPrefix(r.Header.Get("Authorization"), auth.SchemeHMAC) {
		demo, _ := k.Caller("demo")
		r.Header.Set("Authorization", auth.Sign(demo.Key, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body}, time.Now(), auth.NewNonce()))
	}
}

// changeResponse is a fault that changes the server's responses.
func changeResponse(change func(r *http.Request, answer *httptest.ResponseRecorder) *httptest.ResponseRecorder) fault {
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

// edgeFaults are faults in front of the server.
func edgeFaults() []plantedFault {
	return slices.Concat(formFaults(), callFaults())
}

// formFaults are faults in the form of requests and responses.
func formFaults() []plantedFault {
	return []plantedFault{
		{name: "a malformed request is an internal error", failing: []string{"form-json"}, fault: changeResponse(func(_ *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			if a.Header().Get("Hongbao-Reason") == "malformed" {
				a.Code = http.StatusInternalServerError
			}
			return a
		})},
		{name: "a refusal has no detail", failing: []string{"form-large", "grant-conflict"}, fault: changeResponse(func(_ *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			if a.Code != http.StatusOK {
				a.Body = bytes.NewBufferString(`{"code":"unknown"}`)
			}
			return a
		})},
		{name: "GET is treated as POST", exact: true, failing: []string{"form-http"}, fault: changeRequest(func(r *http.Request, body []byte, k auth.Keys) []byte {
			if r.Method == http.MethodGet && r.URL.Path != "/" {
				r.Method = http.MethodPost
				resign(r, body, k)
			}
			return body
		})},
		{name: "an invalid mark is ignored", failing: []string{"form-mark"}, fault: changeRequest(func(r *http.Request, body []byte, _ auth.Keys) []byte {
			r.Header.Del(auth.HeaderLoadTest)
			return body
		})},
		{name: "user numbers are floats", exact: true, failing: []string{"form-numbers"}, fault: changeRequest(func(r *http.Request, body []byte, k auth.Keys) []byte {
			m := &pb.GrantRequest{}
			if strings.HasSuffix(r.URL.Path, "/Grant") && protojson.Unmarshal(body, m) == nil && m.User > 1<<53 {
				m.User = int64(float64(m.User))
				body = encode(m)
				resign(r, body, k)
			}
			return body
		})},
		{name: "a protobuf grant gets another rain", failing: []string{"form-binary"}, fault: changeRequest(func(r *http.Request, body []byte, k auth.Keys) []byte {
			m := &pb.GrantRequest{}
			if r.Header.Get("Content-Type") == "application/proto" && proto.Unmarshal(body, m) == nil {
				m.Rain++
				body, _ = proto.Marshal(m)
				resign(r, body, k)
			}
			return body
		})},
	}
}

// callFaults are faults of batches, sessions and limits.
func callFaults() []plantedFault {
	return []plantedFault{
		{name: "results are in another order", exact: true, failing: []string{"grant-batch"}, fault: changeResponse(func(r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			m := &pb.BatchGrantReply{}
			if strings.HasSuffix(r.URL.Path, "/BatchGrant") && a.Code == http.StatusOK && protojson.Unmarshal(a.Body.Bytes(), m) == nil {
				slices.Reverse(m.Results)
				a.Body = bytes.NewBuffer(encode(m))
			}
			return a
		})},
		{name: "sessions are not verified", failing: []string{"session-missing", "session-forged"}, fault: changeRequest(func(r *http.Request, body []byte, k auth.Keys) []byte {
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
		{name: "a page limit has no maximum", exact: true, failing: []string{"page-limit"}, fault: changeRequest(func(r *http.Request, body []byte, _ auth.Keys) []byte {
			m := &pb.FlowRequest{}
			if strings.HasSuffix(r.URL.Path, "/Flow") && protojson.Unmarshal(body, m) == nil {
				m.Limit = min(m.Limit, wallet.MaxPage)
				body = encode(m)
			}
			return body
		})},
		{name: "the number of tokens has no maximum", exact: true, failing: []string{"token-many"}, fault: changeRequest(func(r *http.Request, body []byte, _ auth.Keys) []byte {
			m := &pb.WalletPageRequest{}
			if strings.HasSuffix(r.URL.Path, "/WalletPage") && protojson.Unmarshal(body, m) == nil {
				m.Tokens = m.Tokens[:min(len(m.Tokens), wallet.MaxClientTokens)]
				body = encode(m)
			}
			return body
		})},
	}
}
