package loader

import (
	"slices"
	"strings"
	"time"

	"hongbao/scenarios"
)

// minCrashGap is the smallest interval between crashes. With shorter intervals no request would ever complete.
const minCrashGap = time.Millisecond

// checkFault checks that a fault has exactly the keys of its kind.
func (f *faults) checkFault(in *faultFile) {
	if !in.Kind.ok {
		return
	}
	kindKeys := map[scenarios.FaultKind]string{
		scenarios.FaultTimeout: "dependencies from to ratio applied",
		scenarios.FaultDown:    "dependencies from to",
		scenarios.FaultFlush:   "dependencies from",
		scenarios.FaultCrash:   "from to every for",
		scenarios.FaultSkew:    "skew",
	}[scenarios.FaultKind(in.Kind.v)]
	f.checkKeys(in.Kind.place, in.Kind.v, kindKeys, "", []key{{"from", in.From.place}, {"to", in.To.place}, {"ratio", in.Ratio.place}, {"applied", in.Applied.place},
		{"every", in.Every.place}, {"for", in.For.place}, {"skew", in.Skew.place}, {"dependencies", listPlace(in.Dependencies)}})
	f.refuse(in.To.place, in.From.ok && !in.From.v.Before(in.To.v), "write a moment after "+scenarios.When(in.From.v), "the fault ends before it begins")
	for _, d := range in.Dependencies {
		if scenarios.FaultKind(in.Kind.v) == scenarios.FaultFlush {
			f.refuse(d.place, d.v != "tokens" && d.v != "backlog", "flush tokens (which also flushes the backlog) or backlog; all other stores are durable", "%s cannot be flushed", d.v)
		}
	}
	f.refuse(in.Every.place, in.Every.v < minCrashGap, "write the interval between crashes, such as 3h", "every must be at least %v", minCrashGap)
}

// key is an optional key of a fault, and its place.
type key struct {
	name string
	place
}

// checkKeys checks that the keys of a fault are the required ones of its kind, separated by spaces. always is the key
// that all kinds have, or ""; it is not in all.
func (f *faults) checkKeys(kind place, of string, required, always string, all []key) {
	hint := "the keys of this kind are: " + strings.Join(strings.Fields(always+" "+required), ", ")
	for _, k := range all {
		switch needed := slices.Contains(strings.Fields(required), k.name); {
		case k.ok && !needed && required == "":
			f.add(k.at, "remove it, or add a fault", "a round without a fault has no %s", k.name)
		case k.ok && !needed:
			f.add(k.at, "remove it; "+hint, "a fault of kind %s has no %s", of, k.name)
		case !k.ok && needed && k.at == (spot{}):
			f.add(kind.at, hint, "key %q is missing", k.name)
		}
	}
}

// listPlace returns the place of the list of dependencies.
func listPlace(ds []word[dependencies]) place {
	if len(ds) == 0 {
		return place{}
	}
	return ds[0].place
}
