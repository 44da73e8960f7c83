package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"slices"
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
	readRange  = 1000 // rows of a range that are read rather than split again
	firstSplit = 256  // the most parts of a table whose key begins with a whole number
	narrowest  = 100  // how many keys such a range spans at least: to look closer costs more than to read
	splitInto  = 64   // parts of a range of keys after that, and the most ranges of a statement
	hashedInto = 4096 // parts of a table with another key
	shareWhole = 2    // of a table of which more than 1/shareWhole is to be read, all is read
)

// Differing finds the parts of a table that may differ between two snapshots. The servers work at the same time.
func Differing(ctx context.Context, a, b Side) (Parts, error) {
	c := &comparison{sides: [2]Side{a, b}}
	sums, err := c.canSum(ctx)
	if err != nil || !sums {
		return Parts{whole: true}, err
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
type comparison struct{ sides [2]Side }

// both asks both servers at once.
func (c *comparison) both(ctx context.Context, ask func(ctx context.Context, i int, s Side) error) error {
	g, group := errgroup.WithContext(ctx)
	for i, s := range c.sides {
		g.Go(func() error { return ask(group, i, s) })
	}
	return g.Wait()
}

// canSum says whether both servers can make sums.
func (c *comparison) canSum(ctx context.Context) (bool, error) {
	var kinds [2]serverKind
	err := c.both(ctx, func(ctx context.Context, i int, s Side) (err error) {
		kinds[i], err = readServerKind(ctx, s.Snapshot.tx)
		return err
	})
	return kinds[0] != embeddedServer && kinds[1] != embeddedServer, err
}

// ends are the least and the greatest whole number that the key's first column has on either side; nil of empty tables.
func (c *comparison) ends(ctx context.Context) (*keyRange, error) {
	var ends [2][2]sql.NullString
	err := c.both(ctx, func(ctx context.Context, i int, s Side) error {
		key := quote(s.Table.Columns[s.Table.Key[0]].Name)
		return s.Snapshot.tx.QueryRowContext(ctx, "SELECT MIN("+key+"), MAX("+key+") FROM "+quote(s.Table.Name)).Scan(&ends[i][0], &ends[i][1])
	})
	if err != nil {
		return nil, err
	}
	var all *keyRange
	for _, e := range ends {
		lo, okay := new(big.Int).SetString(e[0].String, 10)
		hi, also := new(big.Int).SetString(e[1].String, 10)
		switch {
		case !e[0].Valid:
		case !okay || !also:
			return nil, fmt.Errorf("%q and %q are no whole numbers", e[0].String, e[1].String)
		case all == nil:
			all = &keyRange{lo, hi}
		default:
			if lo.Cmp(all.lo) < 0 {
				all.lo = lo
			}
			if hi.Cmp(all.hi) > 0 {
				all.hi = hi
			}
		}
	}
	return all, nil
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

// narrow says that there is nothing to split.
func (r keyRange) narrow() bool {
	return new(big.Int).Sub(r.hi, r.lo).Cmp(big.NewInt(narrowest)) < 0
}

// split divides a range into at most n of the same width.
func (r keyRange) split(n int64) []keyRange {
	width := new(big.Int).Sub(r.hi, r.lo)
	width.Div(width, big.NewInt(n)).Add(width, big.NewInt(1))
	if least := big.NewInt(narrowest); width.Cmp(least) < 0 {
		width = least
	}
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
	all, err := c.ends(ctx)
	if err != nil || all == nil {
		return Parts{}, err
	}
	var parts Parts
	rows, toRead := 0, 0
	for depth, look := 0, all.split(firstSplit); len(look) > 0; depth++ {
		var next []keyRange
		for some := range slices.Chunk(look, splitInto) {
			sums, err := c.rangeSums(ctx, some)
			if err != nil {
				return parts, err
			}
			for i, r := range some {
				a, b := sums[0][i], sums[1][i]
				most := max(a.rows, b.rows)
				if depth == 0 {
					rows += most
				}
				switch {
				case a == b:
				case most <= readRange || r.narrow(): // or a key of several columns has many rows of one number
					parts.where = append(parts.where, r.where(c.sides[1]))
					toRead += most
				default:
					next = append(next, r.split(splitInto)...)
				}
			}
		}
		if rows > readRange && toRead*shareWhole > rows {
			return c.byHash(ctx) // many rows differ, or the key's first column says little
		}
		look = next
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
	mixed := false // texts are joined as bytes, lest the server brings them to one character set
	for _, i := range columns {
		c := &s.Table.Columns[i]
		if c.Nullable {
			parts = append(parts, "ISNULL("+quote(c.Name)+")")
		}
		mixed = mixed || isText(c) && !strings.HasPrefix(c.Collation, "utf8mb4_")
	}
	for _, i := range columns {
		c := &s.Table.Columns[i]
		switch name := quote(c.Name); {
		case isText(c) && mixed:
			parts = append(parts, "LENGTH("+name+")", "CAST("+name+" AS BINARY)")
		case isText(c):
			parts = append(parts, "LENGTH("+name+")", name)
		default:
			parts = append(parts, c.SelectExpr())
		}
	}
	return "CONCAT_WS(" + strings.Join(parts, ", ") + ")"
}

// isText says whether a column's values are of any length and hold any character.
func isText(c *datasheets.Column) bool {
	switch c.Type {
	case datasheets.String, datasheets.Enum, datasheets.Set, datasheets.JSON, datasheets.Binary:
		return true
	}
	return false
}
