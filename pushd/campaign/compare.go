package campaign

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"liveops/datasheets"
)

// Decimal is a number in digits, with a sign and a point at most, that no integer of Go holds.
type Decimal string

// ValueError is a value that a column of MySQL cannot be compared with: the server would take the text for a number that it is
// not (`high` for 0, `1,500` for 1), and find others than were meant
// (https://dev.mysql.com/doc/refman/8.4/en/type-conversion.html).
type ValueError struct {
	Column, Type string // as the server has them
	Value        string
	Wanted       string // what the column can be compared with
}

// Error says what was found and what was expected.
func (e *ValueError) Error() string {
	return fmt.Sprintf("%s is compared with the column %s (%s), which takes %s", quoted(e.Value), quoted(e.Column), e.Type, e.Wanted)
}

// What may be said of numbers and times: no more than means the same to everyone.
var (
	numberPattern   = regexp.MustCompile(`^-?[0-9]{1,65}(\.[0-9]{1,30})?$`)
	exponentPattern = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	clockPattern    = regexp.MustCompile(`^-?[0-9]{1,3}:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$`)
)

// momentFormats are how a time of day on a date is written.
var momentFormats = []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339}

// Operand is a text as a column of its type is compared with it: an int64, a uint64 or a Decimal of whole numbers and decimals, BIT
// and YEAR; a float64; a time.Time in UTC of a DATE, DATETIME or TIMESTAMP; a time.Duration of a TIME; else the text itself. It
// fails with a *ValueError where the text is none of the column's kind. What a number's column cannot hold is an operand all the same.
func Operand(c *datasheets.Column, text string) (any, error) {
	wrong := func(wanted string) (any, error) { return nil, &ValueError{c.Name, c.SQLType, text, wanted} }
	switch c.Type {
	case datasheets.Integer, datasheets.Decimal, datasheets.Bit, datasheets.Year:
		if n, ok := number(text); ok {
			return n, nil
		}
		return wrong("numbers in plain digits")
	case datasheets.Float, datasheets.Double:
		x, err := strconv.ParseFloat(text, 64)
		if !exponentPattern.MatchString(text) || err != nil || math.IsInf(x, 0) {
			return wrong("numbers in plain digits")
		}
		return x, nil
	case datasheets.DateType, datasheets.DateTime, datasheets.Timestamp:
		for _, format := range momentFormats {
			if at, err := time.Parse(format, text); err == nil && at.Year() > 0 {
				return at.UTC(), nil
			}
		}
		return wrong("dates and times such as 2024-01-31 or 2024-01-31 09:30")
	case datasheets.Time:
		if d, ok := clock(text); ok {
			return d, nil
		}
		return wrong("times of day such as 09:30:00")
	case datasheets.String, datasheets.Binary, datasheets.Enum, datasheets.Set:
		return text, nil
	}
	return wrong("no value of a campaign")
}

func number(text string) (any, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && numberPattern.MatchString(text) {
		return n, true
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil && numberPattern.MatchString(text) {
		return n, true
	}
	whole, _, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return Decimal(text), numberPattern.MatchString(text) && len(whole) <= 35 // as DECIMAL(65,30) has them
}

func clock(text string) (d time.Duration, ok bool) {
	if !clockPattern.MatchString(text) {
		return 0, false
	}
	hours, rest, _ := strings.Cut(strings.TrimPrefix(text, "-"), ":")
	minutes, seconds, _ := strings.Cut(rest, ":")
	if seconds == "" {
		seconds = "0"
	}
	d, err := time.ParseDuration(hours + "h" + minutes + "m" + seconds + "s")
	if text[0] == '-' {
		d = -d
	}
	return d, err == nil
}

// Unfit says why a value of a file cannot be compared with a column, with the mend; nil where it can, where it is null, and where the
// column's type is not known: of a document, or one that no sheet can hold. bound says that it is a bound, and not to be equal.
func Unfit(c *datasheets.Column, value datasheets.Cell, bound bool) *datasheets.Mismatch {
	if c.SQLType == "" || c.Type == datasheets.Unsupported || value.Kind == datasheets.Empty {
		return nil
	}
	if value.Kind == datasheets.Text && string(value.Text) == `""` { // an empty text, as in a sheet
		value.Text = nil
	}
	what := fmt.Sprintf("the column %s is %s, and ", quoted(c.Name), strings.ToUpper(c.SQLType))
	switch c.Type {
	case datasheets.JSON:
		return &datasheets.Mismatch{Text: what + "is not compared with values", Mend: "ask by `sql`"}
	case datasheets.Enum, datasheets.Set:
		return unfitMember(c, value, what)
	case datasheets.String, datasheets.Binary:
		switch {
		case value.Kind == datasheets.Bool:
			return &datasheets.Mismatch{Text: what + "holds texts, which are neither true nor false", Mend: "write the text in quotes"}
		case bound && value.Kind == datasheets.Number:
			return &datasheets.Mismatch{Text: what + "holds texts, of which `10` comes before `9`", Mend: "compare a column of numbers, or write the bound in quotes"}
		}
		return nil
	}
	if value.Kind == datasheets.Number || value.Kind == datasheets.Bool && (c.Type == datasheets.Integer || c.Type == datasheets.Bit) {
		value.Kind = datasheets.Text // which has all digits of a number
	}
	if value.Kind == datasheets.Text && len(value.Text) == 0 {
		value.Text = []byte(`""`)
	}
	if _, wrong := c.AppendCell(nil, value, nil); wrong != nil {
		return wrong
	}
	if _, err := Operand(c, string(value.Text)); err != nil {
		return &datasheets.Mismatch{Text: err.Error(), Mend: "write it so"}
	}
	return nil
}

// unfitMember looks a value up among the members of an ENUM, or of a SET, whose values are several of them. They are equal in any
// case, as by default the server has it.
func unfitMember(c *datasheets.Column, value datasheets.Cell, what string) *datasheets.Mismatch {
	named := []string{string(value.Text)}
	if c.Type == datasheets.Set {
		named = strings.Split(named[0], ",")
	}
	for _, name := range named {
		is := func(member string) bool { return strings.EqualFold(member, name) }
		if value.Kind == datasheets.Bool || name != "" && len(c.Members) > 0 && !slices.ContainsFunc(c.Members, is) {
			return &datasheets.Mismatch{Text: what + "has no " + quoted(name), Mend: nearest(name, c.Members, "use one of its members")}
		}
	}
	return nil
}
