package mysql

import (
	"context"

	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
)

// The commands of the protocol that go through the gate.

// NewConnection, ConnectionClosed and the rest implement the protocol's handler.
func (g *gate) NewConnection(c *mysql.Conn) {
	g.engine.Lock()
	defer g.engine.Unlock()
	g.Handler.NewConnection(c)
}

func (g *gate) ConnectionClosed(c *mysql.Conn) {
	g.engine.Lock()
	defer g.engine.Unlock()
	defer g.forget(c)
	g.Handler.ConnectionClosed(c)
}

func (g *gate) ComInitDB(c *mysql.Conn, schema string) error {
	g.engine.Lock()
	defer g.engine.Unlock()
	return g.Handler.ComInitDB(c, schema)
}

func (g *gate) ComResetConnection(c *mysql.Conn) error {
	g.engine.Lock()
	defer g.engine.Unlock()
	defer g.forget(c)
	return g.Handler.ComResetConnection(c)
}

func (g *gate) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	st := parse(query)
	var results []*sqltypes.Result
	err := g.run(ctx, c, st, func() error {
		return g.Handler.ComQuery(ctx, c, st.text, func(r *sqltypes.Result, _ bool) error {
			results = append(results, kept(r))
			return nil
		})
	})
	if err != nil {
		return err
	}
	if len(results) == 0 { // the gate has answered by itself
		results = append(results, &sqltypes.Result{})
	}
	for _, r := range results {
		if err := callback(r, false); err != nil {
			return err
		}
	}
	return nil
}

// ComPrepare analyses a statement, for which the engine begins a transaction and touches tables.
func (g *gate) ComPrepare(ctx context.Context, c *mysql.Conn, query string, prepare *mysql.PrepareData) (described []*querypb.Field, err error) {
	st := parse(query)
	prepare.PrepareStmt = st.text
	st.kind = reads
	err = g.run(ctx, c, st, func() (err error) {
		open := inTransaction(c)
		described, err = g.Handler.ComPrepare(ctx, c, st.text, prepare)
		if !open {
			return orElse(g.ask(ctx, c, "ROLLBACK", nil), err)
		}
		return err
	})
	return described, err
}

func (g *gate) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData, callback func(*sqltypes.Result) error) error {
	var results []*sqltypes.Result
	err := g.run(ctx, c, parse(prepare.PrepareStmt), func() error {
		return g.Handler.ComStmtExecute(ctx, c, prepare, func(r *sqltypes.Result) error {
			results = append(results, kept(r))
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, r := range results {
		if err := callback(r); err != nil {
			return err
		}
	}
	return nil
}
