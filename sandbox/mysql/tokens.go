package mysql

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/types"
)

// A Token is a row of a table of push tokens.
type Token struct {
	Token, Platform, Language string
	UpdatedAt                 time.Time // in UTC, to the second
}

// AddTokens adds a table of push tokens to a database that is on the server, with the columns token, platform, language and updated_at.
//
// It holds hundreds of thousands of rows, which the engine's own tables do not: they are kept in the order of platform and
// token, which is that of their bytes, and are found by an index of these two columns. They can be selected, updated in
// language and updated_at, and deleted; none can be inserted. A transaction has no snapshot of them, and rolls nothing of them back.
func (s *Server) AddTokens(database, table string, tokens []Token) error {
	db := s.databases[database]
	if db == nil {
		return fmt.Errorf("add the push tokens %s: there is no database %s", table, database)
	}
	rows := make([]sql.Row, len(tokens))
	for i, t := range tokens {
		rows[i] = sql.Row{t.Token, t.Platform, t.Language, t.UpdatedAt.UTC().Truncate(time.Second)}
	}
	slices.SortFunc(rows, compareTokens)
	for i := 1; i < len(rows); i++ {
		if compareTokens(rows[i-1], rows[i]) == 0 {
			return fmt.Errorf("add the push tokens %s: a token of %s is there twice", table, rows[i][platformColumn])
		}
	}
	text := func(n int64) sql.Type { return types.MustCreateString(types.Text.Type(), n, sql.Collation_ascii_bin) }
	t := &tokenTable{name: table, database: database, rows: &atomic.Pointer[[]sql.Row]{}, schema: sql.Schema{
		{Name: "token", Source: table, DatabaseSource: database, Type: text(255)},
		{Name: "platform", Source: table, DatabaseSource: database, Type: text(10)},
		{Name: "language", Source: table, DatabaseSource: database, Type: text(10)},
		{Name: "updated_at", Source: table, DatabaseSource: database, Type: types.Datetime},
	}}
	t.rows.Store(&rows)
	db.AddTable(table, t)
	return nil
}

// The columns of a table of push tokens.
const (
	tokenColumn = iota
	platformColumn
	languageColumn
	updatedColumn
)

// compareTokens is the order in which a table of push tokens has its rows.
func compareTokens(a, b sql.Row) int {
	return cmp.Or(cmp.Compare(a[platformColumn].(string), b[platformColumn].(string)), cmp.Compare(a[tokenColumn].(string), b[tokenColumn].(string)))
}

var _ memory.MemTable = (*tokenTable)(nil)
