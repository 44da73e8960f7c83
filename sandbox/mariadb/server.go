// Package mariadb starts a private, real MariaDB server for tests and benchmarks: Debian's mariadbd on a data
// directory of its own, reachable only from this machine, gone without a trace when it is stopped.
//
// Tests take a database of their own from NewDatabase; which server it lies on is told there.
package mariadb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// ErrNotInstalled says that this machine has no MariaDB server, and how to get one.
var ErrNotInstalled = errors.New("mariadbd or mariadb-install-db is not installed: run `make deps` (apt-get install mariadb-server), or set " + DSNVariable)

// How long a server may take to make its data directory and answer, and to shut down before it is killed.
const (
	startLimit = 2 * time.Minute
	stopLimit  = 30 * time.Second
)

// Server is one running mariadbd. Its methods may be called from several goroutines.
type Server struct {
	address string // TCP, on the loopback interface
	socket  string
	scratch []string // directories to remove in the end
	process *os.Process
	exited  chan struct{} // closed when the process is gone
	waitErr error         // set before exited is closed
	clean   sync.Once
}

// Start makes a new data directory in dir, or in the system's directory for temporary files where dir is "",
// starts a server on it and returns when the server answers. Its user is root without a password, from this
// machine only; its settings are Debian's (strict SQL mode, utf8mb4), durable at every commit
// (innodb_flush_log_at_trx_commit=1), and small otherwise. ctx bounds the start; the server lives until Stop
// or Kill. ErrNotInstalled says that there is no MariaDB here.
func Start(ctx context.Context, dir string) (_ *Server, err error) {
	daemon, installer, err := programs()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s := &Server{exited: make(chan struct{})}
	defer func() {
		if err != nil {
			s.removeScratch()
		}
	}()
	base, err := s.makeScratch(dir)
	if err != nil {
		return nil, err
	}
	// The path of a socket may have 107 characters (unix(7)), which a test's directory easily exceeds.
	short, err := s.makeScratch("/tmp")
	if err != nil {
		return nil, err
	}
	s.socket = filepath.Join(short, "s")
	data := filepath.Join(base, "data")
	if err := install(ctx, installer, data); err != nil {
		return nil, err
	}
	return s, s.launch(ctx, daemon, base, data)
}

// programs finds the server and its installer, also where root's PATH lacks the sbin directories.
func programs() (daemon, installer string, err error) {
	find := func(name string) string {
		for _, p := range []string{name, "/usr/sbin/" + name, "/usr/bin/" + name, "/usr/local/sbin/" + name, "/usr/local/bin/" + name} {
			if path, err := exec.LookPath(p); err == nil {
				return path
			}
		}
		return ""
	}
	daemon, installer = find("mariadbd"), find("mariadb-install-db")
	if daemon == "" || installer == "" {
		return "", "", ErrNotInstalled
	}
	return daemon, installer, nil
}

func (s *Server) makeScratch(dir string) (string, error) {
	path, err := os.MkdirTemp(dir, "liveops-mariadb-")
	if err != nil {
		return "", fmt.Errorf("make a directory for MariaDB: %w", err)
	}
	s.scratch = append(s.scratch, path)
	return path, nil
}

func (s *Server) removeScratch() {
	s.clean.Do(func() {
		for _, path := range s.scratch {
			_ = os.RemoveAll(path)
		}
	})
}

func install(ctx context.Context, installer, data string) error {
	cmd := exec.CommandContext(ctx, installer, append([]string{"--no-defaults", "--datadir=" + data,
		"--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M"}, asRoot()...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make MariaDB's data directory: %w\n%s", err, tail(out))
	}
	return nil
}

// asRoot allows the server to run as root, which it refuses unless told so.
func asRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// DSN is the data source name of a database on the server, for go-sql-driver/mysql; "" names none.
func (s *Server) DSN(database string) string {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = "root", "tcp", s.address, database
	return c.FormatDSN()
}

// Socket is the path of the server's Unix socket, for command-line clients.
func (s *Server) Socket() string { return s.socket }

// Stop shuts the server down in good order, kills it where that takes longer than 30 seconds, waits until the
// process is gone and removes all it wrote. A second call does nothing more.
func (s *Server) Stop() error {
	defer s.removeScratch()
	_ = s.process.Signal(syscall.SIGTERM)
	limit := time.NewTimer(stopLimit)
	defer limit.Stop()
	select {
	case <-s.exited:
		return s.waitErr
	case <-limit.C:
		_ = s.process.Kill()
		<-s.exited
		return errors.New("MariaDB did not shut down in " + stopLimit.String() + " and was killed")
	}
}

// Kill ends the server as a power cut would, with SIGKILL, waits until the process is gone and removes all it
// wrote.
func (s *Server) Kill() {
	defer s.removeScratch()
	_ = s.process.Kill()
	<-s.exited
}

// tail is the end of what a program wrote, enough to tell why it failed.
func tail(out []byte) string {
	const most = 2000
	if len(out) > most {
		out = out[len(out)-most:]
	}
	return string(out)
}
