package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

func (a *app) purgeUndoCommand() *cobra.Command {
	var w where
	var yes, unsure bool
	var ids []string
	c := &cobra.Command{
		Use:   "undo --env ENV NAME",
		Short: "Bring back the documents that a purge changed",
		Long: `Bring back each document that a purge changed or removed and that nobody has changed since, as it was. The others are left
as they are and listed with both forms (by their ids alone where the purge's file is gone, whose mask is needed). A run that is not over is ended, and the purge is not run here again. The same
undo again does what is left.

With --id only these documents are brought back. The purge stays what it is there: one that is done stays done, one that is
paused can go on, and neither it nor a later undo touches them again. One that is running must be paused first.

A removed document whose removal got no answer may have been removed by the game; it is listed, and brought back with --unsure.

Exit code 0: all are brought back, 2: an error, or some are left.`,
		Example: `  liveops purge undo --env production 2013-12-santa-cookie
  liveops purge undo --env production 2013-12-santa-cookie --id user-00042`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if slices.Contains(ids, "") {
				return errors.New("--id is empty; leave it out to bring all documents back")
			}
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
		if err := a.confirm(undoQuestion(was, db.Environment(), o.IDs)); err != nil {
			return err
		}
	}
	run, err := takeUp(ctx, db.Purges(), name, o.IDs)
	if err != nil {
		return err
	}
	o.Left = func(l purgerun.Left) error {
		fmt.Fprintln(a.out, printable(l.ID+" is left as it is: "+l.Why))
		if missing != nil || l.Before == nil { // without the file nobody knows which fields are personal
			return nil
		}
		return a.showLeft(p, l)
	}
	result, err := purgerun.Undo(ctx, run, documents.Documents(run.Scope, run.Collection), db.Purges(), o)
	line := fmt.Sprintf("%s: %s brought back, %d left as they are", name, several(result.Restored, "document", "documents"), result.Left)
	if result.Earlier > 0 {
		line += fmt.Sprintf(", %d brought back before", result.Earlier)
	}
	fmt.Fprintln(a.out, printable(line+"; the purge is "+string(result.Run.State)))
	if err == nil && result.Left > 0 {
		err = exitCode(exitError)
	}
	return err
}

// takeUp takes a purge up to undo it, or to bring the documents with these ids back.
func takeUp(ctx context.Context, purges *mysqlstore.Purges, name string, ids []string) (purge.Run, error) {
	if len(ids) > 0 {
		return purges.TakeUpFor(ctx, name, ids, actor())
	}
	return purges.TakeUp(ctx, name, actor())
}

// undoQuestion asks whether an undo is meant.
func undoQuestion(was purge.Run, environment string, ids []string) string {
	if len(ids) == 0 {
		return fmt.Sprintf("Undo purge %s on %s, which changed %s?", was.Name, environment, several(was.Counts.Done, "document", "documents"))
	}
	const most = 5
	named := strings.Join(ids[:min(len(ids), most)], ", ")
	if more := len(ids) - most; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return printable(fmt.Sprintf("Bring %s on %s back to what it was before purge %s?", named, environment, was.Name))
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
