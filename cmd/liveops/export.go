package main

import (
	"bytes"
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
	"liveops/datasheets/xlsx"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
)

func (a *app) exportCommand() *cobra.Command {
	var w where
	var file string
	c := &cobra.Command{
		Use:   "export TABLE...",
		Short: "Write tables of an environment into a workbook",
		Long: `Write tables of an environment's database into a new workbook, one sheet a table, so that a plan of that sheet
right after says that there is nothing to do. Numbers, dates and times are cells of their kind; a number of more
than 15 digits, which a spreadsheet would round, is a text; NULL is an empty cell, an empty text is ""; bytes
are 0x and hexadecimal digits. Enum columns get drop-down lists. The database is only read, at one instant for all
tables.

The times of TIMESTAMP columns are told in the time zone of liveops.yaml. A file that exists is not overwritten.

Exit code 0: written, 2: an error; then there is no file.`,
		Example: `  liveops export --env staging item -o item.xlsx
  liveops export --env production item level_guide -o balance.xlsx`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, tables []string) error {
			open := &stores{settings: a.settings}
			defer open.Close()
			config, store, err := w.oneOf(c.Context(), open)
			if err != nil {
				return err
			}
			if err := mustBeNew(file); err != nil {
				return err
			}
			snap, err := store.Snapshot(c.Context())
			if err != nil {
				return err
			}
			defer snap.Close()
			sheets, err := a.exportSheets(c.Context(), snap, store.Environment(), tables, &datasheets.Options{Location: config.Timezone})
			if err != nil {
				return err
			}
			var book bytes.Buffer
			if err := xlsx.Write(&book, sheets); err != nil {
				return err
			}
			if err := writeFile(file, book.Bytes(), false); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "Wrote %s: %s of %s.\n", file, rowsIn(sheets), store.Environment())
			return err
		},
	}
	w.flags(c, false)
	c.Flags().StringVarP(&file, "output", "o", "", "the workbook to write, a new .xlsx file")
	cobra.CheckErr(c.MarkFlagRequired("output")) // fails only where the flag is not there
	return c
}

// exportSheets reads tables as sheets. All tables that cannot be exported are told at once.
func (a *app) exportSheets(ctx context.Context, snap *mysqlstore.Snapshot, environment string, tables []string, o *datasheets.Options) ([]xlsx.Sheet, error) {
	if err := knownTables(snap, environment, tables); err != nil {
		return nil, err
	}
	bar := a.bar()
	defer bar.clear()
	var sheets []xlsx.Sheet
	var failed error
	for i, name := range tables {
		bar.show("export "+environment, "tables", i, len(tables))
		s, err := export.Sheet(ctx, snap, snap.Tables[name], o)
		if wrong := (*export.TableError)(nil); err != nil && !errors.As(err, &wrong) {
			return nil, err
		} else if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		sheets = append(sheets, *s)
	}
	return sheets, failed
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
func rowsIn(sheets []xlsx.Sheet) string {
	rows := 0
	for i := range sheets {
		rows += len(sheets[i].Rows)
	}
	return several(rows, "row", "rows") + " in " + several(len(sheets), "table", "tables")
}

// mustBeNew refuses a workbook's file that exists, and a name that no workbook has.
func mustBeNew(file string) error {
	if strings.ToLower(filepath.Ext(file)) != ".xlsx" {
		return fmt.Errorf("%s: a workbook's name ends in .xlsx", file)
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s exists; it is not overwritten", file)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeFile writes a file, or leaves none where it cannot. One that is there is an error, unless it may be replaced.
func writeFile(file string, data []byte, replace bool) error {
	flag := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if replace {
		flag = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, flag, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, errors.Join(err, os.Remove(file)))
	}
	return nil
}
