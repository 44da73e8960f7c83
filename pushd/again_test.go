package pushd

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/engine"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/mariadb"
)

// recorded is a database with a run of which one batch was recorded, and perhaps lost before it was handed out.
func recorded(t *testing.T, b runs.Batch) (*sql.DB, *runs.Store, runs.Run) {
	t.Helper()
	c, err := mysql.ParseDSN(mariadb.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	c.InterpolateParams, c.Params = true, map[string]string{"time_zone": "'+00:00'"}
	db, err := sql.Open("mysql", c.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	record := runs.New(db)
	if err := record.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	epoch, err := record.Lead(t.Context(), "leader", 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	r, _, err := record.Begin(t.Context(), epoch, runs.Run{Campaign: "november", Time: at, State: runs.Running, Started: at})
	if err != nil {
		t.Fatal(err)
	}
	if err := record.Extend(t.Context(), epoch, r.ID, []runs.Batch{b}, audience.Cursor{Platform: b.After.Platform, Value: b.After.Value, Token: b.To}, true); err != nil {
		t.Fatal(err)
	}
	return db, record, r
}

// A batch that is handed out again has every token of its range, also where many were registered in it since.
func TestABatchIsHandedOutAgainWhole(t *testing.T) {
	db, record, r := recorded(t, runs.Batch{Seq: 1, After: audience.Cursor{Platform: campaign.IOS, Value: "ios"}, To: "t2498", Tokens: 1000})
	if _, err := db.Exec("CREATE TABLE phones (token VARCHAR(20) PRIMARY KEY, platform VARCHAR(10) NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i := range 2500 {
		rows = append(rows, fmt.Sprintf("('t%04d', 'ios')", i))
	}
	if _, err := db.Exec("INSERT INTO phones VALUES " + strings.Join(rows, ", ")); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	batches, err := e.Batches(t.Context(), "staging")
	if err != nil {
		t.Fatal(err)
	}
	if err := batches.Begin(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	l := newLeader(Options{Batches: batches, Runs: record, Tokens: &audience.Store{DB: db}, Outstanding: 64, Clock: SystemClock{}}, 1)
	d := &led{Run: r, open: map[int]bool{}}
	if err := l.again(t.Context(), d, audience.Query{Table: audience.Table{Name: "phones", Token: "token", Platform: "platform"}}); err != nil {
		t.Fatal(err)
	}
	taken, err := batches.Take(t.Context(), r.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Stop()
	within, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := taken.Next(within)
	if err != nil {
		t.Fatal(err)
	}
	p, err := unpack(b.Data)
	if err != nil || b.Seq != 1 || len(p.tokens) != 2499 || string(p.tokens[2498].token) != "t2498" {
		t.Errorf("batch %d of %d tokens, %v", b.Seq, len(p.tokens), err)
	}
	if err := b.Done(); err != nil {
		t.Error(err)
	}
}
