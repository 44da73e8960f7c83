package mariadb

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
)

// launch starts the daemon on a free port and waits until it answers. Another process may take the port
// between its choice and the server's bind; then another one is tried.
func (s *Server) launch(ctx context.Context, daemon, base, data string) error {
	const attempts = 5
	var err error
	for range attempts {
		var port int
		if port, err = freePort(ctx); err != nil {
			return err
		}
		if err = s.launchOn(ctx, port, daemon, base, data); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (s *Server) launchOn(ctx context.Context, port int, daemon, base, data string) error {
	logPath := filepath.Join(base, "error.log")
	logFile, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("make MariaDB's log: %w", err)
	}
	defer logFile.Close() // the child has its own descriptor
	cmd := exec.Command(daemon, append(settings(port, s.socket, base, data), asRoot()...)...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = logFile, logFile, apart()
	if err := s.startAndWatch(cmd); err != nil {
		return fmt.Errorf("start MariaDB: %w", err)
	}
	s.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := s.waitUntilReady(ctx); err != nil {
		_ = s.process.Kill()
		<-s.exited
		written, _ := os.ReadFile(logPath)
		return fmt.Errorf("start MariaDB: %w\n%s", err, tail(written))
	}
	return nil
}

// startAndWatch starts cmd and leaves a goroutine that ends when the process has, closing exited. It stays on
// the thread that started the process, because the kernel ties the process to that.
func (s *Server) startAndWatch(cmd *exec.Cmd) error {
	exited, started := make(chan struct{}), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.waitErr = cmd.Wait()
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.exited = cmd.Process, exited
	return nil
}

// settings are the server's options. None come from the machine's own files, so that every machine tests the
// same server. What makes commits durable is left as it is; only what merely costs time or room is made small.
func settings(port int, socket, base, data string) []string {
	return []string{
		"--no-defaults",
		"--datadir=" + data, "--tmpdir=" + base, "--pid-file=" + filepath.Join(base, "pid"),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--socket=" + socket, "--skip-name-resolve",
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
		"--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION",
		"--innodb-flush-log-at-trx-commit=1",
		"--innodb-buffer-pool-size=128M", "--innodb-log-file-size=32M",
		"--max-connections=200", "--max-allowed-packet=64M", "--performance-schema=OFF", "--skip-log-bin",
	}
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitUntilReady returns when the server has answered a query, and an error when its process has ended or ctx
// has.
func (s *Server) waitUntilReady(ctx context.Context) error {
	c, err := mysql.ParseDSN(s.DSN(""))
	if err != nil {
		return err
	}
	c.Logger = log.New(io.Discard, "", 0) // a refused connection is expected here
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended by itself: %w", s.exitError())
		case <-ctx.Done():
			return fmt.Errorf("%w; it last answered: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func (s *Server) exitError() error {
	if s.waitErr != nil {
		return s.waitErr
	}
	return fmt.Errorf("exit status 0")
}
