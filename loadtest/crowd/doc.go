// Package crowd implements the people of a scenario in real time: the plan of what each of them does when, the requests to
// the target, the judgement of every answer by the oracle, and the audit afterwards.
//
// Units: fen, Unix microseconds, people as dense indexes from 0; times of the plan count from its start. The plan is a pure
// function of scenario and seed and does not depend on answers, so the load stays open: a slow answer delays nothing else.
// The package must not know how a wallet works: it uses the wallet as an app would, through the client, and an answer that
// violates a check counts as failed.
package crowd
