// Package rig starts real servers for tests and tools: Redis alone, a Redis cluster, a Redis sentinel and MariaDB, from the
// installed programs. They listen on private ports of the loopback interface, keep all data in a folder that the caller
// provides and removes, and end with the process that started them. Waits are time.Duration; sizes are in the servers'
// notation.
//
// The package knows nothing of wallets and installs nothing. No shipped program may import it, because the servers have no
// passwords.
package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The programs that a rig needs, by name, and the Debian packages that contain them.
const (
	RedisServer      = "redis-server"
	mariaDBServer    = "mariadbd"
	mariaDBInstaller = "mariadb-install-db"

	redisPackage   = "redis-server"
	mariadbPackage = "mariadb-server"
)

// Programs returns all programs that a rig needs.
func Programs() []string { return []string{RedisServer, mariaDBServer, mariaDBInstaller} }

// Need returns nil if the programs are installed, and otherwise an error with the missing programs and the command that
// installs them.
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

// find searches the PATH, and then the folders that Debian has only in the administrator's PATH.
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
