package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
)

// script writes a shell script that takes the place of a build.
func script(t *testing.T, text string) string {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	file := filepath.Join(t.TempDir(), "build")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o700))
	return file
}

// TestPlayLoad: the outcomes of a load are distinguished, and its output is stored in a file next to its record.
func TestPlayLoad(t *testing.T) {
	for _, c := range []struct {
		why, text string
		code      int
		unusable  string // part of the reason; "" = it can be compared
	}{
		{"a pass", `for dir; do :; done; mkdir -p "$dir"; echo "{}" > "$dir/record.json"; echo "$@"`, exitPass, ""},
		{"a pass without a record", `exit 0`, exitPass, "exit code 0 and no record"},
		{"a threshold missed", `for dir; do :; done; mkdir -p "$dir"; echo "{}" > "$dir/record.json"; exit 4`, exitMissed, ""},
		{"nothing was offered", `echo "hongbao: nothing was offered" >&2; exit 5`, exitUnknown, "exit code 5 and no record: hongbao: nothing was offered"},
		{"a crash", `echo boom >&2; kill -SEGV $$`, -1, "exit code -1: boom"},
		{"a long output", `i=0; while [ $i -lt 500 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1`, exitInternal, "line 499"},
	} {
		dir := filepath.Join(t.TempDir(), "out", "01")
		p := playLoad(t.Context(), script(t, c.text), []string{"a.yaml", "--peak", "1/s"}, dir)
		require.Equal(t, c.code, p.code, c.why)
		require.LessOrEqual(t, len(p.stderrTail), maxStderrTail+len("… "))
		if c.unusable == "" {
			require.Empty(t, p.unusable(dir), c.why)
			continue
		}
		require.Contains(t, p.unusable(dir), c.unusable, c.why)
	}
	dir := filepath.Join(t.TempDir(), "01")
	p := playLoad(t.Context(), script(t, `echo "$@"; echo beside >&2`), []string{"a.yaml", "--peak", "1/s"}, dir)
	require.Zero(t, p.code)
	output, err := os.ReadFile(dir + ".txt")
	require.NoError(t, err)
	require.Equal(t, "load a.yaml --peak 1/s --target embedded --quiet --out "+dir+"\nbeside\n", string(output))

	p = playLoad(t.Context(), script(t, `echo $$ $(ps -o pgid= -p $$)`), nil, dir)
	require.Zero(t, p.code)
	output, err = os.ReadFile(dir + ".txt")
	require.NoError(t, err)
	ids := strings.Fields(string(output))
	require.Len(t, ids, 2)
	require.Equal(t, ids[0], ids[1], "a separate process group")

	p = playLoad(t.Context(), filepath.Join(dir, "nothing"), nil, dir)
	require.Equal(t, -1, p.code)
	require.Contains(t, p.unusable(dir), "no such file")
}

// TestPlayLoadStops: an interrupted load gets one interrupt, and playLoad waits for its end.
func TestPlayLoadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	began := filepath.Join(t.TempDir(), "began")
	build := script(t, `trap 'echo asked; exit 130' INT; touch `+began+`; while :; do sleep 0.01; done`)
	go func() {
		for {
			if _, err := os.Stat(began); err == nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	dir := filepath.Join(t.TempDir(), "01")
	p := playLoad(ctx, build, nil, dir)
	require.Equal(t, exitInterrupted, p.code)
	output, err := os.ReadFile(dir + ".txt")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(output), "asked"))
}

// TestCompareUsage: invalid arguments are refused before a load is played.
func TestCompareUsage(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "used", baseDir), 0o755))
	for _, c := range []struct {
		why  string
		args []string
		want string
	}{
		{"only one build", []string{"--base", self, "--", "a.yaml"}, "[base candidate]"},
		{"a missing build", []string{"--base", self, "--candidate", filepath.Join(dir, "none"), "--", "a.yaml"}, "--candidate"},
		{"a folder instead of a build", []string{"--base", dir, "--candidate", self, "--", "a.yaml"}, "--base"},
		{"no load", []string{"--base", self, "--candidate", self}, "no load to play"},
		{"a remote target, which would be the same for both builds", []string{"--base", self, "--candidate", self, "--", "a.yaml", "--target=http://127.0.0.1:1"}, "--target"},
		{"repeats within a round", []string{"--base", self, "--candidate", self, "--", "a.yaml", "--repeat", "3"}, "--repeat"},
		{"too few rounds", []string{"--rounds", "2", "--base", self, "--candidate", self, "--", "a.yaml"}, "--rounds 2"},
		{"too many rounds", []string{"--rounds", "11", "--base", self, "--candidate", self, "--", "a.yaml"}, "--rounds 11"},
		{"an invalid share", []string{"--min-change", "much", "--base", self, "--candidate", self, "--", "a.yaml"}, "--min-change"},
		{"a folder that contains rounds", []string{"--out", filepath.Join(dir, "used"), "--base", self, "--candidate", self, "--", "a.yaml"}, "already contains rounds"},
		{"together with --save-baseline", []string{"--save-baseline", "b.json", "--base", self, "--candidate", self, "--", "a.yaml"}, "save-baseline"},
		{"a missing scenario", []string{"--out", filepath.Join(dir, "new"), "--base", self, "--candidate", self, "--", "nowhere.yaml"}, "the base's load: nowhere.yaml"},
	} {
		var out, stderr bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), append([]string{"compare"}, c.args...), &out, &stderr), "%s: %s", c.why, stderr.String())
		require.Contains(t, stderr.String(), c.want, c.why)
	}
}

// TestCompareBuilds compares this test program with itself in real loads, and then compares the records on disk again. The
// CPU time of such a small load is imprecise, so --min-change is 100 times. On a busy machine the result can be unknown.
func TestCompareBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("plays eight loads: run without -short")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "out")
	var out, stderr bytes.Buffer
	code := run(t.Context(), []string{"compare", "--rounds", "3", "--min-change", "100", "--base", self, "--candidate", self, "--out", dir, "--", "internal/cmd/testdata/tiny.yaml", "--peak", "60/s"}, &out, &stderr)
	text := out.String() + stderr.String()
	require.Contains(t, []int{exitPass, exitUnknown}, code, text)
	require.Contains(t, text, "warm-up (not compared)")
	if code == exitUnknown {
		require.Contains(t, text, "? UNKNOWN", "the table gives the reason")
		return
	}
	require.Contains(t, text, "Compared in pairs, over 3 rounds of both sides.")
	var again bytes.Buffer
	require.Equal(t, exitPass, run(t.Context(), []string{"compare", "--min-change", "100", filepath.Join(dir, baseDir), filepath.Join(dir, candidateDir)}, &again, &stderr))
	require.Equal(t, out.String(), again.String())
	output, err := os.ReadFile(filepath.Join(dir, baseDir, "01.txt"))
	require.NoError(t, err)
	require.Contains(t, string(output), "CHECKS", "the output of a load is stored")
	r, err := reports.Read(filepath.Join(dir, baseDir, "01"))
	require.NoError(t, err)
	require.Len(t, r.Runs, 1)
}
