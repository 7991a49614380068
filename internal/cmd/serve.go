package cmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
	"hongbao/scenarios/loader"
)

func serveCommand() *cobra.Command {
	var file string
	c := open.Default()
	var redisAddrs, dsns []string
	var cluster bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference wallet as a service",
		Long: `Runs one instance of the reference wallet. Told nothing else, it keeps everything in this process and in --data: one
command, and what was acknowledged survives a kill. With --redis and --mysql, or a configuration file, several instances
share real stores.

SIGTERM or Ctrl-C ends it cleanly: it answers what it has, posts what is held, and leaves.`,
		Example: `  hongbao serve
  hongbao serve --data /var/lib/hongbao --listen 0.0.0.0:8080
  hongbao serve --redis 10.0.0.5:6379 --mysql env:WALLET_DSN --instance a
  hongbao serve --config hongbao.yaml`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&file, "config", "", "read this YAML file; flags win over it")
	f.String("listen", c.Listen, "address of the API")
	f.String("debug", c.Debug, "address of metrics and profiles; empty for none")
	f.String("data", c.Data, "folder of keys, and of the embedded stores")
	f.String("instance", c.Instance, "name of this instance among those that share stores")
	f.String("strategy", c.Strategy, "how cash is posted: sync, async or token")
	f.String("scenario", c.Scenario, "scenario file whose rewards, budget and cap are granted (default: a small one that is built in)")
	f.String("keys", c.Keys, "file of callers' and operators' keys (default DATA/keys.json)")
	f.String("token-keys", c.TokenKeys, "file of the keys of clients' tokens (default DATA/token-keys.json)")
	f.String("tls-cert", "", "certificate file; with --tls-key the API speaks TLS")
	f.String("tls-key", "", "key file of the certificate")
	f.StringSliceVar(&redisAddrs, "redis", nil, "address of Redis, or of some nodes of a cluster; with --mysql")
	f.BoolVar(&cluster, "redis-cluster", false, "the addresses of --redis are a cluster's")
	f.StringArrayVar(&dsns, "mysql", nil, "data source of a shard, as USER:PASSWORD@tcp(HOST:PORT)/DATABASE or env:NAME; once for each; with --redis")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if file != "" {
			if err := open.ReadConfig(file, &c); err != nil {
				return err
			}
		}
		for name, to := range map[string]*string{
			"listen": &c.Listen, "debug": &c.Debug, "data": &c.Data, "instance": &c.Instance, "strategy": &c.Strategy, "scenario": &c.Scenario,
			"keys": &c.Keys, "token-keys": &c.TokenKeys, "tls-cert": &c.TLS.Cert, "tls-key": &c.TLS.Key,
		} {
			if f.Changed(name) {
				*to = f.Lookup(name).Value.String()
			}
		}
		if c.Redis.Main == nil && (f.Changed("redis") || f.Changed("redis-cluster")) {
			c.Redis.Main = &open.RedisEndpoint{}
		}
		if f.Changed("redis") { // the file's password stays
			c.Redis.Main.Addrs = redisAddrs
		}
		if f.Changed("redis-cluster") {
			c.Redis.Main.Cluster = cluster
		}
		if len(dsns) > 0 {
			c.MySQL.DSNs = dsns
		}
		return runService(cmd.Context(), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	return cmd
}

// gcPercent lets garbage grow to three times the live heap before it is collected: the service keeps little, and makes
// much short-lived garbage. GOGC in the environment wins.
const gcPercent = 300

// runService runs an instance until ctx ends.
func runService(ctx context.Context, c open.Config, out, logs io.Writer) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	var err error
	if c.Activity, err = servedActivity(c.Scenario); err != nil {
		return err
	}
	c.Log = slog.New(slog.NewTextHandler(logs, nil))
	s, err := open.New(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Listen(); err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on %s\n", s.URL())
	if err := s.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "stopped; nothing is held")
	return nil
}

// servedActivity returns the activity that a service grants by: the official stage of a scenario, without its calendar,
// because the service runs now and the scenario's festival was in 2022. "" is the activity that is built in.
func servedActivity(file string) (wallet.Activity, error) {
	if file == "" {
		return open.BuiltInActivity(), nil
	}
	s, err := loader.Load(file)
	if err != nil {
		return wallet.Activity{}, as(errUsage, err)
	}
	a, ok := open.StageOf(s.Activity, wallet.Official)
	if !ok {
		return wallet.Activity{}, usage("%s has no official stage to serve", file)
	}
	return a, nil
}
