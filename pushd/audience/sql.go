package audience

import (
	"strings"

	"liveops/pushd/campaign"
)

// statement is a query under construction with its arguments.
type statement struct {
	strings.Builder
	args []any
	err  error // the first value that a column cannot be compared with; the statement is not to be asked then
}

func (s *statement) add(text string, args ...any) {
	s.WriteString(text)
	s.args = append(s.args, args...)
}

// compare adds a comparison of a column with a text, which is bound as the column's type has it.
func (s *statement) compare(k kinds, name, sign, text string) {
	column, value, arg, err := k.compared("", name, text)
	if err != nil {
		s.fail(err)
		return
	}
	s.add(column+" "+sign+" "+value, arg)
}

// in adds that a column has one of some texts, each bound as the column's type has it. prefix stands before its name. Where the
// column must not be compared as it is, it is compared with each text by itself.
func (s *statement) in(k kinds, prefix, name string, texts []string) {
	var values, others []string
	var args, otherArgs []any
	for _, text := range texts {
		column, value, arg, err := k.compared(prefix, name, text)
		switch {
		case err != nil:
			s.fail(err)
		case column == prefix+quote(name):
			values, args = append(values, value), append(args, arg)
		default:
			others, otherArgs = append(others, column+" = "+value), append(otherArgs, arg)
		}
	}
	if len(values) > 0 {
		others, otherArgs = append(others, prefix+quote(name)+" IN ("+strings.Join(values, ", ")+")"), append(otherArgs, args...)
	}
	switch len(others) {
	case 0: // it failed, or one of none
		s.add("FALSE")
	case 1:
		s.add(others[0], otherArgs...)
	default:
		s.add("("+strings.Join(others, " OR ")+")", otherArgs...)
	}
}

func (s *statement) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// from adds what the query reads, with the conditions that every row meets, so that AND may follow.
func (q *typed) from(s *statement) { q.fromBy(s, "") }

// fromBy is from, by one of the table's indexes unless it is "".
func (q *typed) fromBy(s *statement, index string) {
	switch {
	case q.SQL != "":
		s.add(" FROM (" + q.SQL + ") AS audience WHERE TRUE")
	case index != "":
		s.add(" FROM " + quote(q.Table.Name) + " FORCE INDEX (" + quote(index) + ") WHERE TRUE")
	default:
		s.add(" FROM " + quote(q.Table.Name) + " WHERE TRUE")
	}
	switch {
	case q.Table.Dead == "":
	case q.SQL == "":
		s.add(" AND " + quote(q.Table.Dead) + " IS NULL")
	case q.Table.Name != "":
		s.add(" AND (NOT EXISTS (" + q.kept() + " AND kept." + quote(q.Table.Dead) + " IS NOT NULL) OR EXISTS (" + q.kept() + " AND kept." + quote(q.Table.Dead) + " IS NULL))")
	}
	for _, c := range q.Where {
		c.add(s, q.columns)
	}
	q.only(s)
}

// kept are the table's rows with a token of a SELECT's, so that AND may follow.
func (q *Query) kept() string {
	token := quote(q.Table.Token)
	return "SELECT 1 FROM " + quote(q.Table.Name) + " AS kept WHERE kept." + token + " = audience." + token
}

// only adds that nobody but some people is met.
func (q *typed) only(s *statement) {
	if q.Only == nil {
		return
	}
	s.add(" AND (FALSE")
	if users := q.Only.Users; len(users) > 0 && q.SQL == "" {
		s.add(" OR ")
		s.in(q.columns, "", q.Table.User, users)
	} else if len(users) > 0 { // a SELECT need not give the user
		s.add(" OR EXISTS (" + q.kept() + " AND ")
		s.in(q.stored, "kept.", q.Table.User, users)
		s.add(")")
	}
	for _, p := range campaign.Platforms() {
		var tokens []string
		for _, t := range q.Only.Tokens {
			if t.Platform == p {
				tokens = append(tokens, t.Token)
			}
		}
		if values := q.Table.values(p); len(tokens) > 0 {
			s.add(" OR ")
			s.in(q.columns, "", q.Table.Platform, values)
			s.add(" AND "+quote(q.Table.Token)+" IN ("+placeholders(len(tokens))+")", texts(tokens)...)
		}
	}
	s.add(")")
}

// add adds the tests of a condition.
func (c *Condition) add(s *statement, k kinds) {
	name := quote(c.Column)
	if len(c.In) > 0 {
		s.add(" AND (")
		s.in(k, "", c.Column, c.In)
		if c.Null {
			s.add(" OR " + name + " IS NULL")
		}
		s.add(")")
	}
	switch {
	case len(c.NotIn) > 0 && c.Null && len(c.In) == 0: // which a NULL does not pass
		s.add(" AND NOT ")
		s.in(k, "", c.Column, c.NotIn)
	case len(c.NotIn) > 0:
		s.add(" AND (" + name + " IS NULL OR NOT ")
		s.in(k, "", c.Column, c.NotIn)
		s.add(")")
	case c.Null && len(c.In) == 0:
		s.add(" AND " + name + " IS NULL")
	}
	if c.Present {
		s.add(" AND " + name + " IS NOT NULL")
	}
	c.spoken(s)
	if c.Min != nil {
		s.add(" AND ")
		s.compare(k, c.Column, ">=", *c.Min)
	}
	if c.Max != nil {
		s.add(" AND ")
		s.compare(k, c.Column, "<=", *c.Max)
	}
	if c.Before != nil {
		s.add(" AND (" + name + " IS NULL OR ")
		s.compare(k, c.Column, "<", *c.Before)
		s.add(")")
	}
}

// spoken adds that the column has one of some languages, whatever their parts are joined by.
func (c *Condition) spoken(s *statement) {
	if len(c.Spoken) == 0 {
		return
	}
	s.add(" AND (FALSE")
	column := "LOWER(REPLACE(" + quote(c.Column) + ", '_', '-'))"
	for i := range c.Spoken {
		one := &c.Spoken[i]
		s.add(" OR ("+column+" = ? OR "+column+" LIKE ?)", one.Code, one.Code+"-%")
		if one.Like == nil && one.Implied == nil {
			continue
		}
		s.add(" AND (")
		s.like(column, one.Like)
		if one.Implied != nil {
			s.add(" OR ")
			s.like(column, one.Implied)
			s.add(" AND NOT ")
			s.like(column, one.Not)
		}
		s.add(")")
	}
	s.add(")")
}

// like adds that an expression is like one of some patterns.
func (s *statement) like(column string, patterns []string) {
	s.add("(FALSE")
	for _, p := range patterns {
		if strings.ContainsAny(p, "%_") {
			s.add(" OR "+column+" LIKE ?", p)
		} else {
			s.add(" OR "+column+" = ?", p)
		}
	}
	s.add(")")
}

// language is the expression of a token's language.
func (q *Query) language() string {
	if q.Table.Language == "" {
		return "''"
	}
	return "COALESCE(" + quote(q.Table.Language) + ", '')"
}

// page is the statement for the tokens of a part behind a token, up to and with another unless that is "": token, then
// language. Servers left to themselves may read all of a platform's tokens up to the page, for every page.
func (q *typed) page(p part, w way, after, to string, limit int) *statement {
	s := &statement{}
	token, platform := quote(q.Table.Token), quote(q.Table.Platform)
	s.add("SELECT " + token + ", " + q.language())
	q.fromBy(s, w.index)
	order := token
	if w.ranged {
		order = platform + ", " + token
		s.add(" AND ")
		s.compare(q.columns, q.Table.Platform, ">=", p.value)
		s.add(" AND ")
		s.compare(q.columns, q.Table.Platform, "<=", p.value)
	} else {
		s.add(" AND ")
		s.compare(q.columns, q.Table.Platform, "=", p.value)
	}
	s.add(" AND "+token+" > ?", after)
	if to != "" {
		s.add(" AND "+token+" <= ?", to)
	}
	if len(p.earlier) > 0 {
		s.add(" AND " + token + " NOT IN (SELECT " + token)
		q.from(s)
		s.add(" AND " + token + " > '' AND ") // one NULL, and NOT IN holds for none
		s.in(q.columns, "", q.Table.Platform, p.earlier)
		s.add(")")
	}
	s.add(" ORDER BY "+order+" LIMIT ?", limit)
	return s
}

// countBy is the statement for the number of a platform's tokens by an expression.
func (q *typed) countBy(p campaign.Platform, by string) *statement {
	s := &statement{}
	s.add("SELECT " + by + ", COUNT(DISTINCT " + quote(q.Table.Token) + ")")
	q.from(s)
	values := q.Table.values(p)
	s.add(" AND ")
	s.in(q.columns, "", q.Table.Platform, values)
	s.add(" AND " + quote(q.Table.Token) + " > '' GROUP BY 1 ORDER BY 1")
	return s
}

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func texts(all []string) []any {
	args := make([]any, len(all))
	for i, text := range all {
		args[i] = text
	}
	return args
}
