package k6

import (
	"errors"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// The outcomes of a call, as scripts see them.
const (
	OK      = "ok"
	Refused = "refused" // a final answer that says no
	Failed  = "failed"  // no answer, or one that cannot be understood: it may have been done
)

// outcomeOf says how a call ended. What the service itself calls unknown or a defect is no answer to go by.
func outcomeOf(err error) string {
	if err == nil {
		return OK
	}
	answered := (*client.Refusal)(nil)
	if !errors.As(err, &answered) {
		return Failed
	}
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		return Failed
	}
	return Refused
}
