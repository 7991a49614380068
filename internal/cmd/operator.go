package cmd

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// operatorFlags are the flags of all subcommands of hongbao operator.
type operatorFlags struct {
	url, data, keys, as string
	json                bool
}

func operatorCommand() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "operator",
		Short: "Operate a running service: switches, settings, announcements, page configuration, bulk re-issues, refunds",
		Long: `Sends requests of an operator to a running service. The requests are signed with the operator's key, so run this command
where the keys file of the service is. The service writes each call to its audit log before it executes the call.

Roles: a viewer reads status and settings, an operator also changes them, an auditor reads the records and reconciles them.`,
		Example: `  hongbao operator switch list
  hongbao operator announce --text 'The rain begins at 20:00' --zh '红包雨 20:00 开始' --for 2h
  hongbao operator page publish page.json
  hongbao operator bulk check list.csv
  hongbao operator bulk create list.csv
  hongbao operator bulk start 1 --wait`,
		Args: subcommandOnly, RunE: help,
	}
	p := cmd.PersistentFlags()
	p.StringVar(&f.url, "url", "http://127.0.0.1:8080", "URL of the service")
	p.StringVar(&f.data, "data", "data", "data folder of the service, where keys.json is")
	p.StringVar(&f.keys, "keys", "", "keys file (default DATA/keys.json)")
	p.StringVar(&f.as, "as", "operator", "name of the operator who signs the requests")
	p.BoolVar(&f.json, "json", false, "print JSON")
	cmd.AddCommand(switchCommands(&f), settingsCommands(&f), announceCommand(&f), announcementsCommand(&f), takeDownCommand(&f), pageCommands(&f), bulkCommands(&f),
		refundCommand(&f))
	return cmd
}

// newClient returns a client that signs with the operator's key.
func (f *operatorFlags) newClient() (*client.OperatorClient, error) {
	keys, err := loadKeys(f.keys, f.data)
	if err != nil {
		return nil, err
	}
	key, err := signingKey(keys, signFlags{operator: f.as})
	if err != nil {
		return nil, err
	}
	o, err := client.NewOperatorClient(client.Config{BaseURL: f.url, Key: key})
	if err != nil {
		return nil, usage("--url: %w", err)
	}
	return o, nil
}

// run returns a RunE that calls do with a client, and classifies its error.
func (f *operatorFlags) run(do func(cmd *cobra.Command, o *client.OperatorClient, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o, err := f.newClient()
		if err != nil {
			return err
		}
		defer o.CloseIdle()
		return classifyReply(do(cmd, o, args))
	}
}

// classifyReply classifies an error reply of the service. Errors that the user can correct become usage errors. Others stay
// unclassified and so end with exitInternal.
func classifyReply(err error) error {
	if _, known := exitCode(err); known {
		return err
	}
	switch wallet.CodeOf(err) {
	case wallet.CodeInvalid, wallet.CodeNotFound, wallet.CodeConflict, wallet.CodeRefused, wallet.CodeUnauthorised:
		return usage("%w", err)
	case wallet.CodeUnknown:
		return fmt.Errorf("%w\n  hint: it may have been executed; run the same command again to find out", err)
	}
	return err
}

// print writes a value as JSON with --json, and otherwise calls text.
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

// printList prints a list: as JSON, each element as jsonOf returns it, or one line for each element.
func printList[T, J any](f *operatorFlags, cmd *cobra.Command, all []T, jsonOf func(T) J, lineOf func(T) string) error {
	out := []J{}
	for _, v := range all {
		out = append(out, jsonOf(v))
	}
	return f.print(cmd.OutOrStdout(), out, func(w io.Writer) {
		for _, v := range all {
			fmt.Fprintln(w, lineOf(v))
		}
	})
}

// runNumber is run for a command whose argument is the number of something, such as "a job".
func (f *operatorFlags) runNumber(what string, do func(cmd *cobra.Command, o *client.OperatorClient, n int64) error) func(*cobra.Command, []string) error {
	return f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
		n, err := parseNumber(args[0], what)
		if err != nil {
			return err
		}
		return do(cmd, o, n)
	})
}

// parseNumber parses an argument that is the number of something, such as "a job".
func parseNumber(text, what string) (int64, error) {
	var n int64
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n <= 0 || fmt.Sprint(n) != text {
		return 0, usage("%q is not the number of %s", text, what)
	}
	return n, nil
}
