package purgerun

import (
	"context"
	"slices"

	"liveops/sync/purge"
)

// someAtOnce is how many images are read at once by their ids, each as long as a document may be.
const someAtOnce = 32

// some undoes the documents that were asked for, in the order of their ids.
func (u *undoer) some(ctx context.Context) error {
	ids := slices.Compact(slices.Sorted(slices.Values(u.IDs)))
	for part := range slices.Chunk(ids, someAtOnce) {
		images, err := u.journal.Recall(ctx, u.result.Run, part)
		if err != nil {
			return err
		}
		for _, id := range part {
			image, there := images[id]
			switch {
			case there && image.State == purge.ImageUndone:
				u.result.Earlier++
			case there && image.State != purge.ImageSkipped:
				err = u.page(ctx, []purge.Image{image})
			default:
				u.result.Left++
				if u.Left != nil {
					err = u.Left(Left{ID: id, Why: whyNever})
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
