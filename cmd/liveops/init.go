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
	"time"

	"github.com/spf13/cobra"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// initFlags are what `liveops init` was asked for.
type initFlags struct {
	repo         string
	environment  string
	environments []string // in promotion order; empty for the one alone
	timezone     string
	mostRows     int
	oneWorkbook  bool
	force        bool
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init [TABLE...]",
		Short: "Begin a data repo from a live database",
		Long: `Begin a data repo from the database of a live game: write liveops.yaml, its schema for editors
(liveops.schema.json), and a workbook for each table under datasheets/, such that a plan right after says that
there is nothing to do; that plan is made and shown. The database is only read, at one instant for all tables.

Without tables named, those that look like game data are taken. The others are listed with the reason: tables
without a primary key, of another engine than InnoDB, with a type or value that cells cannot hold, and tables of
more rows than --max-rows, which look like player data. A table that is named is taken whatever its size. Tables
without a workbook stay as they are, whatever is released. liveops' own tables (liveops_...) and views are no tables
here.

Run it in an empty or fresh checkout (git init). Files that are there are never overwritten but with --force.

Exit code 0: written, and the plan has nothing to do; 1: the plan has changes; 2: an error, or problems.`,
		Example: `  liveops init --env staging
  liveops init --env production --environments staging,production --timezone Asia/Seoul
  liveops init --env staging item level_guide --one-workbook`,
		RunE: func(c *cobra.Command, tables []string) error { return a.initRepo(c.Context(), &f, tables) },
	}
	c.Flags().StringVar(&f.repo, "repo", ".", "the data repo's checkout, or a folder in it")
	c.Flags().StringVarP(&f.environment, "env", "e", "", "the environment whose database is read")
	c.Flags().StringSliceVar(&f.environments, "environments", nil, "all environments, in the order in which releases go through them (default the one of --env)")
	c.Flags().StringVar(&f.timezone, "timezone", "", "the time zone of TIMESTAMP columns, such as Asia/Seoul (default UTC)")
	c.Flags().IntVar(&f.mostRows, "max-rows", 20_000, "leave out tables of more rows")
	c.Flags().BoolVar(&f.oneWorkbook, "one-workbook", false, "write all tables into datasheets/tables.xlsx")
	c.Flags().BoolVar(&f.force, "force", false, "overwrite files that are there")
	cobra.CheckErr(c.MarkFlagRequired("env")) // fails only where the flag is not there
	return c
}

// initRepo writes a data repo and plans it.
func (a *app) initRepo(ctx context.Context, f *initFlags, tables []string) error {
	if f.mostRows < 0 {
		return fmt.Errorf("--max-rows is %d; a table has 0 rows or more", f.mostRows)
	}
	files, location, err := f.config()
	if err != nil {
		return err
	}
	checkout, err := datarepo.OpenCheckout(f.repo)
	if errors.Is(err, datarepo.ErrNotRepository) {
		return fmt.Errorf("%w; run git init there first", err)
	} else if err != nil {
		return err
	}
	defer checkout.Close()
	open := &stores{settings: a.settings}
	defer open.Close()
	store, err := open.Store(ctx, f.environment)
	if err != nil {
		return err
	}
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	exported, left, err := a.initSheets(ctx, f, snap, tables, location)
	if err != nil {
		return err
	}
	if err := f.workbooks(files, exported); err != nil {
		return err
	}
	if err := writeRepo(checkout, files, f.force); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "Wrote %s: %s of %s.\n", several(len(files), "file", "files"), rowsIn(exported), f.environment)
	if len(left) > 0 {
		fmt.Fprintln(a.out, "Left out, and not touched by any release:")
	}
	for _, l := range left {
		fmt.Fprintf(a.out, "  %s: %s\n", printable(l.Table), printable(l.Reason))
	}
	fmt.Fprintln(a.out)
	return a.planWritten(ctx, checkout, f.environment, snap)
}

// config is the files that do not come of the database, by their path in the data repo.
func (f *initFlags) config() (map[string][]byte, *time.Location, error) {
	names := f.environments
	if len(names) == 0 {
		names = []string{f.environment}
	}
	if !slices.Contains(names, f.environment) {
		return nil, nil, fmt.Errorf("--environments %s does not have %q, which --env names", strings.Join(names, ","), f.environment)
	}
	content, config, problems := datarepo.NewConfig(names, f.timezone)
	var failed error
	for i := range problems {
		failed = errors.Join(failed, fmt.Errorf("liveops.yaml cannot be written so: %s", problems[i].Text))
	}
	if failed != nil {
		return nil, nil, failed
	}
	files := map[string][]byte{datarepo.ConfigPath: content, datarepo.SchemaPath: datarepo.Schema()}
	return files, config.Timezone, nil
}

// initSheets reads the tables that are named, all of them or none, or those that look like game data.
func (a *app) initSheets(ctx context.Context, f *initFlags, snap *mysqlstore.Snapshot, named []string, location *time.Location) (all []*export.Exported, left []export.LeftOut, err error) {
	var chosen []*datasheets.Table
	if len(named) > 0 {
		err = knownTables(snap, f.environment, named)
		for _, name := range named {
			chosen = append(chosen, snap.Tables[name])
		}
	} else {
		chosen, left, err = export.Choose(ctx, snap, f.mostRows)
	}
	if err != nil {
		return nil, nil, err
	}
	bar := a.bar()
	defer bar.clear()
	var failed error
	for i, t := range chosen {
		bar.show("read "+f.environment, "tables", i, len(chosen))
		e, err := export.Sheets(ctx, snap, t, nil, export.Reading{Location: location})
		wrong := (*export.TableError)(nil)
		switch {
		case err == nil:
			all = append(all, e)
		case !errors.As(err, &wrong):
			return nil, nil, err
		case len(named) > 0:
			failed = errors.Join(failed, err)
		default:
			left = append(left, export.LeftOut{Table: t.Name, Reason: strings.Join(wrong.Reasons, "; ")})
		}
	}
	slices.SortFunc(left, func(a, b export.LeftOut) int { return strings.Compare(a.Table, b.Table) })
	return all, left, failed
}

// workbooks adds the workbooks of tables to files.
func (f *initFlags) workbooks(files map[string][]byte, tables []*export.Exported) error {
	books := map[string][]*export.Exported{}
	for _, t := range tables {
		path := "datasheets/" + t.Sheets[0].Name + ".xlsx"
		if f.oneWorkbook {
			path = "datasheets/tables.xlsx"
		}
		books[path] = append(books[path], t)
	}
	for path, tables := range books {
		var err error
		if files[path], err = export.Workbook(tables); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// writeRepo writes files into the checkout. Without force it writes none where one of them, or any workbook, is
// there already.
func writeRepo(checkout *datarepo.Checkout, files map[string][]byte, force bool) error {
	paths := slices.Sorted(maps.Keys(files))
	if !force {
		there, _, err := datarepo.Workbooks(checkout.WorkTree())
		if err != nil {
			return err
		}
		for _, p := range paths {
			if _, err := os.Lstat(filepath.Join(checkout.Dir, p)); err == nil && !slices.Contains(there, p) {
				there = append(there, p)
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if len(there) > 0 {
			slices.Sort(there)
			return fmt.Errorf("the checkout is not empty, and nothing was written; --force overwrites what has the same name. There are: %s", strings.Join(there, ", "))
		}
	}
	for _, p := range paths {
		to := filepath.Join(checkout.Dir, p)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := writeFile(to, files[p], force); err != nil {
			return err
		}
	}
	return nil
}

// planWritten plans the checkout as it stands now from the snapshot that it was written from.
func (a *app) planWritten(ctx context.Context, checkout *datarepo.Checkout, environment string, snap *mysqlstore.Snapshot) error {
	desired, err := release.Read(ctx, "", checkout.WorkTree())
	if err != nil {
		return err
	}
	bar := a.bar()
	p, err := release.MakePlan(ctx, desired, environment, snap, func(done, total int) { bar.show("plan "+environment, "sheets", done, total) })
	bar.clear()
	if err != nil {
		return err
	}
	plans := []*release.Plan{p}
	if err := a.showPlans(a.out, "text", plans, desired.Problems); err != nil {
		return err
	}
	return planExit(plans, desired.Problems)
}
