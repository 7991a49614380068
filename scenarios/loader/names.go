package loader

import (
	"slices"
	"strings"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// name is a scalar that is one of a few words.
type name struct {
	place
	v string
}

func (n *name) pick(s string, from []string) string {
	if n.v = s; !slices.Contains(from, s) {
		return "is not a known name"
	}
	return ""
}

func (n *name) words(what string, from []string) form {
	return form{what: what, hint: "write one of: " + strings.Join(from, ", "), names: from}
}

type playName struct{ name }

// plays lists the names of the plays.
func plays() []string {
	return []string{string(scenarios.CardCollection), string(scenarios.CardLottery), string(scenarios.Rain), string(scenarios.FriendRain), string(scenarios.Fireworks)}
}

func (n *playName) read(s string) string { return n.pick(s, plays()) }
func (n *playName) form() form           { return n.words("a play", plays()) }

type stageName struct{ name }

// stages lists the names of the stages.
func stages() (names []string) {
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		names = append(names, s.String())
	}
	return names
}

func (n *stageName) read(s string) string { return n.pick(s, stages()) }
func (n *stageName) form() form           { return n.words("a stage", stages()) }

func (n *stageName) stage() wallet.Stage {
	s, _ := wallet.ParseStage(n.v)
	return s
}

type awardName struct{ name }

// awards lists the names of the reward types.
func awards() (names []string) {
	for a := wallet.Cash; a.Valid(); a++ {
		names = append(names, a.String())
	}
	return names
}

func (n *awardName) read(s string) string { return n.pick(s, awards()) }
func (n *awardName) form() form           { return n.words("a reward type", awards()) }

func (n *awardName) award() wallet.AwardType {
	a, _ := wallet.ParseAwardType(n.v)
	return a
}

type kindName struct{ name }

// kinds lists the names of the faults.
func kinds() []string {
	return []string{string(scenarios.FaultTimeout), string(scenarios.FaultDown), string(scenarios.FaultFlush), string(scenarios.FaultCrash), string(scenarios.FaultSkew)}
}

func (n *kindName) read(s string) string { return n.pick(s, kinds()) }
func (n *kindName) form() form           { return n.words("a fault", kinds()) }

type dependencyName struct{ name }

func (n *dependencyName) read(s string) string { return n.pick(s, scenarios.Dependencies) }
func (n *dependencyName) form() form           { return n.words("a dependency", scenarios.Dependencies) }

// sceneName is the id of a scene, as in order numbers (O3).
type sceneName struct {
	place
	v wallet.SceneID
}

func (n *sceneName) read(s string) string {
	if n.v = wallet.SceneID(s); !n.v.Valid() {
		return "is not a well-formed scene id"
	}
	return ""
}

func (*sceneName) form() form {
	return form{what: "a scene id", hint: "write at most 32 lower-case letters, digits and '-'", pattern: `^[a-z0-9-]{1,32}$`}
}
