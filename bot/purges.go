package bot

import (
	"context"

	"liveops/sync/release"
)

// addPurging has plans look at the purges of a commit, and releases run them. before is the commit whose purges are past for
// an environment without a release. A commit without purges costs nothing.
func (j *job) addPurging(ctx context.Context, d *release.Desired, before string) error {
	if j.Buckets == nil || len(d.Purges) == 0 {
		return nil
	}
	c, err := j.fetch(ctx, before)
	if err != nil {
		return err
	}
	past, _, err := release.ReadPurges(ctx, c.Files, d.Location())
	if err != nil {
		return err
	}
	d.Purging = &release.PurgeContext{Buckets: j.Buckets, Past: past, Now: j.Now()}
	return nil
}
