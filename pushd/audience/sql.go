package audience

import (
	"strings"

	"liveops/pushd/campaign"
)

// statement is a query under construction with its arguments.
type statement struct {
	strings.Builder
	args []any
}

func (s *statement) add(text string, args ...any) {
	s.WriteString(text)
	s.args = append(s.args, args...)
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// from adds what the query reads, with the conditions that every row meets, so that AND may follow.
func (q *Query) from(s *statement) {
	if q.SQL != "" {
		s.add(" FROM (" + q.SQL + ") AS audience WHERE TRUE")
	} else {
		s.add(" FROM " + quote(q.Table.Name) + " WHERE TRUE")
	}
	if q.Table.Dead != "" && q.SQL == "" {
		s.add(" AND " + quote(q.Table.Dead) + " IS NULL")
	}
	for _, c := range q.Where {
		c.add(s)
	}
}

// add adds the tests of a condition.
func (c *Condition) add(s *statement) {
	name := quote(c.Column)
	switch {
	case len(c.In) > 0 && c.Null:
		s.add(" AND ("+name+" IS NULL OR "+name+" IN ("+placeholders(len(c.In))+"))", texts(c.In)...)
	case len(c.In) > 0:
		s.add(" AND "+name+" IN ("+placeholders(len(c.In))+")", texts(c.In)...)
	case len(c.NotIn) > 0 && c.Null: // which a NULL does not pass
		s.add(" AND "+name+" NOT IN ("+placeholders(len(c.NotIn))+")", texts(c.NotIn)...)
	case len(c.NotIn) > 0:
		s.add(" AND ("+name+" IS NULL OR "+name+" NOT IN ("+placeholders(len(c.NotIn))+"))", texts(c.NotIn)...)
	case c.Null:
		s.add(" AND " + name + " IS NULL")
	}
	if len(c.In) > 0 && len(c.NotIn) > 0 {
		s.add(" AND ("+name+" IS NULL OR "+name+" NOT IN ("+placeholders(len(c.NotIn))+"))", texts(c.NotIn)...)
	}
	if c.Min != nil {
		s.add(" AND "+name+" >= ?", *c.Min)
	}
	if c.Max != nil {
		s.add(" AND "+name+" <= ?", *c.Max)
	}
	if c.Before != nil {
		s.add(" AND ("+name+" IS NULL OR "+name+" < ?)", *c.Before)
	}
}

// language is the expression of a token's language.
func (q *Query) language() string {
	if q.Table.Language == "" {
		return "''"
	}
	return "COALESCE(" + quote(q.Table.Language) + ", '')"
}

// page is the statement for the tokens of a part behind a token, up to and with another unless that is "": token, then
// language.
func (q *Query) page(p part, after, to string, limit int) *statement {
	s := &statement{}
	token, platform := quote(q.Table.Token), quote(q.Table.Platform)
	s.add("SELECT " + token + ", " + q.language())
	q.from(s)
	s.add(" AND "+platform+" = ? AND "+token+" > ?", p.value, after)
	if to != "" {
		s.add(" AND "+token+" <= ?", to)
	}
	if len(p.earlier) > 0 {
		s.add(" AND " + token + " NOT IN (SELECT " + token)
		q.from(s)
		s.add(" AND "+platform+" IN ("+placeholders(len(p.earlier))+"))", texts(p.earlier)...)
	}
	s.add(" ORDER BY "+token+" LIMIT ?", limit)
	return s
}

// count is the statement for the number of a platform's tokens by language.
func (q *Query) count(p campaign.Platform) *statement {
	s := &statement{}
	s.add("SELECT " + q.language() + ", COUNT(DISTINCT " + quote(q.Table.Token) + ")")
	q.from(s)
	values := q.Table.values(p)
	s.add(" AND "+quote(q.Table.Platform)+" IN ("+placeholders(len(values))+")", texts(values)...)
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
