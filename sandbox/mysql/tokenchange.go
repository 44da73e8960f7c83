package mysql

import (
	"errors"
	"slices"

	"github.com/dolthub/go-mysql-server/sql"
)

// tokenChange is what a statement changes.
type tokenChange struct {
	table *tokenTable
	rows  span // while it does; nil before and after
	gone  []int
}

// Deleter and Updater begin a statement that changes rows.
func (t *tokenTable) Deleter(*sql.Context) sql.RowDeleter { return &tokenChange{table: t} }
func (t *tokenTable) Updater(*sql.Context) sql.RowUpdater { return &tokenChange{table: t} }

// StatementBegin takes a copy to change.
func (c *tokenChange) StatementBegin(*sql.Context) {
	c.rows, c.gone = slices.Clone(*c.table.rows.Load()), nil
}

// DiscardChanges forgets what the statement has changed.
func (c *tokenChange) DiscardChanges(*sql.Context, error) error {
	c.rows, c.gone = nil, nil
	return nil
}

// StatementComplete puts what it has changed in place.
func (c *tokenChange) StatementComplete(*sql.Context) error {
	slices.Sort(c.gone)
	kept := c.rows[:0]
	for i, row := range c.rows {
		if len(c.gone) > 0 && c.gone[0] == i {
			c.gone = c.gone[1:]
			continue
		}
		kept = append(kept, row)
	}
	rows := []sql.Row(kept)
	c.table.rows.Store(&rows)
	c.rows = nil
	return nil
}

// Close has nothing to close.
func (c *tokenChange) Close(*sql.Context) error { return nil }

// Delete takes a row out.
func (c *tokenChange) Delete(_ *sql.Context, row sql.Row) error {
	i, found := slices.BinarySearchFunc(c.rows, row, compareTokens)
	if !found {
		return sql.ErrDeleteRowNotFound.New()
	}
	c.gone = append(c.gone, i)
	return nil
}

// Update puts a row in the place of another, whose token and platform it must have.
func (c *tokenChange) Update(_ *sql.Context, old, now sql.Row) error {
	i, found := slices.BinarySearchFunc(c.rows, old, compareTokens)
	if !found || compareTokens(old, now) != 0 {
		return errors.New("neither the token nor its platform can be changed in this table")
	}
	c.rows[i] = now
	return nil
}
