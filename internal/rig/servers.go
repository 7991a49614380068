package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// The environment variables with the addresses of the servers. A test that needs one skips if it is not set.
const (
	EnvRedis    = "HONGBAO_REDIS"         // host:port
	EnvCluster  = "HONGBAO_REDIS_CLUSTER" // host:port of each node, comma-separated
	EnvSentinel = "HONGBAO_SENTINEL"      // host:port/master's name
	EnvMySQL    = "HONGBAO_MYSQL"         // data source name of go-sql-driver, without a database
)

// The kinds of server for Start.
const (
	kindRedis    = "redis"
	kindCluster  = "cluster"
	kindSentinel = "sentinel"
	kindMariaDB  = "mariadb"
)

// Kinds returns all kinds of server.
func Kinds() []string { return []string{kindRedis, kindCluster, kindSentinel, kindMariaDB} }

// Servers are servers that run at the same time.
type Servers struct {
	dir   string
	mu    sync.Mutex
	env   []string
	stops []func()
}

// Start starts one server of each kind in the folder, concurrently. After an error none runs.
func Start(dir string, kinds ...string) (*Servers, error) {
	if err := needFor(kinds); err != nil {
		return nil, err
	}
	s := &Servers{dir: dir}
	faults := make([]error, len(kinds))
	var all sync.WaitGroup
	for i, kind := range kinds {
		all.Go(func() { faults[i] = s.start(kind) })
	}
	all.Wait()
	slices.Sort(s.env)
	if err := errors.Join(faults...); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// needFor checks that the programs for the kinds are installed.
func needFor(kinds []string) error {
	var programs []string
	for _, kind := range kinds {
		switch kind {
		case kindRedis, kindCluster, kindSentinel:
			programs = append(programs, RedisServer)
		case kindMariaDB:
			programs = append(programs, mariaDBServer, mariaDBInstaller)
		default:
			return fmt.Errorf("rig: unknown server %q: the kinds are %s", kind, strings.Join(Kinds(), ", "))
		}
	}
	slices.Sort(programs)
	return Need(slices.Compact(programs)...)
}

func (s *Servers) start(kind string) error {
	switch kind {
	case kindRedis:
		r, err := StartRedis(s.dir, RedisOptions{})
		if err != nil {
			return err
		}
		s.keep(r.Stop, EnvRedis, r.Addr())
	case kindCluster:
		c, err := startCluster(s.dir)
		if err != nil {
			return err
		}
		s.keep(c.Stop, EnvCluster, strings.Join(c.Addrs(), ","))
	case kindSentinel:
		w, err := startSentinel(s.dir)
		if err != nil {
			return err
		}
		s.keep(w.Stop, EnvSentinel, w.Addr()+"/"+masterName)
	case kindMariaDB:
		m, err := StartMariaDB(s.dir, MariaDBOptions{})
		if err != nil {
			return err
		}
		s.keep(m.Stop, EnvMySQL, m.DSN())
	}
	return nil
}

func (s *Servers) keep(stop func(), name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, stop)
	s.env = append(s.env, name+"="+value)
}

// Env returns NAME=value of each server, ascending.
func (s *Servers) Env() []string { return slices.Clone(s.env) }

// Stop ends all servers.
func (s *Servers) Stop() {
	for _, stop := range s.stops {
		stop()
	}
	s.stops = nil
}

// RemoveData removes the servers' data but not their logs.
func (s *Servers) RemoveData() error { return removeData(s.dir) }

func removeData(dir string) error {
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.IsDir() {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
