package rig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	masters = 3     // the fewest that a cluster works with
	slots   = 16384 // of every Redis cluster
)

// Cluster is a Redis cluster of three masters without replicas.
type Cluster struct{ nodes []*Redis }

// StartCluster starts a cluster in the folder and returns once each node serves.
func StartCluster(dir string) (*Cluster, error) {
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

// join gives node i its share of the slots and makes it known to the first.
func (c *Cluster) join(i, bus int) error {
	port := c.nodes[i].port
	commands := []string{
		// Each its own epoch at once: otherwise the nodes argue about it for seconds.
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

// serves wants a node that knows all nodes and finds the cluster whole.
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

// MasterName is what the sentinel calls its master.
const MasterName = "hongbao"

// Sentinel is a redis-server under the eyes of one sentinel: enough to find the master by asking, too little to fail
// over.
type Sentinel struct{ master, watch *Redis }

// StartSentinel starts both in the folder and returns once the sentinel names the master.
func StartSentinel(dir string) (*Sentinel, error) {
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

// Master returns the server under its eyes.
func (s *Sentinel) Master() *Redis { return s.master }

// Stop ends both.
func (s *Sentinel) Stop() {
	for _, r := range []*Redis{s.watch, s.master} {
		if r != nil {
			r.Stop()
		}
	}
}

// downAfter is when the sentinel takes a silent master for dead.
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
			fmt.Sprintf("sentinel monitor %s %s %d 1", MasterName, host, master),
			fmt.Sprintf("sentinel down-after-milliseconds %s %d", MasterName, downAfter.Milliseconds()))
		if err != nil {
			return nil, err
		}
		r := &Redis{data: dir, port: port}
		if r.proc, err = newProcess(dir, "sentinel", RedisServer, file, "--sentinel"); err != nil {
			return nil, err
		}
		return r, r.proc.start(func(pid int) error {
			return errors.Join(r.ready(pid), watches(port))
		})
	})
}

// watches wants a sentinel that has met its master.
func watches(port int) error {
	info, err := ask(port, "INFO sentinel")
	if err == nil && !strings.Contains(info, "name="+MasterName+",status=ok") {
		err = errors.New("the sentinel has not met the master")
	}
	return err
}
