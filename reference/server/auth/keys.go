package auth

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"hongbao/reference/wallet"
)

// keyBytes is the length of new keys. minKey is the shortest accepted key: as long as the hash.
const (
	keyBytes = 32
	minKey   = 32
)

// Bounds of a keys file.
const (
	maxKeysFile  = 1 << 20
	maxPrincipal = 1000 // callers and operators each: they are services and people of one company
)

// Secret is a key's bytes. Every formatting verb prints a placeholder. Only JSON, and so Save, writes the bytes.
type Secret []byte

// String implements fmt.Stringer.
func (Secret) String() string { return "(secret)" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "(secret)" }

// Format implements fmt.Formatter, so that no verb prints the bytes.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "(secret)") }

// LogValue hides the bytes in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Key is a name and its secret.
type Key struct {
	ID     string `json:"id"`
	Secret Secret `json:"key"` // at least 32 bytes; base64 in the file
}

// Scope is what an upstream may do.
type Scope string

// The scopes.
const (
	ScopeGrant Scope = "grant" // give rewards
	ScopeQuery Scope = "query" // query a person, and post what is due
	ScopeBind  Scope = "bind"  // bind a phone to an account: only for the account system, because a phone gives access to a wallet
)

// scopes lists them.
func scopes() []Scope { return []Scope{ScopeGrant, ScopeQuery, ScopeBind} }

// Caller is an upstream service.
type Caller struct {
	Key
	Scopes     []Scope             `json:"scopes"`
	Activities []wallet.ActivityID `json:"activities,omitempty"` // parents it may grant under; empty = all
	Everyday   bool                `json:"everyday,omitempty"`   // its traffic is not the festival's, and has a separate pool (L3)
	Apps       []wallet.App        `json:"apps,omitempty"`       // apps whose users it may name; empty = all. A family's apps have the same users
}

// May returns ErrScope unless the caller has the scope.
func (c *Caller) May(s Scope) error {
	if !slices.Contains(c.Scopes, s) {
		return ErrScope
	}
	return nil
}

// MayName returns ErrScope unless the caller may name users of the app.
func (c *Caller) MayName(a wallet.App) error {
	if len(c.Apps) > 0 && !slices.Contains(c.Apps, a) {
		return ErrScope
	}
	return nil
}

// MayGrant returns ErrScope unless the caller may grant under the parent activity to users of the app.
func (c *Caller) MayGrant(id wallet.ActivityID, a wallet.App) error {
	if len(c.Activities) > 0 && !slices.Contains(c.Activities, id) {
		return ErrScope
	}
	return c.MayName(a)
}

// Role is what an operator may do.
type Role string

// The roles.
const (
	RoleViewer   Role = "viewer"   // reads
	RoleOperator Role = "operator" // changes how the service runs
	RoleAuditor  Role = "auditor"  // reads all records, and audits the budget of lost instances
)

// Operator is a person who runs the service.
type Operator struct {
	Key
	Role Role `json:"role"`
}

// Keys holds all credentials that the server knows.
type Keys struct {
	Callers    []Caller   `json:"callers"`
	Operators  []Operator `json:"operators"`
	SessionKey Secret     `json:"session_key"`
}

// Generate returns new keys for a service that starts for the first time: the caller "demo" with every scope, the
// operators "viewer", "operator" and "auditor", and a session key.
func Generate() Keys {
	key := func(id string) Key { return Key{id, NewSecret()} }
	return Keys{
		Callers: []Caller{{Key: key("demo"), Scopes: scopes()}},
		Operators: []Operator{{key("viewer"), RoleViewer}, {key("operator"), RoleOperator},
			{key("auditor"), RoleAuditor}},
		SessionKey: NewSecret(),
	}
}

// NewSecret returns 32 random bytes.
func NewSecret() Secret {
	b := make(Secret, keyBytes)
	_, _ = rand.Read(b) // never fails
	return b
}

// Caller returns the caller of that name.
func (k *Keys) Caller(id string) (*Caller, bool) {
	for i := range k.Callers {
		if k.Callers[i].ID == id {
			return &k.Callers[i], true
		}
	}
	return nil, false
}

// Operator returns the operator of that name.
func (k *Keys) Operator(id string) (*Operator, bool) {
	for i := range k.Operators {
		if k.Operators[i].ID == id {
			return &k.Operators[i], true
		}
	}
	return nil, false
}

// Validate returns all faults of the keys. None of them contains a key.
func (k *Keys) Validate() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf("auth: keys: "+format, a...)) }
	if len(k.SessionKey) < minKey {
		fault("session_key is shorter than %d bytes", minKey)
	}
	if len(k.Callers) > maxPrincipal || len(k.Operators) > maxPrincipal {
		fault("more than %d callers or operators", maxPrincipal)
	}
	seen := map[string]bool{}
	check := func(key Key) {
		if !goodName(key.ID, maxID) {
			fault("id %q is not 1 to %d letters, digits and ._:-", key.ID, maxID)
		}
		if seen[key.ID] {
			fault("id %q is used twice", key.ID)
		}
		seen[key.ID] = true
		if len(key.Secret) < minKey {
			fault("the key of %q is shorter than %d bytes", key.ID, minKey)
		}
	}
	for _, c := range k.Callers {
		check(c.Key)
		for _, s := range c.Scopes {
			if !slices.Contains(scopes(), s) {
				fault("%q has the unknown scope %q", c.ID, s)
			}
		}
		for _, a := range c.Apps {
			if !a.Valid() {
				fault("%q has the unknown app %d", c.ID, a)
			}
		}
	}
	for _, o := range k.Operators {
		check(o.Key)
		if o.Role != RoleViewer && o.Role != RoleOperator && o.Role != RoleAuditor {
			fault("%q has the unknown role %q", o.ID, o.Role)
		}
	}
	return errors.Join(faults...)
}

// Load reads and validates a keys file. The error contains no key.
func Load(name string) (Keys, error) {
	f, err := os.Open(name)
	if err != nil {
		return Keys{}, fmt.Errorf("auth: keys: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeysFile+1))
	if err != nil {
		return Keys{}, fmt.Errorf("auth: keys: %w", err)
	}
	if len(text) > maxKeysFile {
		return Keys{}, fmt.Errorf("auth: keys: %s is larger than %d bytes", name, maxKeysFile)
	}
	var k Keys
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&k); err != nil {
		return Keys{}, fmt.Errorf("auth: keys: %s is not a keys file: %w", name, err)
	}
	if err := k.Validate(); err != nil {
		return Keys{}, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// Save writes a new keys file that only its owner can read. It never replaces a file: its keys may be in use.
func Save(name string, k Keys) error {
	if err := k.Validate(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fmt.Errorf("auth: keys: %w", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("auth: keys: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}
