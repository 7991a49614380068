package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// maxBody bounds a request, in bytes.
const maxBody = 1 << 20

// edge knows who asks, and what was asked.
type edge struct {
	keys   auth.Keys
	nonces *auth.Nonces
	wallet *naive
	calls  map[string]func(*http.Request, []byte) (proto.Message, error)
}

func newEdge(k auth.Keys, w *naive) *edge {
	e := &edge{keys: k, nonces: auth.NewNonces(), wallet: w, calls: map[string]func(*http.Request, []byte) (proto.Message, error){}}
	const api = "/hongbao.v1."
	upstream(e, api+"GrantService/Grant", auth.ScopeGrant, func(c *auth.Caller, m *pb.GrantRequest) (*pb.GrantReply, error) { return w.grant(c, m) })
	upstream(e, api+"GrantService/BatchGrant", auth.ScopeGrant, w.batch)
	upstream(e, api+"AccountService/BindPhone", auth.ScopeBind, w.bind)
	user(e, api+"WalletService/WalletPage", func(who wallet.Caller, m *pb.WalletPageRequest) (*pb.WalletPageReply, error) {
		who, err := w.self(who, m.Who)
		if err != nil {
			return nil, err
		}
		return w.page(who, m.After, m.Limit)
	})
	user(e, api+"WalletService/Flow", func(who wallet.Caller, m *pb.FlowRequest) (*pb.FlowReply, error) {
		who, err := w.self(who, m.Who)
		if err != nil {
			return nil, err
		}
		p, err := w.page(who, m.After, m.Limit)
		return &pb.FlowReply{Lines: p.GetLines(), Next: p.GetNext(), Withdrawals: p.GetWithdrawals()}, err
	})
	user(e, api+"WalletService/Withdraw", func(who wallet.Caller, m *pb.WithdrawRequest) (*pb.WithdrawReply, error) {
		who, err := w.self(who, m.Who)
		if err != nil {
			return nil, err
		}
		return w.withdraw(who, m)
	})
	return e
}

// message is a pointer to a message of the schema.
type message[T any] interface {
	*T
	proto.Message
}

// upstream adds a method whose requests are signed.
func upstream[I any, O proto.Message, P message[I]](e *edge, path string, scope auth.Scope, do func(*auth.Caller, P) (O, error)) {
	e.calls[path] = func(r *http.Request, body []byte) (proto.Message, error) {
		c, err := e.signed(r, body)
		if err == nil {
			err = c.May(scope)
		}
		m := P(new(I))
		if err == nil {
			err = read(r, body, m)
		}
		if err != nil {
			return nil, err
		}
		return do(c, m)
	}
}

// user adds a method that is called in a user's session.
func user[I any, O proto.Message, P message[I]](e *edge, path string, do func(wallet.Caller, P) (O, error)) {
	e.calls[path] = func(r *http.Request, body []byte) (proto.Message, error) {
		who, err := auth.OpenSession(e.keys.SessionKey, r.Header.Get("Authorization"), now())
		m := P(new(I))
		if err == nil {
			err = read(r, body, m)
		}
		if err != nil {
			return nil, err
		}
		return do(who, m)
	}
}

// signed returns who has signed a request.
func (e *edge) signed(r *http.Request, body []byte) (*auth.Caller, error) {
	s, err := auth.ParseSigned(r.Header.Get("Authorization"))
	if e.wallet.fault == "unsigned" {
		return &e.keys.Callers[0], nil
	}
	if err == nil {
		err = s.Fresh(now())
	}
	if err != nil {
		return nil, err
	}
	c, ok := e.keys.Caller(s.ID)
	if !ok {
		return nil, auth.ErrUnknownKey
	}
	marked := r.Header.Get(auth.HeaderLoadTest) != ""
	if err := s.Verify(c.Key, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body, LoadTest: marked}); err != nil {
		return nil, err
	}
	return c, e.nonces.Use(s, now())
}

// ServeHTTP implements http.Handler. This wallet has nothing live, so marked load and other load are one.
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
	_, _ = w.Write(body) // fails when the caller has gone
}

// answer does one request. A status stands for an error where HTTP has a word of its own.
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
	reply, err := call(r, body)
	return reply, 0, err
}

func isJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

// read reads a request's message. The JSON of protobuf takes 64-bit numbers as strings and as numbers, exactly.
func read(r *http.Request, body []byte, m proto.Message) error {
	err := error(nil)
	if isJSON(r) {
		err = protojson.Unmarshal(body, m)
	} else {
		err = proto.Unmarshal(body, m)
	}
	if err != nil {
		return refusal(wallet.CodeInvalid, "malformed")
	}
	return nil
}

// refusal is an error of the contract that has no name among the nouns.
func refusal(c wallet.Code, reason string) error { return &wallet.Error{Code: c, Reason: reason} }

// refuse writes an error as the contract has it: Connect's JSON with an ErrorDetail, and its reason in a header too.
func refuse(w http.ResponseWriter, status int, err error) {
	code := wallet.CodeOf(err)
	name, usual := wire(code)
	if a := (*auth.Error)(nil); errors.As(err, &a) && a.Unknown {
		name, usual = "unauthenticated", http.StatusUnauthorized
	}
	if status == 0 {
		status = usual
	}
	again := code == wallet.CodeOverloaded || code == wallet.CodeUnavailable || code == wallet.CodeUnknown
	detail, _ := proto.Marshal(&pb.ErrorDetail{Reason: wallet.ReasonOf(err), Code: code.String(), Message: fmt.Sprintf("%q", err.Error()), Retryable: again, SameNumber: code == wallet.CodeUnknown})
	body, _ := json.Marshal(map[string]any{"code": name, "message": err.Error(),
		"details": []any{map[string]any{"type": "hongbao.v1.ErrorDetail", "value": base64.RawStdEncoding.EncodeToString(detail)}}})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Hongbao-Reason", wallet.ReasonOf(err))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// wire returns what Connect and HTTP call a code.
func wire(c wallet.Code) (string, int) {
	switch c {
	case wallet.CodeInvalid:
		return "invalid_argument", http.StatusBadRequest
	case wallet.CodeNotFound:
		return "not_found", http.StatusNotFound
	case wallet.CodeConflict:
		return "already_exists", http.StatusConflict
	case wallet.CodeRefused:
		return "failed_precondition", http.StatusBadRequest
	case wallet.CodeUnauthorised:
		return "permission_denied", http.StatusForbidden
	default:
		return "internal", http.StatusInternalServerError
	}
}

func now() wallet.Instant { return wallet.InstantOf(time.Now()) }
