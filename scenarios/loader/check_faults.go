package loader

import (
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
	for _, k := range []struct {
		key string
		place
	}{{"from", in.From.place}, {"to", in.To.place}, {"ratio", in.Ratio.place}, {"applied", in.Applied.place},
		{"every", in.Every.place}, {"for", in.For.place}, {"skew", in.Skew.place}, {"dependencies", listPlace(in.Dependencies)}} {
		required := strings.Contains(" "+kindKeys+" ", " "+k.key+" ")
		switch {
		case k.ok && !required:
			f.add(k.at, "remove it; the keys of this kind are: "+strings.ReplaceAll(kindKeys, " ", ", "), "a fault of kind %s has no %s", in.Kind.v, k.key)
		case !k.ok && required && k.at == (spot{}):
			f.add(in.Kind.at, "the keys of this kind are: "+strings.ReplaceAll(kindKeys, " ", ", "), "key %q is missing", k.key)
		}
	}
	if in.From.ok && in.To.ok && !in.From.v.Before(in.To.v) {
		f.add(in.To.at, "write a moment after "+scenarios.When(in.From.v), "the fault ends before it begins")
	}
	for _, d := range in.Dependencies {
		if d.ok && scenarios.FaultKind(in.Kind.v) == scenarios.FaultFlush && d.v != "tokens" && d.v != "backlog" {
			f.add(d.at, "flush tokens (which also flushes the backlog) or backlog; all other stores are durable", "%s cannot be flushed", d.v)
		}
	}
	if in.Every.ok && in.Every.v < minCrashGap {
		f.add(in.Every.at, "write the interval between crashes, such as 3h", "every must be at least %v", minCrashGap)
	}
}

// listPlace returns the place of the list of dependencies.
func listPlace(ds []dependencyName) place {
	if len(ds) == 0 {
		return place{}
	}
	return ds[0].place
}
