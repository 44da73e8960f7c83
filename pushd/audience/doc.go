// Package audience reads the push tokens of a campaign's users from MySQL (Store) or Couchbase (Couchbase), page by page in the
// order of the tokens, so that fifteen million of them never stand in memory, that a reading goes on where it stopped, and that a
// token which is stored twice is met once; and it takes out the tokens that the gateways say are dead.
//
// It writes nothing else: what it reads with cannot write (START TRANSACTION READ ONLY; a read-only request of the query
// service), and may be a replica.
package audience

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"liveops/pushd/campaign"
)

// Table says where tokens are: a table, or what a query of Couchbase gives, and its columns by what they hold. Those but Token and
// Platform may be "", where there is none.
type Table struct {
	Name      string // "" with Select
	Token     string
	Platform  string
	Values    map[campaign.Platform][]string // what Platform's column has for each; its own name where it is not in there
	Language  string                         // a language tag such as ko or pt-BR
	UpdatedAt string                         // when the token was registered or confirmed last, a DATETIME in UTC or a TIMESTAMP
	Dead      string                         // when the token was found dead; NULL of those that live. "": dead ones are deleted
	User      string                         // the user's id

	Select            *campaign.PlusPlus // of Couchbase; nil for a table of MySQL
	Scope, Collection string             // of the documents that Select reads; "" for the bucket's default ones
	ID                string             // the key of the document that is the token's alone; dead ones are kept without it
}

// Condition is what a column must be like. All its tests must hold; there is one at least.
type Condition struct {
	Column  string
	Spoken  []campaign.Spelling // a language that is spelled in one of these ways (campaign.Under), in any case, with - or _ between its parts
	In      []string            // one of these; with Null, NULL too
	NotIn   []string            // none of these; with Null, not NULL either
	Null    bool
	Present bool    // not NULL
	Min     *string // this or more, as the server compares it with the column
	Max     *string // this or less
	Before  *string // less than this, or NULL
	Times   bool    // Min, Max and Before are Moments
}

// Moment is a time as a Condition has it: a DATETIME in UTC. Sessions run in UTC, so that a TIMESTAMP means the same.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999") }

// Query says whose tokens are read.
type Query struct {
	Table     Table
	Platforms []campaign.Platform // none means all
	Where     []Condition         // all of which hold
	Only      *People             // nobody else; nil for everybody
	// SQL takes the place of the table's rows: a SELECT with columns named as Table.Token, Table.Platform and, if
	// there is one, Table.Language. Where is applied to what it gives, and a token that Table has as dead alone is left out. The caller has seen to it that it is one
	// statement that only reads. The server makes its whole result again for every page.
	SQL string
	// SQLPP takes the place of Table.Select in the same way, where the tokens are in Couchbase.
	SQLPP *campaign.PlusPlus
}

// Token is one token and the language that its user speaks, "" where none is known.
type Token struct{ Token, Language string }

// People are users, by their ids in Table.User, and further tokens.
type People struct {
	Users  []string
	Tokens []campaign.Token
}

// Page is tokens of one platform, in the server's order of tokens. At is where it ends.
type Page struct {
	At     Cursor
	Tokens []Token
}

// Cursor is where a reading stands: behind a token of a platform, of those that have a value in the column of
// platforms. The zero Cursor is before everything.
type Cursor struct {
	Platform campaign.Platform
	Value    string
	Token    string
}

// Group is what the users of an audience have in common.
type Group struct {
	Platform campaign.Platform
	Language string
}

// part is the tokens with one value in the column of platforms. earlier are the platform's values that were read before:
// what is stored with one of them too was met there.
type part struct {
	platform campaign.Platform
	value    string
	earlier  []string
}

// parts are those of the query, in the order of reading.
func (q *Query) parts() []part {
	var all []part
	for _, p := range q.platforms() {
		values := q.Table.values(p)
		for i, v := range values {
			all = append(all, part{p, v, values[:i]})
		}
	}
	return all
}

// platforms are those of the query, sorted.
func (q *Query) platforms() []campaign.Platform {
	all := campaign.Platforms()
	return slices.DeleteFunc(all, func(p campaign.Platform) bool { return len(q.Platforms) > 0 && !slices.Contains(q.Platforms, p) })
}

// values are what the column of platforms has for one.
func (t *Table) values(p campaign.Platform) []string {
	if v, ok := t.Values[p]; ok {
		return v
	}
	return []string{string(p)}
}

// check refuses a query that could not be asked of MySQL.
func (q *Query) check() error {
	switch {
	case q.selected() != nil:
		return errors.New("the tokens of this audience are in Couchbase, and MySQL is asked")
	case q.Table.Name == "" && q.SQL == "" || q.Table.Token == "" || q.Table.Platform == "":
		return errors.New("an audience needs a table, its column of tokens and its column of platforms")
	}
	return q.checkConditions(q.Table.Name != "")
}

// checkConditions refuses conditions that could not be asked. users says whether users can be found by their ids.
func (q *Query) checkConditions(users bool) error {
	for _, c := range q.Where {
		if c.Column == "" || len(c.Spoken)+len(c.In)+len(c.NotIn) == 0 && !c.Null && !c.Present && c.Min == nil && c.Max == nil && c.Before == nil {
			return fmt.Errorf("the condition on column %q tests nothing", c.Column)
		}
	}
	if o := q.Only; o != nil && (len(o.Users)+len(o.Tokens) == 0 || len(o.Users) > 0 && (q.Table.User == "" || !users)) {
		return errors.New("an audience of some people only needs them, and the table's column of users where it has users")
	}
	return nil
}

// selected is the query's SELECT of Couchbase; nil where its tokens are in MySQL.
func (q *Query) selected() *campaign.PlusPlus {
	if q.SQLPP != nil {
		return q.SQLPP
	}
	if q.SQL == "" {
		return q.Table.Select
	}
	return nil
}
