package loader

import (
	"fmt"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

type runningTotalFile struct {
	place
	Writers     number           `json:"writers" jsonschema:"Instances that grant (R3)."`
	Readers     number           `json:"readers" jsonschema:"Instances that show the total (R3)."`
	Writes      rate             `json:"writes" jsonschema:"Grants a second, all writers together (R1)."`
	Reads       rate             `json:"reads" jsonschema:"Reads a second, all readers together (R1)."`
	Amount      []band           `json:"amount_fen" jsonschema:"Amounts of a grant: ranges and their weights."`
	Before      fen              `json:"before_fen" jsonschema:"Granted before the first round; errors are relative to this sum plus the grants of the rounds."`
	Interval    span             `json:"interval" jsonschema:"Between two flushes of a writer, and between two reads of a reader."`
	Latency     quantilesFile    `json:"latency" jsonschema:"Of a call to Redis, each way."`
	Timeout     span             `json:"timeout" jsonschema:"How long a caller waits for Redis."`
	KeyRate     rate             `json:"key_rate" jsonschema:"Calls a second that Redis answers on one key (R2)."`
	SwitchAfter span             `json:"switch_after" jsonschema:"From the primary's failure until operators move reads to the backup (R4)."`
	Rest        span             `json:"rest" jsonschema:"Time after each round without grants, in which the error that the round left is measured."`
	Rounds      []totalRoundFile `json:"rounds" jsonschema:"Rounds of grants, one after the other."`
}

type totalRoundFile struct {
	place
	Name    text              `json:"name" jsonschema:"The name of the round."`
	Takes   span              `json:"takes" jsonschema:"Duration of the grants."`
	Fault   word[totalFaults] `json:"fault,omitempty" jsonschema:"timeout of calls, down (the primary, which restarts empty), or crash of writers; omitted: no fault."`
	After   span              `json:"after,omitempty" jsonschema:"Time from the start of the round to the fault."`
	For     span              `json:"for,omitempty" jsonschema:"Duration of the fault; for crash: the period in which the writers crash."`
	Ratio   share             `json:"ratio,omitempty" jsonschema:"timeout: share of the calls that get no answer; crash: share of the writers."`
	Applied share             `json:"applied,omitempty" jsonschema:"timeout: share of the unanswered calls that take effect."`
}

// runningTotal returns the comparison, or nil if the file has none.
func (f *file) runningTotal() *scenarios.RunningTotal {
	in := &f.RunningTotal
	if !in.ok {
		return nil
	}
	out := &scenarios.RunningTotal{Writers: int(in.Writers.v), Readers: int(in.Readers.v), Writes: in.Writes.v, Reads: in.Reads.v,
		Before: in.Before.v, Interval: in.Interval.v, Latency: in.Latency.latency(), Amount: each(in.Amount, band.get),
		Timeout: in.Timeout.v, KeyRate: in.KeyRate.v, SwitchAfter: in.SwitchAfter.v, Rest: in.Rest.v}
	for _, r := range in.Rounds {
		out.Rounds = append(out.Rounds, scenarios.TotalRound{Name: r.Name.v, Takes: r.Takes.v, Fault: scenarios.FaultKind(r.Fault.v),
			After: r.After.v, For: r.For.v, Ratio: r.Ratio.ratio(), Applied: r.Applied.ratio()})
	}
	return out
}

// checkRunningTotal checks the comparison of running totals, if there is one.
func (f *faults) checkRunningTotal(in *runningTotalFile) {
	if !in.ok {
		return
	}
	f.checkCounts("write the number", []count{{in.Writers, maxInstances}, {in.Readers, maxInstances}})
	f.checkRates(in.Writes, in.Reads, in.KeyRate)
	f.checkLengths(in.Interval, in.Timeout, in.Rest)
	// A flush to two stores may wait for two timeouts, late effects arrive within four more, and then every instance flushes and
	// reads once again.
	least := 4*in.Interval.v + 8*in.Timeout.v
	f.refuse(in.Rest.place, in.Interval.ok && in.Timeout.ok && in.Rest.v < least, "write at least four intervals plus eight timeouts, so that open calls have ended: "+least.String(),
		"a rest of %v is too short to measure the error that a round left", in.Rest.v)
	for _, b := range in.Amount {
		f.refuse(b.place, b.v.Max > maxSingleCap, "write the amounts of red packets", "an amount is above %d fen", int64(maxSingleCap))
	}
	f.refuse(in.Before.place, in.Before.v > maxBefore, "write the sum that earlier rounds granted", "the sum is above %d fen", int64(maxBefore))
	f.checkLatency(&latencyFile{Client: in.Latency})
	if len(in.Rounds) > scenarios.MaxTotalRounds {
		f.add(in.Rounds[scenarios.MaxTotalRounds].at, "keep the most important ones", "more than %d rounds", scenarios.MaxTotalRounds)
	}
	whole := true
	for i := range in.Rounds {
		f.checkTotalRound(&in.Rounds[i])
		whole = whole && in.Rounds[i].Takes.ok
	}
	if whole && in.Writes.ok && in.Interval.ok && in.Interval.v > 0 && in.Writers.ok && in.Readers.ok {
		f.checkTotalSize(in)
	}
}

// maxBefore leaves room in Money for the grants of the rounds.
const maxBefore = wallet.Money(1 << 60)

// checkTotalRound checks one round: its fault is within the round and has exactly the keys of its kind.
func (f *faults) checkTotalRound(in *totalRoundFile) {
	kindKeys := map[scenarios.FaultKind]string{scenarios.FaultTimeout: "after for ratio applied", scenarios.FaultDown: "after for", scenarios.FaultCrash: "after for ratio"}[scenarios.FaultKind(in.Fault.v)]
	if in.Fault.at != (spot{}) && !in.Fault.ok {
		return
	}
	f.checkKeys(in.Fault.place, in.Fault.v, kindKeys, "", []key{{"after", in.After.place}, {"for", in.For.place}, {"ratio", in.Ratio.place}, {"applied", in.Applied.place}})
	f.refuse(in.Takes.place, in.Takes.v == 0, "write the duration of the grants, such as 15s", "the duration of the round is zero")
	f.refuse(in.For.place, in.After.ok && in.Takes.ok && in.After.v+in.For.v > in.Takes.v, "write a fault that ends within the round", "the fault ends after its round of %v", in.Takes.v)
}

// checkTotalSize refuses a comparison that would take too long.
func (f *faults) checkTotalSize(in *runningTotalFile) {
	const hint = "write fewer rounds, shorter ones, or smaller figures"
	takes, length := time.Duration(0), time.Duration(0)
	for _, r := range in.Rounds {
		takes, length = takes+r.Takes.v, length+r.Takes.v+in.Rest.v
	}
	grants := float64(in.Writes.v.Num) / float64(in.Writes.v.Den) * takes.Seconds()
	calls := float64(in.Writers.v+in.Readers.v) * float64(length) / float64(in.Interval.v)
	for _, n := range []struct {
		of   float64
		most float64
		what string
	}{{grants, scenarios.MaxTotalGrants, "grants"}, {calls, scenarios.MaxTotalCalls, "calls to Redis"}} {
		f.refuse(in.place, n.of > n.most, hint, "%s are more than %s", fmt.Sprintf("%.0f %s", n.of, n.what), fmt.Sprintf("%.0f", n.most))
	}
}
