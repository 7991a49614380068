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

// answerAudited handles an operator's call; err is why it is already refused, if it is. The call is written to the
// audit log first, refused or not. If the log cannot take it, nothing is done. A call that fails later gets a second
// record.
func (s *Server) answerAudited(ctx context.Context, c *call, r connect.AnyRequest, err error, next connect.UnaryFunc) (connect.AnyResponse, error) {
	if err == nil && !slices.Contains(c.roles, c.operator.Role) {
		err = auth.ErrRole
	}
	text := ""
	if m, ok := r.Any().(proto.Message); ok && err == nil {
		text = auditText(m)
		if c.shadow {
			text = "load test: " + text
		}
	}
	if err := s.appendAudit(ctx, c, text, err); err != nil {
		return nil, err
	}
	answer, err := s.answer(ctx, c, r, next)
	if err != nil {
		if lost := s.appendAudit(context.WithoutCancel(ctx), c, text, err); wallet.ReasonOf(lost) != wallet.ReasonOf(err) {
			s.log.Error("the audit log could not record the failure", "method", c.path, "operator", c.operator.ID, "error", lost)
		}
	}
	return answer, err
}

// auditText returns the audit log's text for a request. A bulk list is replaced by its digest, which identifies
// the job.
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

// appendAudit writes a call and its outcome to the audit log, and returns the outcome. If the write fails, that error
// is the outcome.
func (s *Server) appendAudit(ctx context.Context, c *call, text string, outcome error) error {
	err := s.ports.Audit.Append(ctx, wallet.Action{
		At: s.ports.Clock.Now(), Operator: c.operator.ID, Role: string(c.operator.Role), Method: c.path,
		Detail: cut(text, wallet.MaxAuditDetail), Outcome: wallet.ReasonOf(outcome),
	})
	if err != nil {
		s.log.Error("cannot write to the audit log", "error", err)
		return fmt.Errorf("%w: the audit log: %v", wallet.ErrUnavailable, err)
	}
	return outcome
}
