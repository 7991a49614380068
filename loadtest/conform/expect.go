package conform

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hongbao/reference/wallet"
)

// published returns a refusal of the contract that has no name among the nouns.
func published(c wallet.Code, reason string) error { return &wallet.Error{Code: c, Reason: reason} }

// wants returns nil when err is one of the published refusals, in the code, the reason and the status of HTTP.
func wants(err error, any ...error) error {
	if err == nil {
		return fmt.Errorf("it was accepted; the contract says %s", list(any))
	}
	r := (*refusal)(nil)
	if !errors.As(err, &r) {
		return err
	}
	if !slices.ContainsFunc(any, func(p error) bool { return wallet.CodeOf(p).String() == r.Code && wallet.ReasonOf(p) == r.Reason }) {
		if r.Retryable {
			return unanswered{r.Error()}
		}
		return fmt.Errorf("%w; the contract says %s", r, list(any))
	}
	if !slices.Contains(statuses()[r.Code], r.status) {
		return fmt.Errorf("%w: %s is not answered with HTTP %d", r, r.Code, r.status)
	}
	return nil
}

// statuses lists what HTTP says for each code.
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

// equal returns what differs.
func equal[T comparable](what string, want, got T) error {
	if want != got {
		return fmt.Errorf("%s: %v instead of %v", what, got, want)
	}
	return nil
}
