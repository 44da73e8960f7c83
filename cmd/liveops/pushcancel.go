package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"liveops/pushd/control"
	"liveops/pushd/runs"
)

// awaitCanceled waits until every worker has stopped, says so beforehand, and gives the runs as they were seen last. It waits for
// control.CancelWait at most; an error says that messages may still be sent.
func (a *app) awaitCanceled(ctx context.Context, record *runs.Store, environment, name string, all []runs.Run) ([]runs.Run, error) {
	if !slices.ContainsFunc(all, func(r runs.Run) bool { return r.State == runs.Canceling }) {
		return all, nil
	}
	patience := a.cancelWait
	if patience == 0 {
		patience = control.CancelWait
	}
	fmt.Fprintf(a.err, "The cancel of %s in %s is recorded. Waiting until every worker has stopped, for %s at most.\n", name, environment, patience)
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all, err := control.AwaitCanceled(waiting, record, all, pause)
	if err == nil {
		return all, nil
	}
	if waiting.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("after %s not every worker has stopped: does liveops pushd run for %s?", patience, environment)
	}
	return all, errors.Join(err, fmt.Errorf("the cancel of %s is recorded and stays so, and messages may still be sent until every worker has stopped: it is `canceled` then in liveops push status --env %s %s",
		name, environment, name))
}
