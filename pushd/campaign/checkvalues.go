package campaign

import (
	"strconv"
	"strings"

	"liveops/datasheets"
)

// values reports what the audience says of a column that liveops.yaml names, where that is not of the column's type. column is
// nil where that is not known.
func (r *rules) values(key string, column *datasheets.Column, e Environment) {
	if column == nil || column.SQLType == "" {
		return
	}
	wanted := ""
	switch key {
	case "audience.country":
		r.texts(key, column, r.c.Audience.Countries, e)
	case "audience.segment":
		r.texts(key, column, r.c.Audience.Segments, e)
	case "audience.lastLogin":
		if !IsTime(column) && column.Type != datasheets.DateType {
			wanted = "a time, as a TIMESTAMP or a DATETIME in UTC has it"
		}
	case "timezone", "audience.language", "message":
		if !IsText(column) {
			wanted = "a text"
		}
	}
	if wanted != "" {
		r.add(key, "name another column in `push.tokens` of the environment in liveops.yaml", "in %s the column %s is %s, and %s is expected",
			quoted(e.Name), quoted(column.Name), strings.ToUpper(column.SQLType), wanted)
	}
}

// IsTime says whether a column has points in time.
func IsTime(c *datasheets.Column) bool {
	return c.Type == datasheets.DateTime || c.Type == datasheets.Timestamp
}

// IsText says whether a column is compared with texts as they are, or whether that is not known of it.
func IsText(c *datasheets.Column) bool {
	switch c.Type {
	case datasheets.String, datasheets.Enum, datasheets.Set, datasheets.Binary, datasheets.Unsupported:
		return true
	}
	return false
}

func (r *rules) texts(key string, column *datasheets.Column, texts []string, e Environment) {
	for i, text := range texts {
		r.fits(key+"."+strconv.Itoa(i), column, datasheets.Cell{Kind: datasheets.Text, Text: []byte(text)}, false, e)
	}
}

// condition reports the values of a condition that cannot be compared with its column.
func (r *rules) condition(key string, c *Condition, column *datasheets.Column, e Environment) {
	if column == nil {
		return
	}
	for i, v := range c.In {
		r.fits(key+".in."+strconv.Itoa(i), column, v, false, e)
	}
	for i, v := range c.NotIn {
		r.fits(key+".notIn."+strconv.Itoa(i), column, v, false, e)
	}
	if c.Min != nil {
		r.fits(key+".min", column, *c.Min, true, e)
	}
	if c.Max != nil {
		r.fits(key+".max", column, *c.Max, true, e)
	}
}

func (r *rules) fits(key string, column *datasheets.Column, value datasheets.Cell, bound bool, e Environment) {
	if wrong := Unfit(column, value, bound); wrong != nil {
		r.add(key, wrong.Mend, "in %s: %s", quoted(e.Name), wrong.Text)
	}
}
