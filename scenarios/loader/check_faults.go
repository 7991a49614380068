package loader

import (
	"strings"
	"time"

	"hongbao/scenarios"
)

// minCrashGap bounds how often instances crash: faster than a request is served, nothing would happen but crashes.
const minCrashGap = time.Millisecond

// checkFault looks at one fault: it has the keys of its kind and no others.
func (f *faults) checkFault(in *faultFile) {
	if !in.Kind.ok {
		return
	}
	wants := map[scenarios.FaultKind]string{
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
		wanted := strings.Contains(" "+wants+" ", " "+k.key+" ")
		switch {
		case k.ok && !wanted:
			f.add(k.at, "remove it; this kind takes: "+strings.ReplaceAll(wants, " ", ", "), "a fault of kind %s has no %s", in.Kind.v, k.key)
		case !k.ok && wanted && k.at == (spot{}):
			f.add(in.Kind.at, "this kind takes: "+strings.ReplaceAll(wants, " ", ", "), "key %q is missing", k.key)
		}
	}
	if in.From.ok && in.To.ok && !in.From.v.Before(in.To.v) {
		f.add(in.To.at, "write a moment after "+scenarios.When(in.From.v), "the fault ends before it begins")
	}
	for _, d := range in.Dependencies {
		if d.ok && scenarios.FaultKind(in.Kind.v) == scenarios.FaultFlush && d.v != "tokens" && d.v != "backlog" {
			f.add(d.at, "flush tokens (the backlog goes with them) or backlog; every other store is durable", "%s cannot be flushed", d.v)
		}
	}
	if in.Every.ok && in.Every.v < minCrashGap {
		f.add(in.Every.at, "write how often, such as 3h", "every must be at least %v", minCrashGap)
	}
}

// listPlace returns where the list of dependencies is.
func listPlace(ds []dependencyName) place {
	if len(ds) == 0 {
		return place{}
	}
	return ds[0].place
}
