// Package config is where switches and settings come from at run time: a config centre in a file, for one instance, and a
// cache of any centre that is good through its failures and through a restart (D1: a weak dependency).
//
// The package decides nothing: it says what was read last, and when. Amounts are in fen.
package config
