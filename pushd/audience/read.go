package audience

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/go-sql-driver/mysql"
)

// pageRows is how many tokens one statement reads: enough that asking costs little (measured: pages of 10,000 read
// as fast as one stream), and so few that a page is small beside everything else.
const pageRows = 10_000

// Store is the database that has the tokens. The zero PageRows is 10,000.
type Store struct {
	DB       *sql.DB // its sessions run in UTC
	PageRows int
}

// Pages reads the tokens of a query that come behind a cursor, in pages of one platform each; pages may be short, and
// empty tokens are passed over. An error ends the sequence. Each page is read by itself: what is registered, or is
// taken out, between two pages is met, or not, as it comes.
func (s *Store) Pages(ctx context.Context, q Query, after Cursor) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		if err := q.check(); err != nil {
			yield(Page{}, err)
			return
		}
		t, w, err := s.prepared(ctx, &q)
		if err != nil {
			yield(Page{}, err)
			return
		}
		for _, p := range q.parts() {
			if after != (Cursor{}) && (p.platform != after.Platform || p.value != after.Value) {
				continue
			}
			for page, err := range s.pagesOf(ctx, t, p, w, after.Token, "") {
				if !yield(page, err) || err != nil {
					return
				}
			}
			after = Cursor{}
		}
	}
}

// prepared is a query with the types of its columns, and how its tokens are found.
func (s *Store) prepared(ctx context.Context, q *Query) (*typed, way, error) {
	t, err := s.typed(ctx, q)
	if err != nil {
		return nil, way{}, err
	}
	w, err := s.way(ctx, t)
	return t, w, err
}

// pagesOf reads the tokens of one part behind a token, up to and with another unless that is "". An error is its last.
func (s *Store) pagesOf(ctx context.Context, q *typed, p part, w way, after, to string) iter.Seq2[Page, error] {
	rows := s.PageRows
	if rows <= 0 {
		rows = pageRows
	}
	return func(yield func(Page, error) bool) {
		for {
			tokens, last, n, err := s.readPart(ctx, q, p, w, after, to, rows)
			if err != nil {
				yield(Page{}, fmt.Errorf("read the tokens of %s behind %.12q: %w", p.platform, after, err))
				return
			}
			if len(tokens) > 0 && !yield(Page{Cursor{p.platform, p.value, last}, tokens}, nil) || n < rows {
				return
			}
			after = last
		}
	}
}

// Between reads all tokens behind a cursor up to and with a token of the same platform and value, each once: what a batch has
// that is to be handed out again, and what was registered in between since.
func (s *Store) Between(ctx context.Context, q Query, after Cursor, to string) ([]Token, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	t, w, err := s.prepared(ctx, &q)
	if err != nil {
		return nil, err
	}
	for _, p := range q.parts() {
		if p.platform == after.Platform && p.value == after.Value {
			return allOf(s.pagesOf(ctx, t, p, w, after.Token, to))
		}
	}
	return nil, fmt.Errorf("the audience has no platform %s with the value %q", after.Platform, after.Value)
}

// allOf are the tokens of some pages.
func allOf(pages iter.Seq2[Page, error]) (all []Token, err error) {
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		all = append(all, page.Tokens...)
	}
	return all, nil
}

// errNoIndex is the number of the error that an index is not there, or is one that the server was told to ignore
// (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_key_does_not_exits).
const errNoIndex = 1176

// readPart reads a page of a part; without the index that it was to go by where the server has it no more.
func (s *Store) readPart(ctx context.Context, q *typed, p part, w way, after, to string, limit int) (tokens []Token, last string, n int, err error) {
	tokens, last, n, err = s.read(ctx, q.page(p, w, after, to, limit))
	if e := (*mysql.MySQLError)(nil); w.index != "" && errors.As(err, &e) && e.Number == errNoIndex {
		return s.read(ctx, q.page(p, way{}, after, to, limit))
	}
	return tokens, last, n, err
}

// read reads one page. A token that is stored twice comes twice in a row and is kept once.
func (s *Store) read(ctx context.Context, st *statement) (tokens []Token, last string, n int, err error) {
	languages := map[string]string{} // there are few, and each is kept once
	err = s.readOnly(ctx, st, func(rows *sql.Rows) error {
		var token, tag sql.RawBytes
		if err := rows.Scan(&token, &tag); err != nil {
			return err
		}
		if n++; n > 1 && string(token) == last {
			return nil
		}
		language, known := languages[string(tag)]
		if !known {
			language = string(tag)
			languages[language] = language
		}
		last = string(token)
		tokens = append(tokens, Token{last, language})
		return nil
	})
	return tokens, last, n, err
}

// Count counts a query's tokens by platform and language, each token once.
func (s *Store) Count(ctx context.Context, q Query) (map[Group]int, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	t, err := s.typed(ctx, &q)
	if err != nil {
		return nil, err
	}
	counts := map[Group]int{}
	for _, p := range q.platforms() {
		err := s.readOnly(ctx, t.countBy(p, q.language()), func(rows *sql.Rows) error {
			g := Group{Platform: p}
			var n int
			err := rows.Scan(&g.Language, &n)
			counts[g] = n
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("count the audience: %w", err)
		}
	}
	return counts, nil
}

// Values counts a query's tokens by what a column of it has, each token once; NULL is "". The column is one of Table's,
// or of what SQL gives.
func (s *Store) Values(ctx context.Context, q Query, column string) (map[string]int, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	t, err := s.typed(ctx, &q)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, p := range q.platforms() {
		err := s.readOnly(ctx, t.countBy(p, "COALESCE("+quote(column)+", '')"), func(rows *sql.Rows) error {
			var value string
			var n int
			err := rows.Scan(&value, &n)
			counts[value] += n
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("count the audience by %s: %w", column, err)
		}
	}
	return counts, nil
}

// readOnly runs a statement in a transaction that cannot write.
func (s *Store) readOnly(ctx context.Context, st *statement, each func(*sql.Rows) error) error {
	if st.err != nil {
		return st.err
	}
	tx, err := s.DB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() // there is nothing to commit
	rows, err := tx.QueryContext(ctx, st.String(), st.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
