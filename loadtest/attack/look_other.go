//go:build !unix

package attack

import "net"

// look cannot look here: a connection that its target closed is found out by using it.
type look struct{}

func newLook(net.Conn) look { return look{} }

func (look) quiet(bool) bool { return true }
