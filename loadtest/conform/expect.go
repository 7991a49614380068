package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/emptypb"

	"hongbao/reference/wallet"
)

// published returns a refusal of the contract that has no sentinel.
func published(c wallet.Code, reason string) error { return &wallet.Error{Code: c, Reason: reason} }

// expectError returns nil when err is one of the given refusals, with its code, reason and HTTP status.
func expectError(err error, any ...error) error {
	if err == nil {
		return fmt.Errorf("it was accepted; the contract requires %s", list(any))
	}
	r := (*refusal)(nil)
	if !errors.As(err, &r) {
		return err
	}
	if !slices.ContainsFunc(any, func(p error) bool { return wallet.CodeOf(p).String() == r.Code && wallet.ReasonOf(p) == r.Reason }) {
		if r.Retryable {
			return notEvaluated{r.Error()}
		}
		return fmt.Errorf("%w; the contract requires %s", r, list(any))
	}
	if !slices.Contains(statuses()[r.Code], r.status) {
		return fmt.Errorf("%w: HTTP %[3]d is wrong for %[2]s", r, r.Code, r.status)
	}
	return nil
}

// statuses lists the allowed HTTP statuses of each code.
func statuses() map[string][]int {
	return map[string][]int{
		"invalid": {400, 405, 408, 413, 415}, "not_found": {404}, "conflict": {409}, "refused": {400}, "unauthorised": {401, 403},
		"overloaded": {429}, "unavailable": {503}, "unknown": {504}, "internal": {500},
	}
}

func list(any []error) string {
	var words []string
	for _, p := range any {
		words = append(words, wallet.CodeOf(p).String()+" "+wallet.ReasonOf(p))
	}
	return strings.Join(words, ", or ")
}

// equal returns an error if the values differ.
func equal[T comparable](what string, want, got T) error {
	if want != got {
		return fmt.Errorf("%s: %v instead of %v", what, got, want)
	}
	return nil
}

// attempt is a request that must be refused.
type attempt struct {
	what string
	r    *request
	want error
}

// expectRefused sends requests, and expects that each is refused as it says, or in one of the ways of also.
func (w *wire) expectRefused(ctx context.Context, attempts []attempt, also ...error) error {
	for _, a := range attempts {
		if err := expectError(w.send(ctx, a.r, &emptypb.Empty{}), append([]error{a.want}, also...)...); err != nil {
			return fmt.Errorf("%s: %w", a.what, err)
		}
	}
	return nil
}
