// Package degrade turns parts of the service off (D1–D4): the catalogue of the 26 switches and of the systems they stand
// before, the set of those that are on, and breakers that trip by themselves.
//
// Reading a switch costs no call and no lock. Time comes from the clock's port, so everything here runs in virtual time.
// The package decides nothing about money: each capability asks its own switches, and says what it does then.
package degrade
