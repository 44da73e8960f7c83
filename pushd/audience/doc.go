// Package audience reads the push tokens of a campaign's users from MySQL, page by page in the order of the
// tokens, so that fifteen million of them never stand in memory, that a reading goes on where it stopped, and that a
// token which is stored twice is met once; and it takes out the tokens that the gateways say are dead.
//
// It writes nothing else: what it reads with cannot write (START TRANSACTION READ ONLY), and may be a replica.
package audience

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Platform is whose devices a token is of.
type Platform string

// The platforms, in the order in which they are read.
const (
	Android Platform = "android" // FCM
	IOS     Platform = "ios"     // APNs
)

// Platforms are all platforms in the order in which they are read.
func Platforms() []Platform { return []Platform{Android, IOS} }

// Table says where tokens are: a table, and its columns by what they hold. Those but Token and Platform may be "",
// where there is none.
type Table struct {
	Name      string
	Token     string
	Platform  string // holds the names of platforms
	Language  string // a language tag such as ko or pt-BR
	UpdatedAt string // when the token was registered or confirmed last, a DATETIME in UTC or a TIMESTAMP
	Dead      string // when the token was found dead; NULL of those that live. "": dead ones are deleted
}

// Condition is what a column must be like. Exactly one of its tests is set.
type Condition struct {
	Column string
	In     []string  // one of these
	NotIn  []string  // none of these; NULL is none of them
	Since  time.Time // this or later
	Before time.Time // before this, or never (NULL)
}

// Query says whose tokens are read.
type Query struct {
	Table     Table
	Platforms []Platform  // none means all
	Where     []Condition // all of which hold
	// SQL takes the place of the table's rows: a SELECT with columns named as Table.Token, Table.Platform and, if
	// there is one, Table.Language. Where is applied to what it gives. The caller has seen to it that it is one
	// statement that only reads. The server makes its whole result again for every page.
	SQL string
}

// Token is one token and the language that its user speaks, "" where none is known.
type Token struct{ Token, Language string }

// Page is tokens of one platform, in the server's order of tokens.
type Page struct {
	Platform Platform
	Tokens   []Token
}

// Cursor is where a reading stands: behind a token of a platform. The zero Cursor is before everything.
type Cursor struct {
	Platform Platform
	Token    string
}

// Group is what the users of an audience have in common.
type Group struct {
	Platform Platform
	Language string
}

// platforms are those of the query, in the order of reading.
func (q *Query) platforms() []Platform {
	if len(q.Platforms) == 0 {
		return Platforms()
	}
	return slices.DeleteFunc(Platforms(), func(p Platform) bool { return !slices.Contains(q.Platforms, p) })
}

// check refuses a query that could not be asked.
func (q *Query) check() error {
	if q.Table.Name == "" && q.SQL == "" || q.Table.Token == "" || q.Table.Platform == "" {
		return errors.New("an audience needs a table, its column of tokens and its column of platforms")
	}
	for _, c := range q.Where {
		tests := 0
		for _, set := range []bool{len(c.In) > 0, len(c.NotIn) > 0, !c.Since.IsZero(), !c.Before.IsZero()} {
			if set {
				tests++
			}
		}
		if c.Column == "" || tests != 1 {
			return fmt.Errorf("the condition on column %q has %d tests; it takes one", c.Column, tests)
		}
	}
	return nil
}
