package campaign

import (
	"fmt"
	"slices"
	"strings"
)

// PlusPlus is a SQL++ SELECT of tokens that was judged: it stands as a whole in the parentheses of another one. That it only
// reads, the query service sees to, whose read-only requests take no statement that writes
// (https://docs.couchbase.com/server/current/n1ql/n1ql-rest-query/index.html, readonly).
//
// The service carries a SELECT in parentheses out as a whole, whatever stands around it. So a query may name what it is
// asked for, and let an index find it: $platform, which is what the tokens have for the platform that is read; $after, behind
// whose token in order; and $limit, how many. The last one ends it: ORDER BY t.token LIMIT $limit.
type PlusPlus struct {
	Text       string // without comments; hints of the optimizer stay
	ByPlatform bool   // it names $platform
	Behind     bool   // it names $after
	// Ordered is what it is in the order of, where it ends with LIMIT $limit: the last name of a path; "" where it does not.
	Ordered string
}

// QueryFault is why a query is not taken, and what would mend it.
type QueryFault struct{ Text, Mend string }

// Error says why.
func (e *QueryFault) Error() string { return e.Text }

// ParsePlusPlus judges a SQL++ query of tokens: *QueryFault.
func ParsePlusPlus(query string) (*PlusPlus, error) {
	pieces, err := piecesOf(query)
	if err != nil {
		return nil, err
	}
	if n := len(pieces); n > 0 && pieces[n-1].is(";") {
		pieces = pieces[:n-1]
	}
	q := &PlusPlus{}
	for _, p := range pieces {
		if p.isHint() && strings.TrimRight(q.Text, " \n") == q.Text {
			q.Text += " "
		}
		q.Text += p.text
	}
	q.Text = strings.TrimSpace(q.Text)
	pieces = slices.DeleteFunc(pieces, func(p piece) bool { return p.kind == blank })
	if !IsSelect(q.Text, true) {
		return nil, &QueryFault{"the query is no SELECT", "begin it with SELECT"}
	}
	if err := balanced(pieces); err != nil {
		return nil, err
	}
	return q, q.parameters(pieces)
}

// balanced refuses what could end the parentheses that the query will stand in, and what reaches beyond the database.
func balanced(pieces []piece) error {
	closing := map[string]string{"(": ")", "[": "]", "{": "}"}
	var open []string
	for i, p := range pieces {
		switch {
		case strings.EqualFold(p.plainName(), "CURL") && i+1 < len(pieces) && pieces[i+1].is("("): // a function's name, also in backticks
			return &QueryFault{"the query asks other servers by CURL", "remove it"}
		case p.kind != sign:
		case p.text == ";":
			return &QueryFault{"the query is more than one statement", "keep one SELECT"}
		case closing[p.text] != "":
			open = append(open, closing[p.text])
		case strings.Contains(")]}", p.text):
			if len(open) == 0 || open[len(open)-1] != p.text {
				return &QueryFault{fmt.Sprintf("the query closes with %s what it has not opened", quoted(p.text)), "look over its parentheses"}
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return &QueryFault{fmt.Sprintf("the query does not close what it has opened: %s is missing", quoted(open[len(open)-1])), "look over its parentheses"}
	}
	return nil
}

// parameters notes which of its parameters the query names, and refuses others.
func (q *PlusPlus) parameters(pieces []piece) error {
	limits := 0
	for _, p := range pieces {
		switch {
		case p.kind != parameter:
		case p.text == "$platform":
			q.ByPlatform = true
		case p.text == "$after":
			q.Behind = true
		case p.text == "$limit":
			limits++
		default:
			return &QueryFault{fmt.Sprintf("nothing gives %s a value", quoted(p.text)), "`$platform`, `$after` and `$limit` are there"}
		}
	}
	if limits == 0 {
		return nil
	}
	end := pieces
	at := func(back int) piece {
		if back >= len(end) {
			return piece{}
		}
		return end[len(end)-1-back]
	}
	if limits == 1 && q.Behind && at(0).text == "$limit" && at(1).isWord("LIMIT") {
		end = end[:len(end)-2]
		if at(0).isWord("ASC") {
			end = end[:len(end)-1]
		}
		by := at(0)
		for at(1).is(".") {
			end = end[:len(end)-2]
		}
		if (by.kind == word || by.kind == name) && at(1).isWord("BY") && at(2).isWord("ORDER") {
			q.Ordered = by.plainName()
			return nil
		}
	}
	return &QueryFault{"`$limit` is for a query that gives tokens in their order", "say `t.token > $after` in its WHERE, and end it with `ORDER BY t.token LIMIT $limit`"}
}
