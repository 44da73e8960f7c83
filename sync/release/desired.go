package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/campaign"
	"liveops/sync/check"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
)

// Desired is what one commit of the data repo wants every environment to be.
type Desired struct {
	Commit   string           // the commit's id; "" for files that are not committed
	Config   *datarepo.Config // nil where liveops.yaml has problems
	Sheets   []datasheets.Sheet
	Tables   []DesiredTable       // what the sheets describe, by table; none where liveops.yaml does not say how to read them
	Tests    []check.Test         // the data tests, by path
	Purges   []*purge.Purge       // by name
	Released []mysqlstore.File    // what a release leaves to who follows the environment without the repo: liveops.yaml and the campaigns
	Problems []datasheets.Problem // of the files themselves, sorted; no environment was asked
	Purging  *PurgeContext        // set by who wants purges looked at; nil leaves them out of plans

	Campaigns   []*campaign.Campaign // by name
	Campaigning *CampaignContext     // set by who wants campaigns looked at; nil leaves them out of plans

	files   fs.FS
	reading datarepo.Reading
	unclear bool // problems of liveops.yaml hide how the sheets are to be read
	unread  bool // campaigns have problems: not all of them are in Campaigns
}

// Read reads liveops.yaml, every data test, purge and campaign of a commit, and which sheets each workbook has. Their cells are read, and
// the workbooks opened again, when a sheet's Rows are asked for: files and ctx must last as long as the Desired is used.
// What is wrong with the files is in Problems; an error is only that they could not be read at all.
func Read(ctx context.Context, commit string, files fs.FS) (*Desired, error) {
	d := &Desired{Commit: commit, files: files}
	config, problems := datarepo.LoadConfig(files)
	if len(problems) == 0 {
		d.Config = config
	}
	paths, more, err := datarepo.Workbooks(files)
	if err != nil {
		return nil, fmt.Errorf("list the workbooks: %w", err)
	}
	books, unreadable, err := newShelf(ctx, files).contents(paths)
	if err != nil {
		return nil, err
	}
	d.Problems = slices.Concat(problems, more, unreadable)
	for _, book := range books {
		d.addSheets(book)
	}
	if d.Config != nil {
		d.reading = d.Config.Reading()
	} else {
		reading, known := datarepo.LoadReading(files)
		d.reading, d.unclear = reading, !known
	}
	if !d.unclear {
		d.assemble(d.reading.Tables, len(more)+len(unreadable) > 0)
	}
	if err := d.addTests(files); err != nil {
		return nil, err
	}
	purges, wrong, err := ReadPurges(ctx, files, d.Location())
	if err != nil {
		return nil, err
	}
	d.Purges, d.Problems = purges, append(d.Problems, wrong...)
	if d.Released, err = released(files); err != nil {
		return nil, err
	}
	if d.Campaigns, wrong, err = ReadCampaigns(files, d.Config, d.Location()); err != nil {
		return nil, err
	}
	d.Problems, d.unread = append(d.Problems, wrong...), len(wrong) > 0
	d.Problems = datasheets.SortProblems(d.Problems)
	return d, nil
}

// problemOf is an error that a file is at fault for, or else the error.
func problemOf(err error) (*datasheets.Problem, error) {
	var problem *datasheets.Problem
	if errors.As(err, &problem) {
		return problem, nil
	}
	return nil, err
}

// addTests reads the data tests.
func (d *Desired) addTests(files fs.FS) error {
	paths, problems, err := datarepo.Checks(files)
	if err != nil {
		return err
	}
	d.Problems = append(d.Problems, problems...)
	for _, path := range paths {
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		test, problems := check.Parse(path, text)
		d.Problems = append(d.Problems, problems...)
		if len(problems) == 0 {
			d.Tests = append(d.Tests, test)
		}
	}
	return nil
}

// addSheets takes the sheets of a book that describe tables.
func (d *Desired) addSheets(book *datasheets.Book) {
	for _, s := range book.Sheets {
		if !strings.HasPrefix(s.Name, "#") {
			d.Sheets = append(d.Sheets, s)
		}
	}
}

// Scope is the environment that sheets are read for.
func (d *Desired) Scope(environment string) datasheets.Scope {
	return datasheets.Scope{Environment: environment, Environments: d.reading.Environments}
}

// Mapping is what liveops.yaml says of a table; nil where it says nothing.
func (d *Desired) Mapping(table string) *datasheets.Mapping {
	for i := range d.reading.Tables {
		if d.reading.Tables[i].Table == table {
			return &d.reading.Tables[i]
		}
	}
	return nil
}

// Location is the time zone of TIMESTAMP columns.
func (d *Desired) Location() *time.Location {
	if d.reading.Timezone == nil {
		return time.UTC
	}
	return d.reading.Timezone
}
