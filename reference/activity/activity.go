// Package activity finds the configuration under which a reward is granted: the tree of activity → reward types →
// rewards → scenes (O1), and the child activity that a moment belongs to (A1, A2).
//
// An Index of one tree is immutable; a new tree makes a new Index, which replaces the old one as a whole. The package
// has no orders, no money and no clock: the caller passes the moment.
package activity

import (
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Index finds children and scenes of one valid tree.
type Index struct {
	parent   wallet.ActivityID
	children []wallet.Child // ordered by From
	scenes   map[sceneKey]*Scene
}

type sceneKey struct {
	stage wallet.Stage
	scene wallet.SceneID
}

// Scene is a scene with its child activity, reward type and reward.
type Scene struct {
	wallet.Scene
	Child  *wallet.Child
	Award  wallet.AwardType
	Reward wallet.RewardID
}

// New returns the index of a tree. Errors are those of Validate.
func New(a wallet.Activity) (*Index, error) {
	if err := Validate(a); err != nil {
		return nil, err
	}
	x := &Index{parent: a.Parent, children: slices.Clone(a.Children), scenes: map[sceneKey]*Scene{}}
	slices.SortFunc(x.children, func(p, q wallet.Child) int { return int(min(max(p.From-q.From, -1), 1)) })
	for i := range x.children {
		c := &x.children[i]
		for _, t := range c.Rewards {
			for _, r := range t.Rewards {
				for _, s := range r.Scenes {
					x.scenes[sceneKey{c.Stage, s.ID}] = &Scene{s, c, t.Type, r.ID}
				}
			}
		}
	}
	return x, nil
}

// Child returns the child activity that the moment belongs to. wallet.ErrNoActivity: there is none.
func (x *Index) Child(at wallet.Instant) (*wallet.Child, error) {
	for i := range x.children {
		if c := &x.children[i]; c.From <= at && at < c.To {
			return c, nil
		}
	}
	return nil, wallet.ErrNoActivity
}

// Stage returns the child activity of a stage. wallet.ErrNoActivity: there is none.
func (x *Index) Stage(s wallet.Stage) (*wallet.Child, error) {
	for i := range x.children {
		if c := &x.children[i]; c.Stage == s {
			return c, nil
		}
	}
	return nil, wallet.ErrNoActivity
}

// Children returns the children by time. The caller must not change them.
func (x *Index) Children() []wallet.Child { return x.children }

// Scene returns the scene under which an upstream's request is granted. Upstreams name the parent (O4); the moment of
// the win decides the child. Errors: wallet.ErrNoActivity, wallet.ErrUnknownScene, and wallet.ErrInvalid if the scene
// belongs to another reward type.
func (x *Index) Scene(parent wallet.ActivityID, id wallet.SceneID, award wallet.AwardType, at wallet.Instant) (*Scene, error) {
	if parent != x.parent {
		return nil, fmt.Errorf("%w: activity %q", wallet.ErrNoActivity, parent)
	}
	c, err := x.Child(at)
	if err != nil {
		return nil, err
	}
	s, err := x.SceneOf(c.Stage, id)
	if err != nil {
		return nil, err
	}
	if s.Award != award {
		return nil, fmt.Errorf("%w: scene %s grants %s, not %s", wallet.ErrInvalid, id, s.Award, award)
	}
	return s, nil
}

// SceneOf returns the scene with that id in a stage. wallet.ErrUnknownScene: there is none.
func (x *Index) SceneOf(s wallet.Stage, id wallet.SceneID) (*Scene, error) {
	if sc := x.scenes[sceneKey{s, id}]; sc != nil {
		return sc, nil
	}
	return nil, wallet.ErrUnknownScene
}

// Each calls visit for every scene, by child and then in the tree's order.
func (x *Index) Each(visit func(*Scene)) {
	for i := range x.children {
		c := &x.children[i]
		for _, t := range c.Rewards {
			for _, r := range t.Rewards {
				for _, s := range r.Scenes {
					visit(x.scenes[sceneKey{c.Stage, s.ID}])
				}
			}
		}
	}
}
