package bot

import (
	"context"
	"io"
	"time"

	"liveops/sync/report"
)

// pageLimit bounds how long a comment waits for its page.
const pageLimit = time.Minute

// pageOfPull makes the page of a plan that is too large for its comment, and returns its link; "" where none is
// needed, or none can be had: the comment then says what it leaves out.
func (j *job) pageOfPull(ctx context.Context, told report.Pull) (link string) {
	if j.Pages == nil || !report.PullLeavesOut(told) {
		return ""
	}
	return j.keepPage(ctx, told.Number, func(w io.Writer) error { return report.HTMLPull(w, told) })
}

// pageOfMerge does the same for a release, once it has come to its end.
func (j *job) pageOfMerge(ctx context.Context, told report.Merge) (link string) {
	if j.Pages == nil || !told.Progress.Done() || !report.MergeLeavesOut(told) {
		return ""
	}
	return j.keepPage(ctx, told.Number, func(w io.Writer) error { return report.HTMLMerge(w, told) })
}

func (j *job) keepPage(ctx context.Context, number int, write func(io.Writer) error) string {
	ctx, cancel := context.WithTimeout(ctx, pageLimit)
	defer cancel()
	link, err := j.Pages.Keep(ctx, report.PagePolicy(), write)
	if err != nil {
		j.log.Warn("page not kept", "pull", number, "error", err)
		return ""
	}
	return link
}
