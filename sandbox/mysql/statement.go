package mysql

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// kind is what a statement means to the gate.
type kind uint8

const (
	reads     kind = iota // and all that only concerns the session; what does not parse, too: the engine says why
	writes                // DDL and all that is not known included
	locks                 // a locking read
	begins                // a transaction
	commits               // likewise
	rollsBack             // likewise
	sets                  // only variables that the gate itself keeps: not for the engine
)

// statement is a statement as the gate understands it.
type statement struct {
	kind     kind
	text     string         // for the engine, without what only the gate understands
	snapshot bool           // begins: WITH CONSISTENT SNAPSHOT
	readOnly bool           // begins: READ ONLY
	wait     *time.Duration // locks: NOWAIT, WAIT n
	lockWait *time.Duration // the new innodb_lock_wait_timeout of the session
}

// What the engine's parser refuses and the gate understands: MariaDB's NOWAIT and WAIT n behind a locking read,
// and the options of START TRANSACTION in any combination.
var (
	waitClause   = regexp.MustCompile(`(?is)\b(FOR\s+UPDATE|LOCK\s+IN\s+SHARE\s+MODE)\s+(NOWAIT|WAIT\s+(\d+))\s*;?\s*$`)
	startClauses = regexp.MustCompile(`(?is)^\s*START\s+TRANSACTION\b(.*)$`)
	snapshot     = regexp.MustCompile(`(?i)\bCONSISTENT\s+SNAPSHOT\b`)
	readOnly     = regexp.MustCompile(`(?i)\bREAD\s+ONLY\b`)
)

func parse(query string) statement {
	s := statement{text: query}
	if m := startClauses.FindStringSubmatch(query); m != nil {
		s.snapshot, s.readOnly = snapshot.MatchString(m[1]), readOnly.MatchString(m[1])
		s.text = "START TRANSACTION"
	}
	if m := waitClause.FindStringSubmatchIndex(query); m != nil {
		var wait time.Duration
		if m[6] >= 0 {
			seconds, _ := strconv.Atoi(query[m[6]:m[7]]) // too many seconds are as good as none
			wait = time.Duration(seconds) * time.Second
		}
		s.wait, s.text = &wait, query[:m[3]]
	}
	parsed, err := sqlparser.Parse(s.text)
	if err != nil {
		return s
	}
	s.kind = kindOf(parsed)
	if set, ok := parsed.(*sqlparser.Set); ok {
		s.takeVariables(set)
	}
	return s
}

func kindOf(parsed sqlparser.Statement) kind {
	switch parsed.(type) {
	case *sqlparser.Begin:
		return begins
	case *sqlparser.Commit:
		return commits
	case *sqlparser.Rollback:
		return rollsBack
	case *sqlparser.Select, *sqlparser.SetOp, *sqlparser.ParenSelect:
		return kindOfRead(parsed)
	case *sqlparser.Set, *sqlparser.Show, *sqlparser.Explain, *sqlparser.Use, *sqlparser.OtherRead, *sqlparser.Kill, *sqlparser.Deallocate:
		return reads
	default:
		return writes
	}
}

// kindOfRead tells a read from one that locks somewhere inside.
func kindOfRead(parsed sqlparser.Statement) kind {
	found := reads
	_ = sqlparser.Walk(func(node sqlparser.SQLNode) (bool, error) {
		if s, ok := node.(*sqlparser.Select); ok && s.Lock != "" {
			found = locks
		}
		if s, ok := node.(*sqlparser.SetOp); ok && s.Lock != "" {
			found = locks
		}
		return true, nil
	}, parsed)
	return found
}

// takeVariables takes those variables out of a SET that the gate keeps and the engine knows only as global.
func (s *statement) takeVariables(set *sqlparser.Set) {
	var rest sqlparser.SetVarExprs
	for _, e := range set.Exprs {
		value, isNumber := e.Expr.(*sqlparser.SQLVal)
		if !isNumber || !strings.EqualFold(e.Name.Name.String(), "innodb_lock_wait_timeout") {
			rest = append(rest, e)
			continue
		}
		seconds, err := strconv.Atoi(string(value.Val))
		if err != nil {
			return // the engine says what is wrong with it
		}
		wait := time.Duration(seconds) * time.Second
		s.lockWait = &wait
	}
	switch {
	case s.lockWait == nil:
	case len(rest) == 0:
		s.kind = sets
	default:
		set.Exprs = rest
		s.text = sqlparser.String(set)
	}
}
