package cmd

import (
	"os/exec"
	"runtime/debug"
	"strings"
)

// commit returns the commit of the source, with "+changes" if files were modified, or "unknown".
func commit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		stamp := map[string]string{}
		for _, s := range info.Settings {
			stamp[s.Key] = s.Value
		}
		if head := stamp["vcs.revision"]; head != "" && stamp["vcs.modified"] == "true" {
			return head + "+changes"
		} else if head != "" {
			return head
		}
	}
	return gitCommit()
}

// gitCommit returns the commit that is checked out in the working directory.
func gitCommit() string {
	head, err := exec.Command("git", "describe", "--always", "--exclude=*", "--abbrev=40", "--dirty=+changes").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(head))
}
