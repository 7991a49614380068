package cmd

import (
	"context"
	"net/url"
	"strings"
	"time"

	"hongbao/loadtest"
	"hongbao/loadtest/attack"
	"hongbao/loadtest/target"
	"hongbao/reference/server/auth"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// embeddedTarget is the --target for the reference service in this process.
const embeddedTarget = "embedded"

// Bounds of the target of a load.
const (
	maxLoadTarget = 64              // instances
	clockSkew     = 2 * time.Second // allowed difference between the clocks of generator and ledger when postings are compared with pages
)

// embedded reports whether the target is the reference service in this process.
func (f *loadFlags) embedded() bool { return len(f.targets) == 1 && f.targets[0] == embeddedTarget }

// targetKeys checks the flags that describe the target, and returns the target's keys. It sends nothing. An embedded target
// has new keys, so that only their names are known before it is opened.
func (f *loadFlags) targetKeys() (keys auth.Keys, err error) {
	if f.embedded() {
		if f.ca != "" || f.config != "" {
			return keys, usage("--tls-ca and --target-config need a --target that is a URL: the embedded target has neither certificates nor stores of other processes")
		}
		keys = auth.Generate()
	} else {
		if err := checkURLs(f.targets); err != nil {
			return keys, err
		}
		if err := f.checkFiles(); err != nil {
			return keys, err
		}
		if keys, err = auth.Load(f.keys); err != nil {
			return keys, usage("%w\n  hint: the keys of the target are in its data folder; give the file with --keys", err)
		}
	}
	if _, ok := keys.Caller(f.caller); !ok {
		return keys, unknownCaller(keys, f.caller)
	}
	return keys, nil
}

// checkFiles checks the files of --tls-ca and --target-config.
func (f *loadFlags) checkFiles() error {
	secure := false
	for _, u := range f.targets {
		if _, err := attack.NewTransport(attack.TransportConfig{URL: u, CAFile: f.ca}); err != nil {
			return usage("--tls-ca %q: %w", f.ca, err)
		}
		secure = secure || strings.HasPrefix(strings.ToLower(u), "https:")
	}
	if f.ca != "" && !secure {
		return usage("--tls-ca %s: no --target is an https URL", f.ca)
	}
	if f.config != "" {
		c := open.Default()
		if err := open.ReadConfig(f.config, &c); err != nil {
			return usage("--target-config: %w", err)
		}
	}
	return nil
}

// checkURLs checks --target.
func checkURLs(targets []string) error {
	if len(targets) == 0 || len(targets) > maxLoadTarget {
		return usage("--target: want embedded, or 1 to %d URLs", maxLoadTarget)
	}
	for _, t := range targets {
		u, err := url.Parse(t)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "" {
			return usage("--target %s: want embedded, or a URL such as http://127.0.0.1:8080", redacted([]string{t})[0])
		}
	}
	return nil
}

// redacted returns the URLs without their passwords.
func redacted(urls []string) (out []string) {
	for _, t := range urls {
		if u, err := url.Parse(t); err == nil {
			t = u.Redacted()
		} else {
			t = "(unreadable URL)"
		}
		out = append(out, t)
	}
	return out
}

// target returns the wallet to drive, and the function that stops it if it is embedded.
func (p *loadPlan) target(ctx context.Context, s *scenarios.Scenario) (t loadtest.Target, stop func() error, err error) {
	f := p.flags
	strategy, _ := wallet.ParseStrategy(f.strategy)
	if f.embedded() {
		tree, ok := open.StageOf(s.Activity, wallet.Official)
		if !ok {
			return t, nil, usage("%s has no official stage to serve", p.record.Scenario.File)
		}
		e, err := target.StartEmbedded(ctx, tree, strategy, s, p.logs)
		if err != nil {
			return t, nil, err
		}
		return loadtest.Target{Name: embeddedTarget, URLs: []string{e.URL}, Keys: e.Keys, Caller: f.caller, Strategy: strategy, Sources: e.Sources}, e.Stop, nil
	}
	t = loadtest.Target{Name: strings.Join(redacted(f.targets), ","), URLs: f.targets, CAFile: f.ca, Keys: p.keys, Caller: f.caller, Shared: f.shared, Skew: clockSkew}
	stop = func() error { return nil }
	if f.config != "" {
		t.Sources, stop, err = target.SourcesOf(ctx, f.config)
	}
	return t, stop, err
}
