package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"liveops/datasheets"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func (a *app) exportCommand() *cobra.Command {
	var w where
	var file string
	c := &cobra.Command{
		Use:   "export TABLE...",
		Short: "Write tables of an environment into workbooks",
		Long: `Write tables of an environment's database into workbooks, as the sheets that liveops.yaml describes, or as a sheet with the
table's name, so that a plan right after says that there is nothing to do. Without -o that is the data repo's
workbooks; a table without a sheet gets datasheets/TABLE.xlsx. With -o it is one workbook.

In a workbook that is there only cells that differ are changed: formats, comments, formulas, other sheets and the order of the rows
stay. A row that the table lacks is emptied, new rows stand below the others. A formula that does not come to what the table holds
is replaced by the value, and told.

Numbers, dates and times are cells of their kind; a number of more than 15 digits, which a spreadsheet would
round, is a text; NULL is an empty cell, an empty text is ""; bytes are 0x and hexadecimal digits. Enum columns of a
new workbook get drop-down lists, and so do columns that refer to another table of it. The database is only read, at
one instant for all tables. The times of TIMESTAMP columns are told in the time zone of liveops.yaml.

Exit code 0: written, or nothing differs; 2: an error; then no file is changed.`,
		Example: `  liveops export --env production item                          over the workbooks that hold it
  liveops export --env staging item level_guide -o balance.xlsx  into one workbook`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, tables []string) error { return a.export(c.Context(), &w, file, tables) },
	}
	w.flags(c, false)
	c.Flags().StringVarP(&file, "output", "o", "", "the workbook to write, an .xlsx `file`, new or not (default the data repo's)")
	return c
}

// export writes tables into workbooks.
func (a *app) export(ctx context.Context, w *where, file string, tables []string) error {
	open := &stores{settings: a.settings}
	defer open.Close()
	_, store, err := w.oneOf(ctx, open)
	if err != nil {
		return err
	}
	exists := false
	if file != "" {
		if exists, err = isWorkbook(file); err != nil {
			return err
		}
	}
	s, err := w.open(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	if err := knownTables(snap, store.Environment(), tables); err != nil {
		return err
	}
	e := &exporter{app: a, desired: s.desired, snap: snap, environment: store.Environment(), dir: s.Dir}
	switch {
	case file == "":
		return e.intoRepo(ctx, tables)
	case exists:
		return e.over(ctx, file, tables)
	}
	return e.into(ctx, file, tables)
}

// exporter is an export under way.
type exporter struct {
	*app
	desired     *release.Desired
	snap        *mysqlstore.Snapshot
	environment string
	dir         string // the checkout's
}

func (e *exporter) reading() export.Reading {
	return export.Reading{Scope: e.desired.Scope(e.environment), Location: e.desired.Location()}
}

// into writes a new workbook.
func (e *exporter) into(ctx context.Context, file string, tables []string) error {
	exported, err := e.sheets(ctx, tables)
	if err != nil {
		return err
	}
	book, err := export.Workbook(exported)
	if err != nil {
		return err
	}
	if err := writeFile(file, book, false); err != nil {
		return err
	}
	fmt.Fprintf(e.out, "Wrote %s: %s of %s.\n", file, rowsIn(exported), e.environment)
	e.tellUnowned(tables, exported)
	return nil
}

// sheets reads tables as sheets. All tables that cannot be exported are told at once.
func (e *exporter) sheets(ctx context.Context, tables []string) ([]*export.Exported, error) {
	bar := e.bar()
	defer bar.clear()
	var all []*export.Exported
	var failed error
	for i, name := range tables {
		bar.show("export "+e.environment, "tables", i, len(tables))
		t, err := export.Sheets(ctx, e.snap, e.snap.Tables[name], e.desired.Mapping(name), e.reading())
		if wrong := (*export.TableError)(nil); err != nil && !errors.As(err, &wrong) {
			return nil, err
		}
		failed = errors.Join(failed, err)
		all = append(all, t)
	}
	return all, failed
}

func (e *exporter) tellUnowned(tables []string, exported []*export.Exported) {
	for i, t := range exported {
		if t.Unowned > 0 {
			fmt.Fprintf(e.out, "%s of %s in no sheet: no filter of liveops.yaml takes them.\n", several(t.Unowned, "row", "rows"), tables[i])
		}
	}
}

// knownTables refuses names of tables that the environment does not have, and names that stand twice.
func knownTables(snap *mysqlstore.Snapshot, environment string, names []string) error {
	var failed error
	for i, name := range names {
		switch {
		case slices.Contains(names[:i], name):
			failed = errors.Join(failed, fmt.Errorf("the table %s is named twice", name))
		case snap.Tables[name] == nil:
			err := fmt.Errorf("%s has no table %q", environment, name)
			if near := datasheets.Nearest(name, slices.Sorted(maps.Keys(snap.Tables))); near != "" {
				err = fmt.Errorf("%w; nearest: %s", err, near)
			}
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// rowsIn is "1234 rows in 3 tables".
func rowsIn(tables []*export.Exported) string {
	rows := 0
	for _, t := range tables {
		rows += t.Rows()
	}
	return several(rows, "row", "rows") + " in " + several(len(tables), "table", "tables")
}

// isWorkbook says whether a workbook's file is there, and refuses a name that no workbook has.
func isWorkbook(file string) (exists bool, err error) {
	if ext := strings.ToLower(filepath.Ext(file)); ext != ".xlsx" && ext != ".xlsm" {
		return false, fmt.Errorf("%s: a workbook's name ends in .xlsx", file)
	}
	_, err = os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ToLower(filepath.Ext(file)) == ".xlsm":
		return false, fmt.Errorf("%s: a new workbook's name ends in .xlsx", file)
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return err == nil, err
}

// writeFile writes a file, or leaves it as it was where it cannot. One that is there is an error, unless it may be replaced.
func writeFile(file string, data []byte, replace bool) (err error) {
	if _, err := os.Lstat(file); err == nil && !replace {
		return fmt.Errorf("write %s: %w", file, fs.ErrExist)
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", file, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
