package loader

import (
	"slices"
	"strings"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// word is a scalar that is one of the words of the vocabulary V.
type word[V vocabulary] struct{ value[string] }

// vocabulary lists the allowed words and describes one of them.
type vocabulary interface {
	words() (what string, all []string)
}

func (n *word[V]) read(s string) string {
	n.v = s
	if !slices.Contains(n.form().names, s) {
		return "is not a known name"
	}
	return ""
}

func (*word[V]) form() form {
	var list V
	what, all := list.words()
	return form{what: what, hint: "write one of: " + strings.Join(all, ", "), names: all}
}

// The vocabularies.
type (
	plays        struct{}
	stages       struct{}
	awards       struct{}
	kinds        struct{}
	dependencies struct{}
	switches     struct{}
	operations   struct{}
	seconds      struct{}
	totalFaults  struct{}
	couponFaults struct{}
)

func (plays) words() (string, []string) {
	return "a play", wordsOf(scenarios.CardCollection, scenarios.CardLottery, scenarios.Rain, scenarios.FriendRain, scenarios.Fireworks)
}

func (stages) words() (what string, all []string) {
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		all = append(all, s.String())
	}
	return "a stage", all
}

func (awards) words() (what string, all []string) {
	for a := wallet.Cash; a.Valid(); a++ {
		all = append(all, a.String())
	}
	return "a reward type", all
}

func (kinds) words() (string, []string) {
	return "a fault", wordsOf(scenarios.FaultTimeout, scenarios.FaultDown, scenarios.FaultFlush, scenarios.FaultCrash, scenarios.FaultSkew)
}

func (totalFaults) words() (string, []string) {
	return "a fault of the running total", wordsOf(scenarios.FaultTimeout, scenarios.FaultDown, scenarios.FaultCrash)
}

func (couponFaults) words() (string, []string) {
	return "a fault of coupons", wordsOf(scenarios.FaultTimeout, scenarios.FaultCrash, scenarios.FaultFailover)
}

func (dependencies) words() (string, []string) { return "a dependency", scenarios.Dependencies }
func (switches) words() (string, []string) {
	return "a degrade switch", wordsOf(wallet.AllSwitches()...)
}
func (operations) words() (string, []string) { return "an operation", scenarios.Operations() }
func (seconds) words() (string, []string)    { return "a second", []string{"busiest"} }

func wordsOf[T ~string](ts ...T) (all []string) {
	for _, t := range ts {
		all = append(all, string(t))
	}
	return all
}

// stageOf returns the stage of that name, or the zero stage.
func stageOf(n word[stages]) wallet.Stage {
	s, _ := wallet.ParseStage(n.v)
	return s
}

// awardOf returns the reward type of that name, or the zero type.
func awardOf(n word[awards]) wallet.AwardType {
	a, _ := wallet.ParseAwardType(n.v)
	return a
}

// sceneName is the id of a scene, as in order numbers (O3).
type sceneName struct{ value[wallet.SceneID] }

func (n *sceneName) read(s string) string {
	if n.v = wallet.SceneID(s); !n.v.Valid() {
		return "is not a well-formed scene id"
	}
	return ""
}

func (*sceneName) form() form {
	return form{what: "a scene id", hint: "write at most 32 lower-case letters, digits and '-'", pattern: `^[a-z0-9-]{1,32}$`}
}
