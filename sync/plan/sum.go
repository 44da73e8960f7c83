package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"liveops/datasheets"
)

// Sum is a checksum of a table's rows in whatever order they come: the number of rows and the sum, modulo
// 2^256, of the SHA-256 of each packed row. Equal rows give equal sums; it guards against accidents, not
// against someone who looks for a collision.
type Sum struct {
	Rows int
	sum  [4]uint64
}

// Equal reports whether two sums are of the same rows.
func (s Sum) Equal(t Sum) bool { return s == t }

// String is the sum in hexadecimal.
func (s Sum) String() string {
	var b [32]byte
	for i, w := range s.sum {
		binary.BigEndian.PutUint64(b[8*(3-i):], w)
	}
	return hex.EncodeToString(b[:])
}

func (s *Sum) add(row []byte) {
	h := sha256.Sum256(row)
	var carry uint64
	for i := range s.sum {
		s.sum[i], carry = bits.Add64(s.sum[i], binary.BigEndian.Uint64(h[8*(3-i):]), carry)
	}
	s.Rows++
}

// Summer sums the rows of one table, given packed in the order of its managed columns. Columns whose empty
// cells mean "whatever the server's default gives" are left out, since the sheet does not know their values.
type Summer struct {
	Sum   Sum
	known []bool // by managed column; nil where all are known
	buf   []byte
}

// NewSummer sums rows of the managed columns of a table.
func NewSummer(t *datasheets.Table, managed []int) *Summer {
	known := make([]bool, len(managed))
	all := true
	for i, c := range managed {
		known[i] = !mayBeDefault(&t.Columns[c])
		all = all && known[i]
	}
	if all {
		return &Summer{}
	}
	return &Summer{known: known}
}

// Add adds one packed row; it fails where the row is not one.
func (s *Summer) Add(row []byte) error {
	if s.known == nil {
		s.Sum.add(row)
		return nil
	}
	vs, err := datasheets.Unpack(row)
	if err != nil {
		return err
	}
	s.buf = s.buf[:0]
	for i, v := range vs {
		if s.known[i] {
			s.buf = datasheets.AppendValue(s.buf, v)
		}
	}
	s.Sum.add(s.buf)
	return nil
}

// mayBeDefault says whether an empty cell of the column is datasheets.ServerDefault.
func mayBeDefault(c *datasheets.Column) bool {
	return !c.Nullable && c.Default == nil && (c.DefaultIsExpr || c.AutoIncrement)
}
