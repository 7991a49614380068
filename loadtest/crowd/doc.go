// Package crowd is the people of a scenario in real time: what each of them does when, sent over the wire, every answer
// judged by the oracle as it comes, and the audit afterwards.
//
// Units: fen, Unix microseconds, people as dense indexes from 0; moments of the plan count from its start. The plan is a
// pure function of scenario and seed and knows no answer, so the load stays open: whoever waits for an answer delays
// nobody. It must not know how a wallet works: it speaks to it as anybody's apps would, through the client, and takes no
// answer for good that the oracle holds against it.
package crowd
