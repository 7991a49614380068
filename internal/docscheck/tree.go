package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// copyTree makes a clone of the repository at root with its uncommitted files in the new folder dir. Ignored files are
// left out, so that a document starts as a reader does.
func copyTree(ctx context.Context, root, dir string) error {
	if _, err := git(ctx, ".", "clone", "--quiet", "--shared", root, dir); err != nil {
		return err
	}
	there, err := listed(ctx, dir)
	if err != nil {
		return err
	}
	here, err := listed(ctx, root)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, name := range here {
		from, to := filepath.Join(root, name), filepath.Join(dir, name)
		if _, err := os.Lstat(from); os.IsNotExist(err) {
			continue // deleted, and the deletion is not committed
		}
		keep[name] = true
		if err := copyFile(from, to); err != nil {
			return err
		}
	}
	for _, name := range there {
		if !keep[name] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// listed returns the tracked files of a work tree and the untracked ones that are not ignored.
func listed(ctx context.Context, dir string) ([]string, error) {
	out, err := git(ctx, dir, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}

func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(said.Bytes()))
	}
	return out, nil
}

// copyFile copies a file or a symbolic link with its mode. A copy that is equal already is left as it is.
func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		_ = os.Remove(to)
		return os.Symlink(target, to)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if was, err := os.ReadFile(to); err == nil && bytes.Equal(was, text) {
		return os.Chmod(to, info.Mode().Perm())
	}
	if err := os.WriteFile(to, text, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode().Perm())
}
