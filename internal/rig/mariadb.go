package rig

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// handshake is the protocol version in the greeting of MariaDB and MySQL, after the packet header.
const handshake = 10

// MariaDB is one mariadbd. Each commit is on disk before it is answered. Not safe for concurrent use.
type MariaDB struct{ server }

// MariaDBOptions configures a MariaDB.
type MariaDBOptions struct {
	Name string   // of its folder and log; "mariadb" if empty
	Args []string // further options
}

// StartMariaDB creates an empty data folder, starts a mariadbd on it and returns when the server sends its greeting.
func StartMariaDB(dir string, o MariaDBOptions) (*MariaDB, error) {
	if o.Name == "" {
		o.Name = "mariadb"
	}
	dir, err := filepath.Abs(dir) // The server changes into its data folder, so a relative path would be wrong there.
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, o.Name)
	if err := installMariaDB(data); err != nil {
		return nil, err
	}
	return started(func() (*MariaDB, error) {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		m := &MariaDB{server{data: data, port: port}}
		args := []string{"--no-defaults", "--datadir=" + data, "--port=" + strconv.Itoa(port), "--bind-address=" + host,
			"--socket=mariadb.sock", "--pid-file=" + m.pidFile(), "--skip-name-resolve",
			"--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M",
			"--max-connections=500", "--character-set-server=utf8mb4"}
		args = append(append(args, asRoot()...), o.Args...)
		if m.proc, err = NewProgram(dir, o.Name, mariaDBServer, args...); err != nil {
			return nil, err
		}
		return m, m.Restart()
	})
}

// installMariaDB creates the system tables in the data folder; root needs no password.
func installMariaDB(data string) error {
	path, err := find(mariaDBInstaller)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	args := append([]string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db"}, asRoot()...)
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("rig: %s: %w\n%s", mariaDBInstaller, err, out)
	}
	return nil
}

// asRoot allows root to run the server, which the server refuses by default.
func asRoot() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// DSN returns a data source name of go-sql-driver, with all rights and no database.
func (m *MariaDB) DSN() string { return fmt.Sprintf("root@tcp(%s)/", m.Addr()) }

// Restart stops the server if it runs and starts it on the same port, with its data.
func (m *MariaDB) Restart() error {
	m.Stop()
	return m.proc.start(m.ready)
}

func (m *MariaDB) pidFile() string { return m.data + ".pid" }

// ready returns nil after a greeting, and if the pid file has the process's number. The server writes it after it has opened
// its port.
func (m *MariaDB) ready(pid int) error {
	text, err := os.ReadFile(m.pidFile())
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(text)) != strconv.Itoa(pid) {
		return errors.New("it has not opened its port")
	}
	conn, err := net.DialTimeout("tcp", m.Addr(), askWithin)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askWithin)); err != nil {
		return err
	}
	var head [5]byte // three bytes of size, one of sequence, the protocol version
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	if head[4] != handshake {
		return fmt.Errorf("greeted with %d", head[4])
	}
	return nil
}

// writeFile writes lines to a file in the folder and returns its path.
func writeFile(dir, name string, lines ...string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}
