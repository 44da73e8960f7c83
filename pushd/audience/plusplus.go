package audience

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"liveops/pushd/campaign"
)

// plus is a SQL++ statement under construction with its named parameters. All values are parameters; only names of fields and the
// judged SELECT stand in its text. Names stand in backticks: some are reserved words
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/reservedwords.html).
type plus struct {
	strings.Builder
	named map[string]any
}

// arg gives a value a name that no SELECT has.
func (s *plus) arg(value any) string {
	name := "l" + strconv.Itoa(len(s.named))
	s.named[name] = value
	return "$" + name
}

// field is a field of what the SELECT gives. A name has letters, digits, _ and $ only, as liveops.yaml is held to; what else
// it may have cannot end the backticks.
func field(name string) string {
	return "t.`" + strings.NewReplacer("`", "``", `\`, `\\`).Replace(name) + "`"
}

// text is a field as text in small letters: 10 is "10", and TRUE "true".
func text(name string) string { return "LOWER(TOSTRING(" + field(name) + "))" }

// of begins a statement on a query's SELECT with the values that it names. behind and limit are what it gives.
func (q *Query) of(value, behind string, limit int) *plus {
	s, sel := &plus{named: map[string]any{}}, q.selected()
	if sel.ByPlatform {
		s.named["platform"] = value
	}
	if sel.Behind {
		s.named["after"] = behind
	}
	if sel.Ordered != "" {
		s.named["limit"] = limit
	}
	return s
}

// nested is the SELECT in parentheses. A line's end closes whatever comment it could end with.
func (q *Query) nested() string { return " FROM (" + q.selected().Text + "\n) AS t" }

// plusPage is the statement for the tokens of a part behind a token, up to and with another unless that is "": token,
// language and hit, which says whether it belongs to the audience. A SELECT that ends with LIMIT $limit gives its rows
// whatever they are: that there are fewer says that it has come to its end.
func (q *Query) plusPage(p part, after, to string, limit int) *plus {
	s := q.of(p.value, after, limit)
	token := field(q.Table.Token)
	conditions := "IS_STRING(" + token + ") AND " + token + " > " + s.arg(after)
	if to != "" {
		conditions += " AND " + token + " <= " + s.arg(to)
	}
	conditions += q.platformIs(s, []string{p.value}) + q.conditions(s)
	s.WriteString("SELECT " + token + " AS `token`, " + q.plusLanguage() + " AS `language`, ")
	if q.selected().Ordered != "" {
		s.WriteString("(" + conditions + ") AS `hit`" + q.nested() + " ORDER BY " + token)
		return s
	}
	s.WriteString("TRUE AS `hit`" + q.nested() + " WHERE " + conditions + " ORDER BY " + token + " LIMIT " + s.arg(limit))
	return s
}

// plusCount is the statement for a platform's tokens by an expression: value and, if they are to be counted, n.
func (q *Query) plusCount(values []string, by string, counted bool) *plus {
	s := q.of(values[0], "", math.MaxInt32)
	token := field(q.Table.Token)
	s.WriteString("SELECT " + by + " AS `value`")
	if counted {
		s.WriteString(", COUNT(DISTINCT " + token + ") AS `n`")
	}
	s.WriteString(q.nested() + " WHERE IS_STRING(" + token + ") AND " + token + ` > ""` + q.platformIs(s, values) + q.conditions(s))
	s.WriteString(" GROUP BY " + by)
	return s
}

// plusLanguage is the expression of a token's language.
func (q *Query) plusLanguage() string {
	if q.Table.Language == "" {
		return `""`
	}
	return valueOf(q.Table.Language)
}

// valueOf is a field as text, "" where it has none.
func valueOf(name string) string { return "IFMISSINGORNULL(TOSTRING(" + field(name) + `), "")` }

func (q *Query) platformIs(s *plus, values []string) string {
	return " AND " + text(q.Table.Platform) + " IN " + s.arg(lower(values))
}

// conditions are those of the audience, each after AND.
func (q *Query) conditions(s *plus) string {
	all := ""
	for i := range q.Where {
		all += q.Where[i].plus(s)
	}
	if q.Only == nil {
		return all
	}
	some := "FALSE"
	if len(q.Only.Users) > 0 {
		some += " OR TOSTRING(" + field(q.Table.User) + ") IN " + s.arg(q.Only.Users)
	}
	for _, p := range campaign.Platforms() {
		var tokens []string
		for _, t := range q.Only.Tokens {
			if t.Platform == p {
				tokens = append(tokens, t.Token)
			}
		}
		if len(tokens) > 0 {
			some += " OR " + text(q.Table.Platform) + " IN " + s.arg(lower(q.Table.values(p))) + " AND " + field(q.Table.Token) + " IN " + s.arg(tokens)
		}
	}
	return all + " AND (" + some + ")"
}

// plus is a condition, each of its tests after AND. NULL is what is NULL or MISSING.
func (c *Condition) plus(s *plus) string {
	name, all := field(c.Column), ""
	switch {
	case len(c.In) > 0 && c.Null:
		all += " AND (" + text(c.Column) + " IN " + s.arg(lower(c.In)) + " OR " + name + " IS NOT VALUED)"
	case len(c.In) > 0:
		all += " AND " + text(c.Column) + " IN " + s.arg(lower(c.In))
	}
	switch {
	case len(c.NotIn) > 0 && c.Null && len(c.In) == 0: // which a NULL does not pass
		all += " AND " + name + " IS VALUED AND " + text(c.Column) + " NOT IN " + s.arg(lower(c.NotIn))
	case len(c.NotIn) > 0:
		all += " AND (" + name + " IS NOT VALUED OR " + text(c.Column) + " NOT IN " + s.arg(lower(c.NotIn)) + ")"
	case c.Null && len(c.In) == 0:
		all += " AND " + name + " IS NOT VALUED"
	}
	if c.Present {
		all += " AND " + name + " IS VALUED"
	}
	if len(c.Spoken) > 0 {
		all += c.spokenPlus(s)
	}
	if c.Min != nil {
		all += " AND " + c.compared(s, ">=", *c.Min)
	}
	if c.Max != nil {
		all += " AND " + c.compared(s, "<=", *c.Max)
	}
	if c.Before != nil {
		all += " AND (" + name + " IS NOT VALUED OR " + c.compared(s, "<", *c.Before) + ")"
	}
	return all
}

// spokenPlus is the condition that the column has one of some languages, after AND.
func (c *Condition) spokenPlus(s *plus) string {
	language, some := `REPLACE(`+text(c.Column)+`, "_", "-")`, "FALSE"
	like := func(patterns []string) string {
		all := "(FALSE"
		for _, p := range patterns {
			if strings.ContainsAny(p, "%_") {
				all += " OR " + language + " LIKE " + s.arg(p)
			} else {
				all += " OR " + language + " = " + s.arg(p)
			}
		}
		return all + ")"
	}
	for i := range c.Spoken {
		one := &c.Spoken[i]
		some += " OR (" + language + " = " + s.arg(one.Code) + " OR " + language + " LIKE " + s.arg(one.Code+"-%") + ")"
		switch {
		case one.Implied != nil:
			some += " AND (" + like(one.Like) + " OR " + like(one.Implied) + " AND NOT " + like(one.Not) + ")"
		case one.Like != nil:
			some += " AND " + like(one.Like)
		}
	}
	return " AND (" + some + ")"
}

// compared is a comparison with a bound: of numbers with a number, of texts with a text in small letters. A time is text as
// ISO 8601 has it, or a number: of milliseconds since 1970, or, below secondsEnd, of seconds; what is neither is no time, though every
// object comes after all numbers, and every truth value before.
func (c *Condition) compared(s *plus, sign, bound string) string {
	name := field(c.Column)
	if at, err := time.Parse("2006-01-02 15:04:05.999999", bound); c.Times && err == nil {
		millis := s.arg(at.UnixMilli())
		return fmt.Sprintf("CASE WHEN IS_STRING(%s) THEN STR_TO_MILLIS(%s) %s %s WHEN NOT IS_NUMBER(%s) THEN FALSE WHEN %s < %d THEN %s %s %s ELSE %s %s %s END",
			name, name, sign, millis, name, name, int64(secondsEnd), name, sign, s.arg(float64(at.UnixMilli())/1000), name, sign, millis)
	}
	texts := "LOWER(" + name + ") " + sign + " " + s.arg(strings.ToLower(bound))
	number, err := strconv.ParseFloat(bound, 64)
	if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
		return texts
	}
	return "CASE WHEN IS_NUMBER(" + name + ") THEN " + name + " " + sign + " " + s.arg(number) + " ELSE " + texts + " END"
}

// secondsEnd is the number below which a time is in seconds: the year 5138, and as milliseconds 1973.
const secondsEnd = 1e11

func lower(all []string) []string {
	small := make([]string, len(all))
	for i, text := range all {
		small[i] = strings.ToLower(text)
	}
	return small
}
