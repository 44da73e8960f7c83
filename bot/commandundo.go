package bot

import (
	"context"

	"liveops/bot/command"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
	"liveops/sync/report"
)

// mostLeft is how many documents that an undo leaves are listed.
const mostLeft = 20

// purgeUndo brings back what a purge changed: all of it, or the documents that the command names.
func (t *talk) purgeUndo(ctx context.Context, c command.Command, store *mysqlstore.Store) (reply, error) {
	documents, err := t.userDocuments(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	one, missing := t.purgeOf(ctx, c.Purge) // without its file nobody knows which fields are personal
	if missing != nil {
		one = nil
	}
	var run purge.Run
	if len(c.IDs) > 0 {
		run, err = store.Purges().TakeUpFor(ctx, c.Purge, c.IDs, t.Author)
	} else {
		run, err = store.Purges().TakeUp(ctx, c.Purge, t.Author)
	}
	if err != nil {
		return reply{}, err
	}
	var left []purgerun.Left
	result, err := purgerun.Undo(ctx, run, documents.Documents(run.Scope, run.Collection), store.Purges(), purgerun.UndoOptions{
		IDs: c.IDs, Unsure: c.Unsure,
		Options: purgerun.Options{Actor: t.Author, Now: t.Now, Wait: t.Wait},
		Left: func(l purgerun.Left) error {
			if len(left) < mostLeft {
				left = append(left, l)
			}
			return nil
		}})
	if err != nil {
		return reply{}, err
	}
	text := report.PurgeUndone(c.Env, one, result, left)
	if result.Left > 0 {
		return reply{report.Refused, text}, nil
	}
	return done(text), nil
}
