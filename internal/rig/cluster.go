package rig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	masters = 3     // the minimum of a cluster
	slots   = 16384 // of every Redis cluster
)

// Cluster is a Redis cluster of three masters without replicas.
type Cluster struct{ nodes []*Redis }

// startCluster starts a cluster in the folder and returns when each node serves.
func startCluster(dir string) (*Cluster, error) {
	c := &Cluster{}
	for i := range masters {
		bus, err := FreePort()
		if err == nil {
			var r *Redis
			r, err = StartRedis(dir, RedisOptions{Name: fmt.Sprintf("cluster-%d", i+1), Args: []string{
				"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-announce-ip", host}})
			if err == nil {
				c.nodes = append(c.nodes, r)
				err = c.join(i, bus)
			}
		}
		if err != nil {
			c.Stop()
			return nil, err
		}
	}
	for _, r := range c.nodes {
		if err := r.proc.await(func() error { return serves(r.port) }); err != nil {
			c.Stop()
			return nil, fmt.Errorf("rig: cluster: %w\n%s", err, r.proc.tail())
		}
	}
	return c, nil
}

// join assigns node i its share of the slots and introduces it to the first node.
func (c *Cluster) join(i, bus int) error {
	port := c.nodes[i].port
	commands := []string{
		// A different epoch for each node from the start: otherwise the nodes need seconds to agree on them.
		fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1),
		fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", i*slots/masters, (i+1)*slots/masters-1),
	}
	for _, command := range commands {
		if _, err := ask(port, command); err != nil {
			return err
		}
	}
	if i == 0 {
		return nil
	}
	_, err := ask(c.nodes[0].port, fmt.Sprintf("CLUSTER MEET %s %d %d", host, port, bus))
	return err
}

// serves returns nil if the node knows all nodes and reports the cluster as complete.
func serves(port int) error {
	info, err := ask(port, "CLUSTER INFO")
	if err != nil {
		return err
	}
	for _, want := range []string{"cluster_state:ok", fmt.Sprintf("cluster_known_nodes:%d", masters), fmt.Sprintf("cluster_size:%d", masters)} {
		if !strings.Contains(info, want+"\r\n") {
			return fmt.Errorf("no %s", want)
		}
	}
	return nil
}

// Addrs returns host:port of each node.
func (c *Cluster) Addrs() []string {
	var all []string
	for _, r := range c.nodes {
		all = append(all, r.Addr())
	}
	return all
}

// Stop ends all nodes.
func (c *Cluster) Stop() {
	for _, r := range c.nodes {
		r.Stop()
	}
}

// masterName is the name of the master in the sentinel.
const masterName = "hongbao"

// Sentinel is a redis-server that is monitored by one sentinel. Clients can find the master through it, but one sentinel is
// too few for a failover.
type Sentinel struct{ master, watch *Redis }

// startSentinel starts both in the folder and returns when the sentinel names the master.
func startSentinel(dir string) (*Sentinel, error) {
	master, err := StartRedis(dir, RedisOptions{Name: "master"})
	if err != nil {
		return nil, err
	}
	s := &Sentinel{master: master}
	if s.watch, err = startWatch(dir, master.port); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Addr returns host:port of the sentinel.
func (s *Sentinel) Addr() string { return s.watch.Addr() }

// Master returns the monitored server.
func (s *Sentinel) Master() *Redis { return s.master }

// Stop ends both.
func (s *Sentinel) Stop() {
	for _, r := range []*Redis{s.watch, s.master} {
		if r != nil {
			r.Stop()
		}
	}
}

// downAfter is the time after which the sentinel considers an unreachable master as down.
const downAfter = 5 * time.Second

func startWatch(dir string, master int) (*Redis, error) {
	return started(func() (*Redis, error) {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		file, err := writeFile(dir, "sentinel.conf",
			"bind "+host,
			fmt.Sprintf("port %d", port),
			fmt.Sprintf("sentinel monitor %s %s %d 1", masterName, host, master),
			fmt.Sprintf("sentinel down-after-milliseconds %s %d", masterName, downAfter.Milliseconds()))
		if err != nil {
			return nil, err
		}
		r := &Redis{server{data: dir, port: port}}
		if r.proc, err = NewProgram(dir, "sentinel", RedisServer, file, "--sentinel"); err != nil {
			return nil, err
		}
		return r, r.proc.start(func(pid int) error {
			return errors.Join(r.ready(pid), watches(port))
		})
	})
}

// watches returns nil if the sentinel has connected to its master.
func watches(port int) error {
	info, err := ask(port, "INFO sentinel")
	if err == nil && !strings.Contains(info, "name="+masterName+",status=ok") {
		err = errors.New("the sentinel has not connected to the master")
	}
	return err
}
