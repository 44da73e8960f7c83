package audience

import (
	"strings"
	"time"
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
		name := quote(c.Column)
		switch {
		case len(c.In) > 0:
			s.add(" AND "+name+" IN ("+placeholders(len(c.In))+")", texts(c.In)...)
		case len(c.NotIn) > 0:
			s.add(" AND ("+name+" IS NULL OR "+name+" NOT IN ("+placeholders(len(c.NotIn))+"))", texts(c.NotIn)...)
		case !c.Since.IsZero():
			s.add(" AND "+name+" >= ?", moment(c.Since))
		default:
			s.add(" AND ("+name+" IS NULL OR "+name+" < ?)", moment(c.Before))
		}
	}
}

// page is the statement for the tokens of a platform behind a token: language, then token.
func (q *Query) page(p Platform, after string, limit int) *statement {
	s := &statement{}
	language := "''"
	if q.Table.Language != "" {
		language = "COALESCE(" + quote(q.Table.Language) + ", '')"
	}
	token := quote(q.Table.Token)
	s.add("SELECT " + token + ", " + language)
	q.from(s)
	s.add(" AND "+quote(q.Table.Platform)+" = ? AND "+token+" > ?", string(p), after)
	s.add(" ORDER BY "+token+" LIMIT ?", limit)
	return s
}

// count is the statement for the number of tokens by platform and language.
func (q *Query) count() *statement {
	s := &statement{}
	platform, language := quote(q.Table.Platform), "''"
	if q.Table.Language != "" {
		language = "COALESCE(" + quote(q.Table.Language) + ", '')"
	}
	s.add("SELECT " + platform + ", " + language + ", COUNT(DISTINCT " + quote(q.Table.Token) + ")")
	q.from(s)
	var names []string
	for _, p := range q.platforms() {
		names = append(names, string(p))
	}
	s.add(" AND "+platform+" IN ("+placeholders(len(names))+")", texts(names)...)
	s.add(" AND " + quote(q.Table.Token) + " > '' GROUP BY 1, 2 ORDER BY 1, 2")
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

// moment is a time as a DATETIME in UTC. Sessions run in UTC, so that a TIMESTAMP means the same.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999") }
