//go:build !unix

package main

// lockData does nothing where there is no such lock.
func lockData(*serveConfig) (unlock func(), err error) { return func() {}, nil }
