package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

func (a *app) purgeRunCommand() *cobra.Command {
	var w where
	var yes, anyNumber bool
	c := &cobra.Command{
		Use:   "run --env ENV NAME",
		Short: "Run a purge, or go on with one",
		Long: `Run a purge as it is committed, or go on with one that was paused, interrupted, or failed for some documents. Each matching
document is changed exactly once, however often the run is interrupted: Ctrl-C pauses it. Each is kept as it was
before it is changed; liveops purge undo brings it back.

Exit code 0: done, 2: an error, paused, or some documents could not be changed.`,
		Example: `  liveops purge plan --env staging 2013-12-santa-cookie
  liveops purge run --env staging 2013-12-santa-cookie`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.purgeRun(c.Context(), &w, args[0], yes, anyNumber)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&anyNumber, "over-limit", false, "change more documents than the file's limit")
	return c
}

func (a *app) purgeRun(ctx context.Context, w *where, name string, yes, anyNumber bool) error {
	s, err := w.open(ctx, true)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := s.purgeOf(name)
	if err != nil {
		return err
	}
	open := &stores{settings: a.settings}
	defer open.Close()
	db, documents, err := a.purgeStores(ctx, w, open)
	if err != nil {
		return err
	}
	defer documents.Close()
	if err := held(ctx, db); err != nil {
		return err
	}
	if !yes {
		if err := a.confirm(fmt.Sprintf("Run purge %s on %s?", p.Name, db.Environment())); err != nil {
			return err
		}
	}
	bar := a.bar()
	defer bar.clear()
	o := purgerun.Options{Actor: actor(), Commit: s.commit.ID, Every: 200 * time.Millisecond,
		Progress: func(r purge.Run) { bar.show("purge "+db.Environment(), "documents", r.Counts.Done, r.Counts.Done) }}
	if anyNumber {
		o.Limit = -1
	}
	result, err := purgerun.Run(ctx, p, documents, documents.Documents(p.Scope, p.Collection), db.Purges(), o)
	bar.clear()
	if result.Run.Name != "" {
		fmt.Fprintln(a.out, printable(runLine(result.Run)))
	}
	for _, f := range result.Failures {
		fmt.Fprintln(a.out, printable(fmt.Sprintf("  %s: %v", f.ID, f.Err)))
	}
	if err == nil && result.Run.State != purge.Done {
		err = exitCode(exitError)
	}
	return err
}

func (a *app) purgeUndoCommand() *cobra.Command {
	var w where
	var yes, unsure bool
	var ids []string
	c := &cobra.Command{
		Use:   "undo --env ENV NAME",
		Short: "Bring back the documents that a purge changed",
		Long: `Bring back each document that a purge changed or removed and that nobody has changed since, as it was. The others are left
as they are and listed with both forms (by their ids alone where the purge's file is gone, whose mask is needed). A run that is not over is ended, and the purge is not run here again. The same
undo again does what is left; with --id, only these documents are brought back.

A removed document whose removal got no answer may have been removed by the game; it is listed, and brought back with --unsure.

Exit code 0: all are brought back, 2: an error, or some are left.`,
		Example: `  liveops purge undo --env production 2013-12-santa-cookie
  liveops purge undo --env production 2013-12-santa-cookie --id user-00042`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.purgeUndo(c.Context(), &w, args[0], yes, purgerun.UndoOptions{IDs: ids, Unsure: unsure})
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&unsure, "unsure", false, "bring back also removed documents that the game may have removed itself")
	c.Flags().StringArrayVar(&ids, "id", nil, "only the document with this `id`; may be repeated")
	return c
}

func (a *app) purgeUndo(ctx context.Context, w *where, name string, yes bool, o purgerun.UndoOptions) error {
	s, err := w.open(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	p, missing := s.purgeOf(name)
	open := &stores{settings: a.settings}
	defer open.Close()
	db, documents, err := a.purgeStores(ctx, w, open)
	if err != nil {
		return err
	}
	defer documents.Close()
	was, err := db.Purges().Purge(ctx, name)
	if err != nil {
		return err
	}
	if !yes {
		if err := a.confirm(fmt.Sprintf("Undo purge %s on %s, which changed %s?", name, db.Environment(), several(was.Counts.Done, "document", "documents"))); err != nil {
			return err
		}
	}
	run, err := db.Purges().TakeUp(ctx, name, actor())
	if err != nil {
		return err
	}
	o.Left = func(l purgerun.Left) error {
		fmt.Fprintln(a.out, printable(l.ID+" is left as it is: "+l.Why))
		if missing != nil { // without the file nobody knows which fields are personal
			return nil
		}
		return a.showLeft(p, l)
	}
	result, err := purgerun.Undo(ctx, run, documents.Documents(run.Scope, run.Collection), db.Purges(), o)
	fmt.Fprintln(a.out, printable(fmt.Sprintf("%s: %s brought back, %d left as they are", name, several(result.Restored, "document", "documents"), result.Left)))
	if err == nil && result.Left > 0 {
		err = exitCode(exitError)
	}
	return err
}

// showLeft prints a document that is not brought back: how it differs from what it was, or what it was.
func (a *app) showLeft(p *purge.Purge, l purgerun.Left) error {
	var lines []string
	var err error
	if l.Now == nil {
		lines, err = p.Masked(l.Before, diffLines)
	} else {
		lines, err = p.Diff(l.Before, l.Now, diffLines)
	}
	if unreadable := (*purge.DocumentError)(nil); errors.As(err, &unreadable) {
		lines, err = []string{unreadable.Error()}, nil
	}
	for _, line := range lines {
		fmt.Fprintln(a.out, printable("  "+line))
	}
	return err
}
