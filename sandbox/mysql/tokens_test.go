package mysql

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// phones is a client of a server with so many push tokens, of two platforms in turn: a0000 is of android, a0001 of ios, and so on.
func phones(t *testing.T, n int) *client {
	t.Helper()
	s := started(t, "game")
	var all []Token
	for i := range n {
		all = append(all, Token{fmt.Sprintf("a%04d", n-1-i), []string{"android", "ios"}[(n-1-i)%2], "ko", time.Date(2026, 1, 1, 0, 0, (n-1-i)%60, 0, time.UTC)})
	}
	if err := s.AddTokens("game", "push_tokens", all); err != nil {
		t.Fatal(err)
	}
	return opened(t, s, "game")
}

// Tokens are read in pages, by their order, whatever the bounds.
func TestTokensInPages(t *testing.T) {
	c := phones(t, 1000)
	want(t, "all", c.ask(`SELECT platform, COUNT(*), MIN(token), MAX(token) FROM push_tokens GROUP BY platform ORDER BY platform`), "android|500|a0000|a0998\nios|500|a0001|a0999")
	want(t, "a page", c.ask(`SELECT token, language FROM push_tokens WHERE TRUE AND platform = ? AND token > ? ORDER BY token LIMIT ?`, "ios", "a0500", 3), "a0501|ko\na0503|ko\na0505|ko")
	want(t, "up to one", c.ask(`SELECT token FROM push_tokens WHERE TRUE AND platform = ? AND token > ? AND token <= ? ORDER BY token LIMIT ?`, "ios", "a0500", "a0503", 9), "a0501\na0503")
	want(t, "no other platform", c.ask(`SELECT COUNT(*) FROM push_tokens WHERE platform = 'windows' AND token > ''`), "0")
	want(t, "two platforms", c.ask(`SELECT COUNT(*) FROM push_tokens WHERE platform IN ('ios', 'android') AND token >= 'a0990' AND token < 'a0998'`), "8")
	want(t, "the last", c.ask(`SELECT token FROM push_tokens WHERE platform = 'ios' AND token > 'a0999' ORDER BY token LIMIT 10`), "")
	want(t, "by no index", c.ask(`SELECT COUNT(*) FROM push_tokens WHERE updated_at < '2026-01-01 00:00:10'`), "170")
	want(t, "in a transaction that reads", c.conn().ask(`SELECT COUNT(*) FROM push_tokens WHERE token IN ('a0001', 'a0002')`), "2")
}

// Its index is one of platform and token.
func TestTokensSayTheirIndex(t *testing.T) {
	c := phones(t, 1)
	want(t, "index", c.ask(`SELECT INDEX_NAME, COLUMN_NAME, SUB_PART IS NULL FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'push_tokens' ORDER BY INDEX_NAME, SEQ_IN_INDEX`), "push_order|platform|1\npush_order|token|1")
}

// Dead tokens are taken out as the daemon takes them out: not those that were renewed since.
func TestTokensAreDeleted(t *testing.T) {
	c := phones(t, 1000)
	statement := `DELETE FROM push_tokens WHERE (FALSE
		OR platform IN ('ios') AND token IN ('a0001', 'a0003', 'a0002', 'a0001') AND (updated_at IS NULL OR updated_at <= '2026-01-01 00:00:01')
		OR platform IN ('ios', 'iphone') AND token IN ('a0003', 'a0999') AND (updated_at IS NULL OR updated_at <= '2026-02-01')
		OR platform IN ('android') AND token IN ('a0000') AND (updated_at IS NULL OR updated_at <= '2025-12-31'))`
	if plan := c.ask("EXPLAIN PLAN " + statement); !strings.Contains(plan, "IndexedTableAccess") {
		t.Errorf("the whole table is looked at:\n%s", plan)
	}
	n, err := c.exec(statement).RowsAffected()
	if err != nil || n != 3 {
		t.Errorf("%d are gone, %v", n, err)
	}
	want(t, "left", c.ask(`SELECT COUNT(*) FROM push_tokens`), "997")
	want(t, "of those that were named", c.ask(`SELECT token FROM push_tokens WHERE token IN ('a0000', 'a0001', 'a0002', 'a0003', 'a0999') ORDER BY token`), "a0000\na0002")
	if n, _ := c.exec(statement).RowsAffected(); n != 0 {
		t.Errorf("%d are gone once more", n)
	}
}

// A token is renewed in its place; its place is no other one.
func TestTokensAreRenewed(t *testing.T) {
	c := phones(t, 10)
	c.exec(`UPDATE push_tokens SET updated_at = '2026-03-01' WHERE platform = 'ios' AND token = 'a0003'`)
	want(t, "the renewed ones", c.ask(`SELECT token, platform FROM push_tokens WHERE updated_at >= '2026-03-01'`), "a0003|ios")
	if _, err := c.db.Exec(`UPDATE push_tokens SET token = 'b' WHERE platform = 'ios' AND token = 'a0003'`); err == nil {
		t.Error("a token becomes another one")
	}
	if _, err := c.db.Exec(`INSERT INTO push_tokens VALUES ('b', 'ios', 'ko', '2026-01-01')`); err == nil {
		t.Error("a token is inserted")
	}
	want(t, "all", c.ask(`SELECT COUNT(*), MAX(token) FROM push_tokens`), "10|a0009")
}

func TestTokensThatCannotBeAdded(t *testing.T) {
	s := started(t, "game")
	if err := s.AddTokens("other", "push_tokens", nil); err == nil {
		t.Error("there is a database other")
	}
	if err := s.AddTokens("game", "push_tokens", []Token{{Token: "a", Platform: "ios"}, {Token: "a", Platform: "android"}, {Token: "a", Platform: "ios"}}); err == nil {
		t.Error("a token is there twice")
	}
}
