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
		Long: `Runs one instance of the reference wallet. By default all data is stored in this process and in the --data folder, and
acknowledged grants survive a kill. With --redis and --mysql, or with a configuration file, several instances share Redis
and MySQL.

SIGTERM or Ctrl-C stops the instance cleanly: it answers the requests in progress, posts all held postings, and exits.`,
		Example: `  hongbao serve
  hongbao serve --data /var/lib/hongbao --listen 0.0.0.0:8080
  hongbao serve --scenario scenarios/rain-peak.yaml
  hongbao serve --redis 10.0.0.5:6379 --mysql env:WALLET_DSN --instance a   # keys: see hongbao keys --help
  hongbao serve --config hongbao.yaml`,
		Args: noArguments,
	}
	f := cmd.Flags()
	f.StringVar(&file, "config", "", "YAML configuration file; flags override it")
	f.String("listen", c.Listen, "address of the API")
	f.String("debug", c.Debug, "address of metrics and profiles; empty = off")
	f.String("data", c.Data, "folder of the keys and of the embedded stores")
	f.String("instance", c.Instance, "name of this instance, unique among the instances that share stores")
	f.String("strategy", c.Strategy, "how cash is posted: sync, async or token")
	f.String("scenario", c.Scenario, "scenario file with the rewards, budget and cap to grant (default: a small built-in activity)")
	f.String("keys", c.Keys, "file with the keys of upstreams, operators and user sessions (default DATA/keys.json)")
	f.String("token-keys", c.TokenKeys, "file with the keys of clients' tokens (default DATA/token-keys.json)")
	f.String("tls-cert", "", "certificate file; together with --tls-key the API uses TLS")
	f.String("tls-key", "", "private key file of the certificate")
	f.StringSliceVar(&redisAddrs, "redis", nil, "address of Redis, or of some nodes of a cluster; requires --mysql")
	f.BoolVar(&cluster, "redis-cluster", false, "the addresses of --redis are nodes of a Redis cluster")
	f.StringArrayVar(&dsns, "mysql", nil, "data source of one MySQL shard, as USER:PASSWORD@tcp(HOST:PORT)/DATABASE or env:NAME; repeat the flag for each shard; requires --redis")
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
		if f.Changed("redis") { // the password in the file remains
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

// gcPercent lets garbage grow to three times the live heap before a collection: the service has little live data and much
// short-lived garbage. GOGC in the environment overrides it.
const gcPercent = 300

// runService runs an instance until ctx ends, and stops it cleanly.
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
	fmt.Fprintln(out, "stopped; no posting is held")
	return nil
}

// servedActivity returns the activity that a service grants: the official stage of the scenario file, without its calendar,
// because the service runs now and the festival was in 2022. For "" it returns the built-in activity.
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
