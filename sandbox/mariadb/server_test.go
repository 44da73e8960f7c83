package mariadb

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("START_AND_PRINT"); dir != "" {
		startAndPrint(dir)
	}
	Main(m)
}

// startAndPrint is what the child of TestDiesWithItsProgram does.
func startAndPrint(dir string) {
	s, err := Start(context.Background(), dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("%s %s\n", s.DSN(""), s.Socket())
	select {}
}

func TestDiesWithItsProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with its parent")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "START_AND_PRINT="+t.TempDir())
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dsn, socket, _ := strings.Cut(strings.TrimSpace(line), " ")
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(socket)) }) // nobody else is left to do it
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", c.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	// The server greets, then says nothing until it dies and the connection with it.
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // it hangs up on a silent client after 10
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server outlived the program that started it")
	}
}

func started(t *testing.T) (*Server, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s, dir
}

func ask(t *testing.T, dsn, query string) string {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var answer string
	if err := db.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestServerSettings(t *testing.T) {
	s, _ := started(t)
	for _, test := range []struct{ variable, want string }{
		{"character_set_server", "utf8mb4"},
		{"sql_mode", "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"},
		{"innodb_flush_log_at_trx_commit", "1"},
		{"bind_address", "127.0.0.1"},
		{"skip_name_resolve", "1"},
		{"default_storage_engine", "InnoDB"},
	} {
		if got := ask(t, s.DSN("mysql"), "SELECT @@global."+test.variable); got != test.want {
			t.Errorf("@@%s = %q, want %q", test.variable, got, test.want)
		}
	}
	if _, err := os.Stat(s.Socket()); err != nil {
		t.Error(err)
	}
}

func TestTwoServersAreApart(t *testing.T) {
	a, _ := started(t)
	b, _ := started(t)
	if a.DSN("") == b.DSN("") || a.Socket() == b.Socket() {
		t.Fatalf("both answer at %s and %s", a.DSN(""), a.Socket())
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	for name, end := range map[string]func(*Server) error{
		"Stop": (*Server).Stop,
		"Kill": func(s *Server) error { s.Kill(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := started(t)
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			if err := end(s); err != nil {
				t.Errorf("the second time: %v", err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left in its directory: %v, %v", left, err)
			}
			if _, err := os.Stat(s.Socket()); !os.IsNotExist(err) {
				t.Errorf("its socket is still there: %v", err)
			}
			if conn, err := net.DialTimeout("tcp", s.address, time.Second); err == nil {
				conn.Close()
				t.Error("something still listens on its port")
			}
		})
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := Start(ctx, dir); err == nil {
		t.Fatal("started although its context had ended")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNewDatabase(t *testing.T) {
	var dropped string
	t.Run("test", func(t *testing.T) {
		one, other := NewDatabase(t), NewDatabase(t)
		dropped = ask(t, one, "SELECT DATABASE()")
		if dropped == ask(t, other, "SELECT DATABASE()") {
			t.Error("two calls gave one database")
		}
		if got := ask(t, one, "SELECT @@character_set_database"); got != "utf8mb4" {
			t.Errorf("character set %s, want utf8mb4", got)
		}
	})
	c, err := mysql.ParseDSN(ServerDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	c.DBName = dropped
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var e *mysql.MySQLError
	if err := db.PingContext(t.Context()); !errors.As(err, &e) || e.Number != 1049 { // ER_BAD_DB_ERROR
		t.Errorf("after its test the database answers %v, want error 1049", err)
	}
}
