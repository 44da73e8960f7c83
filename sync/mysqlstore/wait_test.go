package mysqlstore_test

import (
	"testing"
	"time"
)

// Whoever alters a table, or is about to, makes liveops give up for now, not stand still for a day.
func TestAlteredTableIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for 10 seconds")
	}
	g := newGame(t, servers[0], stuffDDL)
	conn, err := g.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "LOCK TABLES stuff WRITE"); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if _, _, err := planSheets(t.Context(), g.store, []sheet{stuff("1|나무 검|10")}); err == nil {
		t.Error("a locked table was read")
	}
	if took := time.Since(started); took > 2*time.Minute {
		t.Errorf("it took %s to give up", took)
	}
}
