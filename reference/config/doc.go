// Package config provides switches and settings at run time: a cache of a config centre that works through the centre's
// failures and through a restart (D1: a weak dependency).
//
// The package makes no decisions: it reports what was read last, and when. Amounts are in fen.
package config
