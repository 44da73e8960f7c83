package mysqlstore

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"liveops/datasheets"
)

// spareBits is about how many values a column's type has to choose from, as a power of two; 0 for a type that
// spareValue does not make values of.
func spareBits(c *datasheets.Column) int {
	switch c.Type {
	case datasheets.Integer, datasheets.Bit:
		return c.Bits
	case datasheets.Decimal:
		return 3 * c.Precision
	case datasheets.String, datasheets.Binary:
		return int(min(5*spareLength(c), 64))
	case datasheets.DateType, datasheets.DateTime:
		return 20
	case datasheets.Time:
		return 16
	}
	return 0
}

// spareLength is how long a made text is.
func spareLength(c *datasheets.Column) int64 {
	if c.Length > 0 {
		return min(c.Length, 20)
	}
	return min(c.MaxBytes, 20)
}

// spareValue makes a value of a column's type by chance.
func spareValue(c *datasheets.Column) datasheets.Value {
	switch c.Type {
	case datasheets.Integer, datasheets.Bit:
		n := rand.Uint64() >> (64 - c.Bits)
		if c.Type == datasheets.Integer && !c.Unsigned {
			return datasheets.NewValue(strconv.FormatInt(int64(n)-1<<(c.Bits-1), 10))
		}
		return datasheets.NewValue(strconv.FormatUint(n, 10))
	case datasheets.Decimal:
		return datasheets.NewValue(spareDigits(c.Precision, c.Scale))
	case datasheets.String:
		return datasheets.NewValue(spareText(spareLength(c)))
	case datasheets.Binary:
		return datasheets.NewValue(fmt.Sprintf("0x%x", spareText(spareLength(c))))
	case datasheets.DateType:
		return datasheets.NewValue(spareDay().Format(time.DateOnly))
	case datasheets.DateTime:
		return datasheets.NewValue(spareDay().Add(time.Duration(rand.IntN(86400))*time.Second).Format(time.DateTime) + noFraction(c))
	default:
		return datasheets.NewValue(fmt.Sprintf("%02d:%02d:%02d", rand.IntN(800), rand.IntN(60), rand.IntN(60)) + noFraction(c))
	}
}

// noFraction is a second's fraction of zero in the digits of a column.
func noFraction(c *datasheets.Column) string {
	if c.Scale == 0 {
		return ""
	}
	return "." + strings.Repeat("0", c.Scale)
}

func spareText(n int64) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz234567"[rand.IntN(32)]
	}
	return string(b)
}

func spareDigits(precision, scale int) string {
	b := make([]byte, precision)
	for i := range b {
		b[i] = byte('0' + rand.IntN(10))
	}
	whole, _ := new(big.Int).SetString("0"+string(b[:precision-scale]), 10)
	if scale == 0 {
		return whole.String()
	}
	return whole.String() + "." + string(b[precision-scale:])
}

func spareDay() time.Time {
	return time.Date(1000+rand.IntN(9000), 1, 1+rand.IntN(365), 0, 0, 0, 0, time.UTC)
}

// spareTries is how often values are made by chance before a column is held to be full.
const spareTries = 20

// spareValues finds n values that the column has in no row and is given in none.
func (w *tableWork) spareValues(ctx context.Context, tx *transaction, c *datasheets.Column, n int) ([]datasheets.Value, error) {
	if spareBits(c) == 0 {
		return nil, &RefusedError{Table: w.Schema.Name, Reason: fmt.Sprintf("rows exchange values of the unique column %s, "+
			"which liveops can do for numbers, text, dates and columns that may be NULL only: release it in two steps", c.Name)}
	}
	taken := map[string]bool{}
	column := w.Schema.Column(c.Name)
	for i := range w.Changes {
		if w.Changes[i].After != nil {
			taken[strings.ToLower(w.next(column, i).Text())] = true
		}
	}
	var spare []datasheets.Value
	for range spareTries {
		var made [][]datasheets.Value
		for range min(2*(n-len(spare)), rowsBatch) {
			v := spareValue(c)
			if key := strings.ToLower(v.Text()); !taken[key] {
				taken[key] = true
				made = append(made, []datasheets.Value{v})
			}
		}
		free, err := w.absent(ctx, tx, c, made)
		if err != nil {
			return nil, err
		}
		if spare = append(spare, free...); len(spare) >= n {
			return spare[:n], nil
		}
	}
	return nil, &RefusedError{Table: w.Schema.Name, Reason: fmt.Sprintf("rows exchange values of the unique column %s, and it has no value left "+
		"that could stand in meanwhile: release it in two steps", c.Name)}
}

// absent picks the values that no row has in a column. Made text is of letters and digits without accents, so
// that a collation makes two of it equal only by their case.
func (w *tableWork) absent(ctx context.Context, tx *transaction, c *datasheets.Column, values [][]datasheets.Value) ([]datasheets.Value, error) {
	if len(values) == 0 {
		return nil, nil
	}
	where, args, err := whereIn("", []string{c.Name}, []*datasheets.Column{c}, values)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	column := w.Schema.Column(c.Name)
	err = readRows(ctx, tx, w.Schema, []int{column}, where+" LOCK IN SHARE MODE", func(row []byte) error {
		vs, err := datasheets.Unpack(row)
		if err == nil {
			there[strings.ToLower(vs[0].Text())] = true
		}
		return err
	}, args...)
	if err != nil {
		return nil, refused(err)
	}
	var free []datasheets.Value
	for _, v := range values {
		if !there[strings.ToLower(v[0].Text())] {
			free = append(free, v[0])
		}
	}
	return free, nil
}
