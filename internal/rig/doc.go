// Package rig starts real servers for tests and tools: Redis alone, a Redis cluster, a Redis sentinel and MariaDB, from
// what is installed. They listen on private ports of the loopback, keep everything in a folder that the caller names and
// removes, and end with the process that started them. Waits are time.Duration; sizes are in the servers' own notation.
//
// It knows nothing of wallets, installs nothing, and must not be imported by anything that is shipped: the servers have
// no passwords.
package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The programs that a rig needs, by name, and the Debian packages that bring them.
const (
	RedisServer      = "redis-server"
	MariaDBServer    = "mariadbd"
	MariaDBInstaller = "mariadb-install-db"

	redisPackage   = "redis-server"
	mariadbPackage = "mariadb-server"
)

// Programs returns all programs that a rig needs.
func Programs() []string { return []string{RedisServer, MariaDBServer, MariaDBInstaller} }

// Need returns nil when the programs are installed, and otherwise an error that names what is missing and the command
// that installs it.
func Need(programs ...string) error {
	var missing, packages []string
	for _, p := range programs {
		if _, err := find(p); err == nil {
			continue
		}
		missing = append(missing, p)
		pack := mariadbPackage
		if p == RedisServer {
			pack = redisPackage
		}
		if !slices.Contains(packages, pack) {
			packages = append(packages, pack)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("rig: %s not found: run apt-get install -y %s", strings.Join(missing, ", "), strings.Join(packages, " "))
}

// find looks in the PATH, and then where Debian keeps what only its administrator has in the PATH.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, folder := range []string{"/usr/sbin", "/usr/local/sbin"} {
		path := filepath.Join(folder, program)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("rig: %s: %w", program, exec.ErrNotFound)
}
