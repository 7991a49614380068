package token

import (
	"encoding/json"
	"fmt"
	"io"

	"hongbao/reference/wallet"
)

// maxKeyFile bounds the bytes that LoadKeyring reads. A full ring has about 1,300.
const maxKeyFile = 4096

// keyFile is a ring as stored between runs, so that tokens survive a restart (T8) and instances share their keys. To
// rotate the keys of many instances without refusing a token takes two steps: first give every instance the new
// generation without changing current, then change current.
type keyFile struct {
	Current     keyID     `json:"current"`
	Generations []keySeed `json:"generations"`
}

// keySeed is the secret of one generation; Seed is base64.
type keySeed struct {
	ID   keyID  `json:"id"`
	Seed []byte `json:"seed"`
}

// Save writes the ring with its secrets as JSON. It is the only way to export keys; the operator must protect the file.
// Errors are those of w.
func (k *Keyring) Save(w io.Writer) error {
	f := keyFile{Current: k.sealing().id}
	for _, id := range k.ids() {
		if g, err := k.opening(id); err == nil { // otherwise it was retired meanwhile
			f.Generations = append(f.Generations, keySeed{id, g.seed})
		}
	}
	if err := json.NewEncoder(w).Encode(f); err != nil {
		return fmt.Errorf("token: save keys: %w", err)
	}
	return nil
}

// LoadKeyring reads a file that Save wrote. ErrInvalid: another format, too many generations, a duplicate number, or a
// missing current generation. No error quotes the file.
func LoadKeyring(r io.Reader) (*Keyring, error) {
	var f keyFile
	d := json.NewDecoder(io.LimitReader(r, maxKeyFile))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: key file is not JSON of the expected form", wallet.ErrInvalid)
	}
	if len(f.Generations) > maxGenerations {
		return nil, fmt.Errorf("%w: key file has %d generations, at most %d", wallet.ErrInvalid, len(f.Generations), maxGenerations)
	}
	k := &Keyring{byID: map[keyID]*generation{}}
	for _, s := range f.Generations {
		g, err := newGeneration(s.ID, s.Seed)
		if err != nil {
			return nil, fmt.Errorf("%w: key file: %v", wallet.ErrInvalid, err)
		}
		if _, twice := k.byID[s.ID]; twice || s.ID == 0 {
			return nil, fmt.Errorf("%w: key file: generation %d is zero or occurs twice", wallet.ErrInvalid, s.ID)
		}
		k.byID[s.ID] = g
	}
	current, ok := k.byID[f.Current]
	if !ok {
		return nil, fmt.Errorf("%w: key file: current generation %d is missing", wallet.ErrInvalid, f.Current)
	}
	k.current = current
	return k, nil
}
