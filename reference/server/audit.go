package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// audited does an operator's call, with err what is wrong with it already. First it goes to the audit log, refused or
// not; what the log did not take is not done. A call that then fails has a second line, which says how.
func (s *Server) audited(ctx context.Context, c *call, r connect.AnyRequest, err error, next connect.UnaryFunc) (connect.AnyResponse, error) {
	if err == nil && !slices.Contains(c.roles, c.operator.Role) {
		err = auth.ErrRole
	}
	text := ""
	if m, ok := r.Any().(proto.Message); ok && err == nil {
		text = auditText(m)
		if c.marked {
			text = "load test: " + text
		}
	}
	if err := s.note(ctx, c, text, err); err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, c, r, next)
	if err != nil {
		if lost := s.note(context.WithoutCancel(ctx), c, text, err); wallet.ReasonOf(lost) != wallet.ReasonOf(err) {
			s.log.Error("the audit log did not take how it failed", "method", c.path, "operator", c.operator.ID, "error", lost)
		}
	}
	return answer, err
}

// auditText returns what the audit log keeps of a request: of a list its digest, under which the job is found.
func auditText(m proto.Message) string {
	list := func(csv []byte) string {
		return fmt.Sprintf(`{"csv":"%d bytes, SHA-256 %x"}`, len(csv), sha256.Sum256(csv))
	}
	switch m := m.(type) {
	case *pb.CheckBulkRequest:
		return list(m.Csv)
	case *pb.CreateBulkRequest:
		return list(m.Csv)
	}
	return protojson.MarshalOptions{UseProtoNames: true}.Format(m)
}

// note writes a call and its outcome to the audit log, and returns the outcome. When the log does not take it, that is
// the outcome.
func (s *Server) note(ctx context.Context, c *call, text string, outcome error) error {
	err := s.ports.Audit.Append(ctx, wallet.Action{
		At: s.ports.Clock.Now(), Operator: c.operator.ID, Role: string(c.operator.Role), Method: c.path,
		Detail: cut(text, wallet.MaxAuditDetail), Outcome: wallet.ReasonOf(outcome),
	})
	if err != nil {
		s.log.Error("the audit log does not take actions", "error", err)
		return fmt.Errorf("%w: the audit log: %v", wallet.ErrUnavailable, err)
	}
	return outcome
}
