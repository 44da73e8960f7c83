package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"liveops/datasheets"
	"liveops/datasheets/workbook"
	"liveops/sync/bookdiff"
	"liveops/sync/report"
)

// diffFlags are what `liveops diff` was asked for.
type diffFlags struct {
	format string
	key    []string
	git    bool
}

func (a *app) diffCommand() *cobra.Command {
	var f diffFlags
	c := &cobra.Command{
		Use:   "diff OLD.xlsx NEW.xlsx",
		Short: "Show what differs between two workbooks",
		Long: `Show what differs between two workbooks, row by row, without a database: sheets by name, columns by
header (the first row that is not empty), rows by key, then cells by what the workbook stores. The order of
rows, columns and sheets is not compared, and neither are formats and formulas.

The key is what --key names, in the sheets that have it, else the first column, or the first two or three where
that repeats. Where all of them repeat, rows are matched as wholes. The report says which. A text that reads as a number, date or the like stands between
quotes. /dev/null stands for a workbook that is not there.

Exit code 0: no difference, 1: they differ, 2: an error.

To see workbooks in git diff, add to .gitattributes of the data repo
    *.xlsx diff=liveops
    *.xlsm diff=liveops
and once on each machine
    git config --global diff.liveops.command 'liveops diff --git'
git show and git log -p need --ext-diff besides. With --git the exit code is 0 also where the workbooks differ or
one of them cannot be read, which is told in its place: else git would give up all other files.`,
		Example: `  liveops diff old.xlsx new.xlsx
  liveops diff old.xlsx new.xlsx --key chapter,level
  liveops diff old.xlsx new.xlsx --format json | jq '.sheets[].name'`,
		Args: f.checkArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(f.format, formats()...); err != nil {
				return err
			}
			if f.git && f.format == "html" {
				return errors.New("git shows text: --git does not go with --format html")
			}
			if f.git {
				return a.gitDiff(c, &f, args)
			}
			old, err := openBook(args[0], args[0])
			if err != nil {
				return err
			}
			fresh, err := openBook(args[1], args[1])
			if err != nil {
				return err
			}
			different, err := a.diff(c, &f, old, fresh, a.color(a.out))
			if err == nil && different {
				err = exitCode(exitChanges)
			}
			return err
		},
	}
	c.Flags().StringVar(&f.format, "format", "text", "text, markdown, json or html")
	c.Flags().StringSliceVar(&f.key, "key", nil, "the columns that tell which row is which, by their names in the header")
	c.Flags().BoolVar(&f.git, "git", false, "be git's external diff: take the arguments that git passes")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// checkArgs holds the arguments to what there is: two workbooks or, of git, a path, then file, object and mode of
// both sides, and of a rename the new path and what git says of it; of a path that is not merged, the path alone
// (https://git-scm.com/docs/git#Documentation/git.txt-codeGITEXTERNALDIFFcode).
func (f *diffFlags) checkArgs(_ *cobra.Command, args []string) error {
	switch n := len(args); {
	case f.git && n != 1 && n != 7 && n != 9:
		return fmt.Errorf("git passes 1, 7 or 9 arguments to its external diff, not %d", n)
	case !f.git && n != 2:
		return fmt.Errorf("name two workbooks: liveops diff OLD.xlsx NEW.xlsx")
	}
	return nil
}

// diff compares two workbooks and writes the report.
func (a *app) diff(c *cobra.Command, f *diffFlags, old, fresh *datasheets.Book, color bool) (different bool, err error) {
	d, err := bookdiff.Compare(c.Context(), old, fresh, f.key)
	if err != nil {
		return false, err
	}
	switch f.format {
	case "text":
		err = report.DiffText(a.out, d, report.TextOptions{Color: color, Width: width(a.out)})
	case "markdown":
		_, err = fmt.Fprint(a.out, report.DiffMarkdown(d))
	case "html":
		err = report.HTMLDiff(a.out, d)
	default:
		err = report.DiffJSON(a.out, d)
	}
	return len(d.Sheets) > 0, err
}

// gitDiff is one call by git.
func (a *app) gitDiff(c *cobra.Command, f *diffFlags, args []string) error {
	path, newPath := args[0], args[0]
	if len(args) == 1 {
		fmt.Fprintf(a.out, "%s: not merged yet\n", printable(path))
		return nil
	}
	if len(args) == 9 {
		newPath = args[7]
	}
	old, err := openBook(path, args[1])
	if err == nil {
		var fresh *datasheets.Book
		if fresh, err = openBook(newPath, args[4]); err == nil {
			_, err = a.diff(c, f, old, fresh, a.gitColor())
		}
	}
	if err != nil && c.Context().Err() == nil {
		fmt.Fprintln(a.out, printable(err.Error()))
		return nil
	}
	return err
}

// gitColor says whether to colour what git shows: on a terminal, or in the pager that git says it has started.
func (a *app) gitColor() bool {
	pager, _ := a.settings.lookup("GIT_PAGER_IN_USE")
	_, off := a.settings.lookup("NO_COLOR")
	return a.color(a.out) || pager == "true" && !off
}

// openBook opens a workbook file under the path that reports name it by; one without sheets for /dev/null, which
// git passes on every system.
func openBook(path, file string) (*datasheets.Book, error) {
	if file == "/dev/null" {
		return &datasheets.Book{}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	return workbook.Open(path, data)
}
