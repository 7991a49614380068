package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// operatorFlags are the flags of every command of hongbao operator.
type operatorFlags struct {
	url, data, keys, as string
	json                bool
}

func operatorCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "operator",
		Short: "Run a service: switches, settings, announcements, the page, and bulk re-issues of rewards",
		Long: `Does what operators do, against a running service. Requests are signed with an operator's key, so this works where the
service's keys file is. Each call is in the service's audit log before it is done.

Roles: a viewer looks, an operator changes, an auditor reads the books.`,
		Example: `  hongbao operator switch list
  hongbao operator announce --text 'The rain begins at 20:00' --zh '红包雨 20:00 开始' --for 2h
  hongbao operator page publish page.json
  hongbao operator bulk check list.csv
  hongbao operator bulk create list.csv
  hongbao operator bulk start 1 --wait`,
		Args: noArguments, RunE: help,
	}
	p := cmd.PersistentFlags()
	p.StringVar(&f.url, "url", "http://127.0.0.1:8080", "where the service listens")
	p.StringVar(&f.data, "data", "data", "data folder of the service, where keys.json is")
	p.StringVar(&f.keys, "keys", "", "the keys file, if it is not DATA/keys.json")
	p.StringVar(&f.as, "as", "operator", "the operator in whose name it is done")
	p.BoolVar(&f.json, "json", false, "print JSON")
	cmd.AddCommand(switchCommands(&f), settingsCommands(&f), announceCommand(&f), announcementsCommand(&f), takeDownCommand(&f), pageCommands(&f), bulkCommands(&f),
		refundCommand(&f))
	return cmd
}

// newClient returns the operator's client.
func (f *operatorFlags) newClient() (*client.Operator, error) {
	file := f.keys
	if file == "" {
		file = filepath.Join(f.data, "keys.json")
	}
	keys, err := auth.Load(file)
	if err != nil {
		return nil, usage("%w\n  hint: hongbao serve makes the keys in its data folder; name that with --data", err)
	}
	key, err := signingKey(keys, signFlags{operator: f.as})
	if err != nil {
		return nil, err
	}
	o, err := client.NewOperator(client.Config{BaseURL: f.url, Key: key})
	if err != nil {
		return nil, usage("--url: %w", err)
	}
	return o, nil
}

// run makes a RunE of what is asked of a service.
func (f *operatorFlags) run(do func(cmd *cobra.Command, o *client.Operator, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o, err := f.newClient()
		if err != nil {
			return err
		}
		defer o.CloseIdle()
		return classifyReply(do(cmd, o, args))
	}
}

// classifyReply classifies an error that a service answered. Client-side errors exit with the usage code, all others with the
// internal one.
func classifyReply(err error) error {
	if _, known := exitCode(err); known {
		return err
	}
	switch wallet.CodeOf(err) {
	case wallet.CodeInvalid, wallet.CodeNotFound, wallet.CodeConflict, wallet.CodeRefused, wallet.CodeUnauthorised:
		return usage("%w", err)
	case wallet.CodeUnknown:
		return fmt.Errorf("%w\n  hint: it may have been done; the same command again finds out", err)
	}
	return err
}

// print writes a value as JSON, or what text writes of it.
func (f *operatorFlags) print(w io.Writer, v any, text func(io.Writer)) error {
	if !f.json {
		text(w)
		return nil
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// parseNumber reads the number that an argument is.
func parseNumber(text, what string) (int64, error) {
	var n int64
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n <= 0 || fmt.Sprint(n) != text {
		return 0, usage("%q is not the number of %s", text, what)
	}
	return n, nil
}
