package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/sync/errgroup"

	"liveops/datasheets"
)

// Two databases are compared without reading both: the servers add up checksums of their rows, range by range of
// the key, and only ranges that differ are looked into, until few rows are left, which are read.
//
// A row's checksum is CRC32(CRC32(row)). One CRC32 alone would be linear: two rows that exchange values would
// cancel each other out in a sum far too often. CRC of the CRC's decimal digits is not. What remains is that a range
// that differs is taken for equal once in four billion times.

// Side is one of two databases that hold the same table.
type Side struct {
	Snapshot *Snapshot
	Table    *datasheets.Table
	Columns  []int // indexes into Table.Columns of what is compared, the key's first; the same columns in the same order on both sides
}

// Parts says what to read of a table on both sides: SQL conditions which together hold every row that may differ.
type Parts struct {
	whole bool
	where []string
}

// None says that no row differs.
func (p Parts) None() bool { return !p.whole && len(p.where) == 0 }

const (
	splitInto  = 64    // parts of a range of keys at each step
	fewKeys    = 1000  // rows of a range that is read rather than split again
	hashedInto = 4096  // parts of a table whose key does not begin with a whole number
	shareWhole = 2     // a table of which more than 1/shareWhole is to be read is read as a whole
	smallTable = 5_000 // rows of a table that is read without asking for sums
)

// Differing finds the parts of a table that may differ between two snapshots. The servers work at the same time.
func Differing(ctx context.Context, a, b Side) (Parts, error) {
	c := &comparison{sides: [2]Side{a, b}}
	if err := c.measure(ctx); err != nil {
		return Parts{}, fmt.Errorf("compare %s: %w", b.Table.Name, err)
	}
	if !c.sums || max(c.rows[0], c.rows[1]) < smallTable {
		return Parts{whole: true}, nil
	}
	find := c.byHash
	if b.Table.Columns[b.Table.Key[0]].Type == datasheets.Integer {
		find = c.byRange
	}
	parts, err := find(ctx)
	if err != nil {
		return Parts{}, fmt.Errorf("compare %s: %w", b.Table.Name, err)
	}
	return parts, nil
}

// RowsOf hands over the rows of some parts of a table, packed in the order of the side's columns.
func (s Side) RowsOf(ctx context.Context, p Parts, row func(packed []byte) error) error {
	if p.whole {
		return s.Snapshot.Rows(ctx, s.Table, s.Columns, row)
	}
	for _, where := range p.where {
		if err := readRows(ctx, s.Snapshot.tx, s.Table, s.Columns, " WHERE "+where, row); err != nil {
			return err
		}
	}
	return nil
}

// comparison is the comparing of one table.
type comparison struct {
	sides  [2]Side
	sums   bool // both servers can make sums
	rows   [2]int
	lo, hi *big.Int // of the key's first column, where that is a whole number
}

// both asks both servers at once.
func (c *comparison) both(ctx context.Context, ask func(ctx context.Context, i int, s Side) error) error {
	g, group := errgroup.WithContext(ctx)
	for i, s := range c.sides {
		g.Go(func() error { return ask(group, i, s) })
	}
	return g.Wait()
}

// measure counts the rows and finds the ends of the key.
func (c *comparison) measure(ctx context.Context) error {
	var kinds [2]serverKind
	var ends [2][2]sql.NullString
	err := c.both(ctx, func(ctx context.Context, i int, s Side) (err error) {
		if kinds[i], err = readServerKind(ctx, s.Snapshot.tx); err != nil {
			return err
		}
		key := quote(s.Table.Columns[s.Table.Key[0]].Name)
		query := "SELECT COUNT(*), MIN(" + key + "), MAX(" + key + ") FROM " + quote(s.Table.Name)
		return s.Snapshot.tx.QueryRowContext(ctx, query).Scan(&c.rows[i], &ends[i][0], &ends[i][1])
	})
	c.sums = kinds[0] != embeddedServer && kinds[1] != embeddedServer
	for _, e := range ends {
		for k, text := range e {
			n, ok := new(big.Int).SetString(text.String, 10)
			if !ok {
				continue // no row, or no whole number
			}
			if k == 0 && (c.lo == nil || n.Cmp(c.lo) < 0) {
				c.lo = n
			}
			if k == 1 && (c.hi == nil || n.Cmp(c.hi) > 0) {
				c.hi = n
			}
		}
	}
	return err
}

// sum is what a server says of some rows.
type sum struct {
	rows int
	sum  string
}

// keyRange is the rows whose key's first column is within two ends, both included.
type keyRange struct{ lo, hi *big.Int }

func (r keyRange) where(s Side) string {
	return quote(s.Table.Columns[s.Table.Key[0]].Name) + fmt.Sprintf(" BETWEEN %s AND %s", r.lo, r.hi)
}

// split divides a range into at most n of about the same width.
func (r keyRange) split(n int64) []keyRange {
	width := new(big.Int).Sub(r.hi, r.lo)
	width.Div(width, big.NewInt(n)).Add(width, big.NewInt(1))
	var out []keyRange
	for lo := r.lo; lo.Cmp(r.hi) <= 0; {
		hi := new(big.Int).Add(lo, width)
		hi.Sub(hi, big.NewInt(1))
		if hi.Cmp(r.hi) > 0 {
			hi = r.hi
		}
		out = append(out, keyRange{lo, hi})
		lo = new(big.Int).Add(hi, big.NewInt(1))
	}
	return out
}

// byRange narrows ranges of the key down.
func (c *comparison) byRange(ctx context.Context) (Parts, error) {
	var parts Parts
	toRead := 0
	for differ := (keyRange{c.lo, c.hi}).split(splitInto); len(differ) > 0; {
		var next []keyRange
		for len(differ) > 0 {
			n := min(len(differ), splitInto)
			sums, err := c.rangeSums(ctx, differ[:n])
			if err != nil {
				return parts, err
			}
			for i, r := range differ[:n] {
				a, b := sums[0][i], sums[1][i]
				rows := max(a.rows, b.rows)
				switch {
				case a == b:
				case rows <= fewKeys || r.lo.Cmp(r.hi) == 0: // or many rows of one number, in a key of several columns
					parts.where = append(parts.where, r.where(c.sides[1]))
					toRead += rows
				default:
					next = append(next, r.split(splitInto)...)
				}
			}
			differ = differ[n:]
		}
		if toRead*shareWhole > max(c.rows[0], c.rows[1]) {
			return c.byHash(ctx) // many rows differ, or the key's first column says little
		}
		differ = next
	}
	return parts, nil
}

// rangeSums asks both servers for the sums of ranges.
func (c *comparison) rangeSums(ctx context.Context, ranges []keyRange) (sums [2][]sum, err error) {
	err = c.both(ctx, func(ctx context.Context, i int, s Side) error {
		selects := make([]string, len(ranges))
		for k, r := range ranges {
			selects[k] = fmt.Sprintf("SELECT %d AS part, COUNT(*), COALESCE(SUM(%s), 0) FROM %s WHERE %s", k, s.rowSum(), quote(s.Table.Name), r.where(s))
		}
		sums[i] = make([]sum, len(ranges))
		return s.readSums(ctx, strings.Join(selects, " UNION ALL "), func(part int, got sum) { sums[i][part] = got })
	})
	return sums, err
}

// readSums runs a query for the number of a part, the count of its rows and their sum.
func (s Side) readSums(ctx context.Context, query string, found func(part int, got sum)) error {
	return each(ctx, s.Snapshot.tx, query, func(rows *sql.Rows) error {
		var part int
		var got sum
		if err := rows.Scan(&part, &got.rows, &got.sum); err != nil {
			return err
		}
		found(part, got)
		return nil
	})
}

// byHash divides the rows by a checksum of their key, which keeps rows of one key together as long as the key is the
// same byte by byte; where only a collation makes it so, both parts differ and both are read.
func (c *comparison) byHash(ctx context.Context) (Parts, error) {
	var sums [2]map[int]sum
	err := c.both(ctx, func(ctx context.Context, i int, s Side) error {
		sums[i] = map[int]sum{}
		query := fmt.Sprintf("SELECT %s AS part, COUNT(*), SUM(%s) FROM %s GROUP BY part", s.keyPart(), s.rowSum(), quote(s.Table.Name))
		return s.readSums(ctx, query, func(part int, got sum) { sums[i][part] = got })
	})
	if err != nil {
		return Parts{}, err
	}
	var differ []string
	for part := range hashedInto {
		if sums[0][part] != sums[1][part] {
			differ = append(differ, fmt.Sprint(part))
		}
	}
	switch {
	case len(differ) == 0:
		return Parts{}, nil
	case len(differ)*shareWhole > hashedInto:
		return Parts{whole: true}, nil
	}
	return Parts{where: []string{c.sides[1].keyPart() + " IN (" + strings.Join(differ, ", ") + ")"}}, nil
}

// keyPart is the expression of the part that a row belongs to.
func (s Side) keyPart() string {
	return fmt.Sprintf("CRC32(%s) %% %d", s.concat(s.Columns[:len(s.Table.Key)]), hashedInto)
}

// rowSum is the expression of a row's checksum.
func (s Side) rowSum() string { return "CRC32(CRC32(" + s.concat(s.Columns) + "))" }

// concat is the expression of columns as one text: no two rows that differ have the same. NULLs, which CONCAT_WS
// leaves out, stand before, and texts come with their length.
func (s Side) concat(columns []int) string {
	parts := []string{"'#'"}
	for _, i := range columns {
		if c := &s.Table.Columns[i]; c.Nullable {
			parts = append(parts, "ISNULL("+quote(c.Name)+")")
		}
	}
	for _, i := range columns {
		switch c := &s.Table.Columns[i]; c.Type {
		case datasheets.String, datasheets.Enum, datasheets.Set, datasheets.JSON, datasheets.Binary:
			parts = append(parts, "LENGTH("+quote(c.Name)+")", "CAST("+quote(c.Name)+" AS BINARY)")
		default:
			parts = append(parts, c.SelectExpr())
		}
	}
	return "CONCAT_WS(" + strings.Join(parts, ", ") + ")"
}
