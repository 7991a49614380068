package main

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// maxBody bounds a request, in bytes.
const maxBody = 1 << 20

// edge authenticates requests and selects the wallet. Requests with the load-test mark use a separate wallet, so that a load
// test neither reads nor changes live data (K2).
type edge struct {
	keys   auth.Keys
	nonces *auth.Nonces
	fault  string
	fresh  func() *naive
	calls  map[string]call

	mu           sync.Mutex
	live, shadow *naive
}

// call executes one request on a wallet.
type call func(w *naive, r *http.Request, body []byte) (proto.Message, error)

func newEdge(k auth.Keys, fault string, operators bool, fresh func() *naive) *edge {
	e := &edge{keys: k, nonces: auth.NewNonces(), fault: fault, fresh: fresh, live: fresh(), shadow: fresh(), calls: map[string]call{}}
	upstream(e, "GrantService/Grant", auth.ScopeGrant, (*naive).grant)
	upstream(e, "GrantService/BatchGrant", auth.ScopeGrant, (*naive).batch)
	upstream(e, "AccountService/BindPhone", auth.ScopeBind, (*naive).bind)
	user(e, "WalletService/WalletPage", (*naive).walletPage)
	user(e, "WalletService/Flow", (*naive).flow)
	user(e, "WalletService/Withdraw", (*naive).withdraw)
	if !operators {
		return e
	}
	operator(e, "OperatorService/Status", (*naive).status, auth.RoleViewer, auth.RoleOperator, auth.RoleAuditor)
	operator(e, "OperatorService/Reconcile", (*naive).reconcile, auth.RoleAuditor)
	operator(e, "OperatorService/AuditBudget", (*naive).auditBudget, auth.RoleAuditor)
	operator(e, "OperatorService/CleanUpLoadTest", e.cleanUp, auth.RoleOperator)
	return e
}

// of returns the wallet for a request: the live one or that of the load test.
func (e *edge) of(r *http.Request) *naive {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Header.Get(auth.HeaderLoadTest) != "" {
		return e.shadow
	}
	return e.live
}

// cleanUp deletes all load-test data.
func (e *edge) cleanUp(w *naive, _ *pb.CleanUpLoadTestRequest) (*pb.CleanUpLoadTestReply, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w != e.shadow {
		return nil, refusal(wallet.CodeRefused, "marked_only")
	}
	e.shadow = e.fresh()
	return &pb.CleanUpLoadTestReply{}, nil
}

// message is a pointer to a message of the schema.
type message[T any] interface {
	*T
	proto.Message
}

const api = "/hongbao.v1."

// upstream adds a method whose requests are signed by upstreams.
func upstream[I any, O proto.Message, P message[I]](e *edge, method string, scope auth.Scope, do func(*naive, *auth.Caller, P) (O, error)) {
	e.calls[api+method] = func(w *naive, r *http.Request, body []byte) (proto.Message, error) {
		if e.fault == "unsigned" {
			r.Header.Set("Authorization", auth.Sign(e.keys.Callers[0].Key, signed(r, body), time.Now(), auth.NewNonce()))
		}
		id, err := e.proven(r, body, func(id string) (auth.Key, bool) {
			c, ok := e.keys.Caller(id)
			if !ok {
				return auth.Key{}, false
			}
			return c.Key, true
		})
		if err != nil {
			return nil, err
		}
		c, _ := e.keys.Caller(id)
		m := P(new(I))
		if err := cmp.Or(c.May(scope), read(r, body, m)); err != nil {
			return nil, err
		}
		return do(w, c, m)
	}
}

// operator adds a method whose requests are signed by operators in a role.
func operator[I any, O proto.Message, P message[I]](e *edge, method string, do func(*naive, P) (O, error), roles ...auth.Role) {
	e.calls[api+method] = func(w *naive, r *http.Request, body []byte) (proto.Message, error) {
		id, err := e.proven(r, body, func(id string) (auth.Key, bool) {
			o, ok := e.keys.Operator(id)
			if !ok {
				return auth.Key{}, false
			}
			return o.Key, true
		})
		if err != nil {
			return nil, err
		}
		m := P(new(I))
		if o, _ := e.keys.Operator(id); !slices.Contains(roles, o.Role) {
			return nil, auth.ErrRole
		}
		if err := read(r, body, m); err != nil {
			return nil, err
		}
		return do(w, m)
	}
}

// user adds a method that is called in a user's session.
func user[I any, O proto.Message, P interface {
	message[I]
	GetWho() *pb.User
}](e *edge, method string, do func(*naive, wallet.Caller, P) (O, error)) {
	e.calls[api+method] = func(w *naive, r *http.Request, body []byte) (proto.Message, error) {
		who, err := auth.OpenSession(e.keys.SessionKey, r.Header.Get("Authorization"), now())
		m := P(new(I))
		if err == nil {
			err = read(r, body, m)
		}
		if err != nil {
			return nil, err
		}
		if m.GetWho() != nil {
			named := wallet.Caller{App: wallet.App(m.GetWho().App), User: wallet.UserID(m.GetWho().User)}
			if named != who && e.fault != "other-session" {
				return nil, wallet.ErrNotYours
			}
			who = named
		}
		return do(w, who, m)
	}
}

// signed is what a signature covers.
func signed(r *http.Request, body []byte) auth.Request {
	return auth.Request{Method: r.Method, Path: r.URL.Path, Body: body, LoadTest: r.Header.Get(auth.HeaderLoadTest) != ""}
}

// proven returns the name of the signer. The signature must be recent, cover this request, and not have been used before.
func (e *edge) proven(r *http.Request, body []byte, key func(id string) (auth.Key, bool)) (string, error) {
	s, err := auth.ParseSigned(r.Header.Get("Authorization"))
	if err != nil {
		return "", err
	}
	k, ok := key(s.ID)
	if !ok {
		return "", auth.ErrUnknownKey
	}
	if err := cmp.Or(s.Fresh(now()), s.Verify(k, signed(r, body))); err != nil {
		return "", err
	}
	return s.ID, e.nonces.Use(s, now())
}

// ServeHTTP implements http.Handler.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, status, err := e.answer(r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	contentType, body := "application/proto", []byte(nil)
	if isJSON(r) {
		contentType = "application/json"
		body, err = protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(reply)
	} else {
		body, err = proto.Marshal(reply)
	}
	if err != nil {
		refuse(w, 0, err)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body) // fails if the client has disconnected
}

// answer executes one request. A status is an error for which HTTP has a code, such as 404.
func (e *edge) answer(r *http.Request) (proto.Message, int, error) {
	call := e.calls[r.URL.Path]
	mark := r.Header.Get(auth.HeaderLoadTest)
	switch {
	case call == nil:
		return nil, http.StatusNotFound, refusal(wallet.CodeNotFound, "unknown_method")
	case r.Method != http.MethodPost:
		return nil, http.StatusMethodNotAllowed, refusal(wallet.CodeInvalid, "http_method")
	case !isJSON(r) && r.Header.Get("Content-Type") != "application/proto":
		return nil, http.StatusUnsupportedMediaType, refusal(wallet.CodeInvalid, "content_type")
	case mark != "" && mark != "1":
		return nil, 0, refusal(wallet.CodeInvalid, "load_test_mark")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, 0, refusal(wallet.CodeInvalid, "slow_request")
	}
	if len(body) > maxBody {
		return nil, http.StatusRequestEntityTooLarge, refusal(wallet.CodeInvalid, "too_large")
	}
	reply, err := call(e.of(r), r, body)
	return reply, 0, err
}

func now() wallet.Instant { return wallet.InstantOf(time.Now()) }
