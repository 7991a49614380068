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

// handshake is the protocol version that MariaDB and MySQL begin their greeting with, after the packet's head.
const handshake = 10

// MariaDB is one mariadbd. Each commit is on disk before it is answered. It is not for use by several goroutines at
// once.
type MariaDB struct {
	proc *process
	data string
	port int
}

// MariaDBOptions says how a MariaDB is run.
type MariaDBOptions struct {
	Name string   // of its folder and log; "mariadb" when empty
	Args []string // further options
}

// StartMariaDB makes an empty data folder, starts a mariadbd on it and returns once it greets.
func StartMariaDB(dir string, o MariaDBOptions) (*MariaDB, error) {
	if o.Name == "" {
		o.Name = "mariadb"
	}
	dir, err := filepath.Abs(dir) // The server goes into its data folder, and would look for a relative one there.
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
		m := &MariaDB{data: data, port: port}
		args := []string{"--no-defaults", "--datadir=" + data, "--port=" + strconv.Itoa(port), "--bind-address=" + host,
			"--socket=mariadb.sock", "--pid-file=" + m.pidFile(), "--skip-name-resolve",
			"--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M",
			"--max-connections=500", "--character-set-server=utf8mb4"}
		args = append(append(args, asRoot()...), o.Args...)
		if m.proc, err = newProcess(dir, o.Name, MariaDBServer, args...); err != nil {
			return nil, err
		}
		return m, m.Restart()
	})
}

// installMariaDB fills the data folder with the system's tables; root needs no password.
func installMariaDB(data string) error {
	path, err := find(MariaDBInstaller)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	args := append([]string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db"}, asRoot()...)
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("rig: %s: %w\n%s", MariaDBInstaller, err, out)
	}
	return nil
}

// asRoot lets the administrator run the server, which it refuses unless it is told.
func asRoot() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// DSN returns a data source name of go-sql-driver, with all rights and no database.
func (m *MariaDB) DSN() string { return fmt.Sprintf("root@tcp(%s)/", m.Addr()) }

// Addr returns host:port.
func (m *MariaDB) Addr() string { return addr(m.port) }

// Kill ends the server as a power cut would.
func (m *MariaDB) Kill() { m.proc.kill() }

// Stop ends the server.
func (m *MariaDB) Stop() { m.proc.stop() }

// Restart stops the server if it runs and starts it on the same port, with all it has kept.
func (m *MariaDB) Restart() error {
	m.Stop()
	return m.proc.start(m.ready)
}

func (m *MariaDB) pidFile() string { return m.data + ".pid" }

// ready wants a greeting, and the process's own number in its file, which it writes when the port is its own.
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
