// Package degrade turns parts of the service off (D1–D4): the catalogue of the 26 switches and of the dependencies that
// they belong to, the set of switches that are on, and circuit breakers.
//
// Reading a switch costs no call and no lock. Time comes from wallet.Clock, so the package runs in virtual time too. It
// decides nothing about money: each capability reads its own switches and decides what it does then.
package degrade
