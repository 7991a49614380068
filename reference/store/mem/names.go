package mem

import (
	"fmt"
	"math"
	"unsafe"

	"hongbao/reference/wallet"
)

// names interns recurring values to small numbers from 1; 0 means unset. Values are never removed, so limit bounds it.
type names[K comparable] struct {
	limit  int
	ids    map[K]uint16
	all    []K // all[id-1]
	recent K   // the value found last: in a rain, nearly every call has the same one
	id     uint16
}

func newNames[K comparable](limit int) names[K] {
	return names[K]{limit: limit, ids: make(map[K]uint16)}
}

func (n *names[K]) find(k K) uint16 {
	if n.id != 0 && n.recent == k {
		return n.id
	}
	id := n.ids[k]
	if id != 0 {
		n.recent, n.id = k, id
	}
	return id
}

func (n *names[K]) name(id uint16) K { return n.all[id-1] }

// add returns the number of k, and assigns a new one if needed. ErrOverloaded when all numbers are used.
func (n *names[K]) add(k K) (uint16, error) {
	if id := n.find(k); id != 0 {
		return id, nil
	}
	if len(n.all) == n.limit {
		return 0, fmt.Errorf("mem: %d different names are in use: %w", n.limit, wallet.ErrOverloaded)
	}
	n.all = append(n.all, k)
	n.ids[k] = uint16(len(n.all))
	return uint16(len(n.all)), nil
}

// Bytes counts the list and the map's slots, which are at least 7/16 full.
func (n *names[K]) Bytes() int64 {
	var k K
	size := int64(unsafe.Sizeof(k))
	return int64(cap(n.all))*size + int64(len(n.ids))*(size+3)*16/7
}

// kind is an order number without its owner: one scene in one rain of one stage.
type kind struct {
	scene wallet.SceneID
	rain  int32
	award wallet.AwardType
	stage wallet.Stage
}

// maxKinds bounds the kinds of one store. A festival has some dozens; the bound limits a kind to two bytes in each
// record.
const maxKinds = math.MaxUint16

// kinds interns order numbers.
type kinds struct{ names[kind] }

func newKinds() kinds { return kinds{newNames[kind](maxKinds)} }

func kindOf(no wallet.OrderNo) kind { return kind{no.Scene, no.Rain, no.Award, no.Stage} }

// of returns the kind of an order number, or 0 if the kind is not interned.
func (k *kinds) of(no wallet.OrderNo) uint16 { return k.find(kindOf(no)) }

// intern returns the kind of an order number that will be stored. ErrInvalid for a malformed number, ErrOverloaded for
// one kind too many.
func (k *kinds) intern(no wallet.OrderNo) (uint16, error) {
	if id := k.of(no); id != 0 {
		return id, checkOwner(no.ActID) // the rest of the number was checked when its kind was first seen
	}
	if err := no.Validate(); err != nil {
		return 0, err
	}
	if err := checkOwner(no.ActID); err != nil {
		return 0, err
	}
	return k.add(kindOf(no))
}

// no returns the order number of an owner and a kind.
func (k *kinds) no(owner wallet.ActID, id uint16) wallet.OrderNo {
	n := k.name(id)
	return wallet.OrderNo{ActID: owner, Scene: n.scene, Rain: n.rain, Award: n.award, Stage: n.stage}
}

// stage returns the stage of a kind.
func (k *kinds) stage(id uint16) wallet.Stage { return k.all[id-1].stage }
