package token

import "maps"

// counts returns the number of Open calls by wallet.ReasonOf their result: "ok", "token_forged" and so on.
func (t *Trust) counts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.opened)
}
