package client

import (
	"encoding/json"
	"fmt"
	"io"

	"hongbao/reference/wallet"
)

// maxTokenFile bounds a saved token store in bytes: MaxHeld tokens of at most 2 KiB each.
const maxTokenFile = MaxHeld * 2048

// savedTokens is the file format.
type savedTokens struct {
	App    string       `json:"app"`
	User   int64        `json:"user"`
	Tokens []savedToken `json:"tokens"`
}

type savedToken struct {
	Order    string `json:"order"`
	OpenedUS int64  `json:"opened_us"`
	Sealed   []byte `json:"sealed"`
	Refused  string `json:"refused,omitempty"`
}

// Save writes the token store as JSON. A copied file is harmless: only the tokens' owner benefits from them.
func (p *TokenStore) Save(w io.Writer) error {
	file := savedTokens{App: p.caller.App.String(), User: int64(p.caller.User), Tokens: []savedToken{}}
	for _, h := range p.Tokens() {
		file.Tokens = append(file.Tokens, savedToken{h.Order.String(), int64(h.Opened), h.Sealed, h.Refused})
	}
	if err := json.NewEncoder(w).Encode(file); err != nil {
		return fmt.Errorf("client: token store: %w", err)
	}
	return nil
}

// Load adds the tokens of a saved token store. wallet.ErrInvalid: it is not a saved token store. wallet.ErrNotYours: it belongs to
// another user. After an error nothing is added.
func (p *TokenStore) Load(r io.Reader) error {
	var file savedTokens
	if err := json.NewDecoder(io.LimitReader(r, maxTokenFile)).Decode(&file); err != nil {
		return fmt.Errorf("%w: client: token store: %w", wallet.ErrInvalid, err)
	}
	if app, ok := wallet.ParseApp(file.App); !ok || app != p.caller.App || file.User != int64(p.caller.User) {
		return fmt.Errorf("client: token store: of user %d of %q: %w", file.User, file.App, wallet.ErrNotYours)
	}
	held := make([]Held, len(file.Tokens))
	for i, s := range file.Tokens {
		no, err := wallet.ParseOrderNo(s.Order)
		if err != nil || len(s.Sealed) == 0 {
			return fmt.Errorf("%w: client: token store: token %d", wallet.ErrInvalid, i)
		}
		held[i] = Held{no, wallet.Instant(s.OpenedUS), s.Sealed, s.Refused}
	}
	for _, h := range held {
		p.keep(h)
	}
	return nil
}
