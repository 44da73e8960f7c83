package pushd_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/pushd/runs"
)

// heard says that a line was logged which has some words.
type heard struct {
	words []byte
	once  chan struct{}
}

// Write hears a line.
func (h heard) Write(line []byte) (int, error) {
	if bytes.Contains(line, h.words) {
		select {
		case h.once <- struct{}{}:
		default:
		}
	}
	return len(line), nil
}

// A database that cannot be reached as leading begins ends nothing: it is asked again.
func TestLeadingBeginsOnceTheDatabaseIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, 0)
	c, err := mysql.ParseDSN(w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.DBName += "_later"
	db, err := openDB(c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	failed := heard{[]byte("push: leading"), make(chan struct{}, 1)}
	o := w.options("one")
	o.Runs, o.Lease, o.Log = runs.New(db), 3*time.Second, slog.New(slog.NewTextHandler(failed, nil))
	stop := w.leading(o)
	select {
	case <-failed.once:
	case <-time.After(time.Minute):
		t.Fatal("nothing was tried, or it was not said")
	}
	w.exec("CREATE DATABASE " + c.DBName)
	defer w.exec("DROP DATABASE " + c.DBName)
	w.await("a leader", func() bool {
		var epoch int64
		return db.QueryRow("SELECT epoch FROM liveops_push_leader WHERE id = 1").Scan(&epoch) == nil && epoch > 0
	})
	stop()
}
