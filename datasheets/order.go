package datasheets

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
)

// Ordered says whether the values of a column have an order that people mean: numbers, dates and times have.
func (c *Column) Ordered() bool {
	switch c.Type {
	case Integer, Decimal, Float, Double, Bit, Year, DateType, DateTime, Timestamp, Time:
		return true
	}
	return false
}

// Compare orders two values of an Ordered column, neither NULL nor left to the server's default, as cmp.Compare does.
func (c *Column) Compare(a, b Value) int {
	switch c.Type {
	case DateType, DateTime, Timestamp: // the canonical form is of a fixed width
		return strings.Compare(a.Text(), b.Text())
	case Time:
		return cmp.Compare(timeOrder(a.Text()), timeOrder(b.Text()))
	case Float, Double:
		x, _ := strconv.ParseFloat(a.Text(), 64) // canonical values parse
		y, _ := strconv.ParseFloat(b.Text(), 64)
		return cmp.Compare(x, y)
	}
	x, errX := strconv.ParseInt(a.Text(), 10, 64)
	y, errY := strconv.ParseInt(b.Text(), 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	p, okP := new(big.Rat).SetString(a.Text())
	q, okQ := new(big.Rat).SetString(b.Text())
	if !okP || !okQ {
		return strings.Compare(a.Text(), b.Text())
	}
	return p.Cmp(q)
}

// timeOrder is a TIME in microseconds.
func timeOrder(text string) int64 {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	var n int64
	for part := range strings.SplitSeq(whole, ":") {
		v, _ := strconv.ParseInt(part, 10, 64)
		n = n*60 + v
	}
	micros, _ := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	n = n*1_000_000 + micros
	if strings.HasPrefix(text, "-") {
		return -n
	}
	return n
}
