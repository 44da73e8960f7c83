package release

import (
	"context"
	"strings"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
)

// duePurge is a purge with what an environment has recorded of it; its run's State is "" where that is nothing.
type duePurge struct {
	*purge.Purge
	run purge.Run
}

// duePurges are which purges of the commit an environment that has it is to run yet, by name, and which of those that came
// with it are over. A purge that has not begun is due only where the release was checked with it.
func duePurges(ctx context.Context, d *Desired, t Target, st mysqlstore.State) (due, over []duePurge, err error) {
	runs, err := t.Store.Purges().List(ctx)
	if err != nil {
		return nil, nil, err
	}
	recorded := map[string]purge.Run{}
	for _, run := range runs {
		recorded[run.Name] = run
	}
	var checked []*purge.Purge // new when the tables were applied
	for _, one := range d.Purges {
		run, is := recorded[one.Name]
		if !is && !one.ExpiredAt(d.Purging.Now) || is && run.Commit == d.Commit && run.State != purge.Past {
			checked = append(checked, one)
		}
	}
	applied, err := t.Store.Release(ctx, st.Release)
	if err != nil {
		return nil, nil, err
	}
	reviewed := len(checked) > 0 && strings.HasSuffix(applied.Digest, purgesDigest(checked))
	for _, one := range d.Purges {
		run, is := recorded[one.Name]
		switch {
		case !is && (!reviewed || one.ExpiredAt(d.Purging.Now)), is && run.Fingerprint != one.Fingerprint():
		case !is, !run.State.Over():
			due = append(due, duePurge{one, run})
		case run.Commit == d.Commit && run.State != purge.Past:
			over = append(over, duePurge{one, run})
		}
	}
	return due, over, nil
}
