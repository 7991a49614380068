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

// TestCIExamples: the workflow is valid YAML, and all flags in it and in docs/ci.md exist.
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
	requireFlags := func(command, text string) {
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(text, -1) {
			require.NotNil(t, commands[command].Flags().Lookup(flag[1]), "%s has no flag --%s", command, flag[1])
			flags++
		}
	}
	for _, call := range calls {
		own, given, _ := strings.Cut(call[2], " -- ") // after --: arguments of hongbao load
		requireFlags(call[1], own)
		requireFlags("load", given)
	}
	require.Greater(t, flags, 15)
}

// TestParseShare: a share is a percentage or a number.
func TestParseShare(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64 // below zero: refused
	}{
		{"5%", 0.05},   // the usual form
		{"0.05", 0.05}, // a fraction
		{"0", 0},       // every change counts
		{"250%", 2.5},  // more than 100%
		{"-5%", -1},    // negative
		{"NaN", -1},    // not a number
		{"Inf", -1},    // infinite
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
