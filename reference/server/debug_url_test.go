package server

// debugURL returns the address of pprof and metrics. Call it after Listen. Empty: no debug listener.
func (s *Server) debugURL() string {
	if s.debug == nil {
		return ""
	}
	return "http://" + s.debug.Addr().String()
}
