package server

import (
	_ "embed"
	"html/template"
	"io"
	"net/http"
)

// openAPI is generated from the schema by TestOpenAPI -update.
//
//go:embed openapi.json
var openAPI string

//go:embed index.html
var indexHTML string

// newPages returns the handler of all pages besides the API.
func (s *Server) newPages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if missing := s.missing.Load(); missing != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "not ready: "+*missing+"\n")
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, openAPI)
	})
	index := template.Must(template.New("index").Parse(indexHTML))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = index.Execute(w, s.livePaths()) // fails only if the client disconnected
	})
	mux.HandleFunc("POST /callbacks/{award}", s.callback)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.write(w, r, errNoMethod) })
	return mux
}

// livePaths lists the API's methods for the index page.
func (s *Server) livePaths() []string {
	var paths []string
	for _, m := range methods() {
		if s.endpoints[m.path].live {
			paths = append(paths, m.path)
		}
	}
	return paths
}
