package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// TestCIExamples wants the workflow to be YAML, and every flag that it and docs/ci.md type to exist.
func TestCIExamples(t *testing.T) {
	commands := map[string]*cobra.Command{"load": loadCommand(), "sim": simCommand(), "compare": compareCommand()}
	workflow, err := os.ReadFile("deploy/ci/load-regression.yaml")
	require.NoError(t, err)
	var parsed struct {
		Jobs map[string]struct {
			Env   map[string]any   `yaml:"env"`
			Steps []map[string]any `yaml:"steps"`
		} `yaml:"jobs"`
	}
	require.NoError(t, yaml.Unmarshal(workflow, &parsed))
	require.NotEmpty(t, parsed.Jobs["load"].Steps)
	require.FileExists(t, parsed.Jobs["load"].Env["SCENARIO"].(string))
	doc, err := os.ReadFile("docs/ci.md")
	require.NoError(t, err)

	text := strings.ReplaceAll(string(workflow), "$LOAD", parsed.Jobs["load"].Env["LOAD"].(string)) + string(doc)
	calls := regexp.MustCompile(`(?m)(?:hongbao|\.bin) (load|sim|compare) ([^|>\n]*)`).FindAllStringSubmatch(text, -1)
	require.Greater(t, len(calls), 6)
	flags := 0
	look := func(command, text string) {
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(text, -1) {
			require.NotNil(t, commands[command].Flags().Lookup(flag[1]), "%s has no flag --%s", command, flag[1])
			flags++
		}
	}
	for _, call := range calls {
		own, given, _ := strings.Cut(call[2], " -- ") // to hongbao load
		look(call[1], own)
		look("load", given)
	}
	require.Greater(t, flags, 15)
}

// TestParseShare: shares are written as percent or as numbers, and nothing else is one.
func TestParseShare(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64 // below zero: refused
	}{
		{"5%", 0.05},   // as people write it
		{"0.05", 0.05}, // as programs do
		{"0", 0},       // everything counts
		{"250%", 2.5},  // more than the whole
		{"-5%", -1},    // negative
		{"NaN", -1},    // no number
		{"Inf", -1},    // without bound
		{"five", -1},   // a word
		{"", -1},       // empty
		{"%", -1},      // a unit alone
	} {
		got, err := parseShare(c.text)
		require.Equal(t, c.want < 0, err != nil, c.text)
		if err == nil {
			require.InDelta(t, c.want, got, 1e-9, c.text)
		}
	}
}
