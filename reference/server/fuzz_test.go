package server

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// FuzzRequests sends arbitrary bytes to any method with valid credentials: the server does not panic and reports no
// internal error, and every refusal has a reason.
func FuzzRequests(f *testing.F) {
	server := start(f).server
	table := methods()
	for i, m := range table {
		for _, contentType := range []string{"application/json", "application/proto", "application/grpc", "application/grpc-web+proto"} {
			f.Add(i, contentType, []byte{})
			f.Add(i, contentType, []byte(`{"who":{"app":1,"user":7},"request":1,"amount_fen":5,"limit":1,"tokens":["AAAA"],"after":"5:1_rain_1_1_3"}`))
		}
		example := exampleOf(f, m.path)
		text, err := protojson.Marshal(example)
		require.NoError(f, err)
		f.Add(i, "application/json", text)
		wire, err := proto.Marshal(example)
		require.NoError(f, err)
		f.Add(i, "application/proto", wire)
		f.Add(i, "application/grpc", append([]byte{0, 0, 0, byte(len(wire) >> 8), byte(len(wire))}, wire...))
	}
	f.Add(1, "application/json", []byte(`{"grants":[`+grantBody(7, 1, 100)+`]}`))
	f.Fuzz(func(t *testing.T, which int, contentType string, body []byte) {
		m := table[uint(which)%uint(len(table))]
		r := httptest.NewRequest(http.MethodPost, m.path, bytes.NewReader(body))
		r.ProtoMajor, r.ProtoMinor = 2, 0 // for gRPC
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", permitted(server, m, body))
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		got := w.Result()
		reason := got.Header.Get(headerReason)
		if reason == "" {
			reason = got.Trailer.Get(headerReason)
		}
		for _, status := range []string{got.Header.Get("Grpc-Status"), got.Trailer.Get("Grpc-Status")} {
			require.NotEqual(t, strconv.Itoa(int(connect.CodeInternal)), status, w.Body)
		}
		require.NotEqual(t, http.StatusInternalServerError, got.StatusCode, w.Body)
		require.NotEqual(t, "internal", reason, w.Body)
		if got.StatusCode != http.StatusOK {
			require.NotEmpty(t, reason, "%d %s", got.StatusCode, w.Body)
		}
	})
}

// permitted returns an Authorization header that the method accepts.
func permitted(s *Server, m method, body []byte) string {
	now := s.ports.Clock.Now()
	if m.audience == users {
		return auth.SchemeBearer + auth.Session(s.config.Keys.SessionKey, wallet.Douyin, 7, now.Add(auth.Window).Time())
	}
	key := s.config.Keys.Callers[0].Key
	if m.audience == operators {
		for _, o := range s.config.Keys.Operators {
			if o.Role == m.roles[0] {
				key = o.Key
			}
		}
	}
	return auth.Sign(key, auth.Request{Method: http.MethodPost, Path: m.path, Body: body}, now.Time(), auth.NewNonce())
}

// exampleOf returns a request of a method with every field set.
func exampleOf(t testing.TB, path string) proto.Message {
	service, name, _ := bytes.Cut([]byte(path[1:]), []byte("/"))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	require.NoError(t, err)
	input := found.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name)).Input()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(input.FullName())
	require.NoError(t, err)
	m := kind.New()
	fill(m)
	return m.Interface()
}

// fill sets every field to a value.
func fill(m protoreflect.Message) {
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		switch {
		case f.IsList():
			list := m.Mutable(f).List()
			e := list.NewElement()
			if f.Kind() == protoreflect.MessageKind {
				fill(e.Message())
			}
			list.Append(e)
		case f.Kind() == protoreflect.MessageKind:
			fill(m.Mutable(f).Message())
		case f.Kind() == protoreflect.Int64Kind:
			m.Set(f, protoreflect.ValueOfInt64(7))
		case f.Kind() == protoreflect.Int32Kind:
			m.Set(f, protoreflect.ValueOfInt32(7))
		case f.Kind() == protoreflect.EnumKind:
			m.Set(f, protoreflect.ValueOfEnum(1))
		case f.Kind() == protoreflect.StringKind:
			m.Set(f, protoreflect.ValueOfString("rain"))
		}
	}
}

// TestExamples: every method decodes an example with every field set, in both formats. The service may refuse it.
func TestExamples(t *testing.T) {
	s := start(t).server
	for _, m := range methods() {
		example := exampleOf(t, m.path)
		text, err := protojson.Marshal(example)
		require.NoError(t, err)
		wire, err := proto.Marshal(example)
		require.NoError(t, err)
		for contentType, body := range map[string][]byte{"application/json": text, "application/proto": wire} {
			r := httptest.NewRequest(http.MethodPost, m.path, bytes.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Authorization", permitted(s, m, body))
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			require.NotContains(t, []string{"malformed", "internal", "unsupported"}, w.Header().Get(headerReason), "%s %s", m.path, w.Body)
		}
	}
}
