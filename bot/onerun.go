package bot

import (
	"errors"

	"liveops/bot/hub"
	"liveops/sync/report"
)

// OneRun is what a bot is told that works off one event and ends, as in GitHub Actions.
type OneRun struct {
	// Told hears all that is told on GitHub, just before it is written there: also what then cannot be written. What is
	// told again, as a release goes on, has the Number and Marker that it had.
	Told func(Told)
	// PlanTries is how often a pull request is planned anew whose environment gives no answer; then its plan is given
	// up. A bot that stays does so until there is an answer.
	PlanTries int
	// Approvals is the workflow run whose approvals by GitHub's environments count where liveops.yaml has
	// `requires: [approval]`; 0 for none. They count for what the default branch had at Commit, the run's own: whoever
	// approved has seen no later merge.
	Approvals int64
	Commit    string
	// Artifact keeps a file that a command came to, in place of a pull request; nil where files go nowhere. name is a
	// slash-separated path.
	Artifact func(name string, content []byte) error
}

// Told is something that is told on GitHub.
type Told struct {
	Number  int           // the issue or pull request that it is told on; 0 where it is on none
	Marker  string        // tells it apart from what else is told there
	Comment string        // in Markdown, with the marker as its first line where that is written, too
	Pull    *report.Pull  // of a plan
	Merge   *report.Merge // of a release, so far
	Direct  bool          // of a push that was no merge: nothing of it is applied
	Note    string        // in place of a Comment, one line of plain text that is told nowhere else
	Owed    []string      // of environments that were to be brought up to date: those that are still owed a merge, in their order; the Marker is OwedMarker
	Failed  string        // likewise: why the job whose id is the Marker was not done, as a comment may say it
}

// OwedMarker is the Marker of the Told that has which environments are owed a merge.
const OwedMarker = "owed"

// hear has who runs the bot once hear what is told.
func (b *Bot) hear(t Told) {
	if b.Run != nil && b.Run.Told != nil {
		b.Run.Told(t)
	}
}

// givesUp says whether a pull request is planned no more although an environment gave no answer.
func (j *job) givesUp() bool { return j.Run != nil && j.try >= j.Run.PlanTries }

// isLost says whether an error cannot be mended while this run lasts: its credentials stay as they are.
func (b *Bot) isLost(err error) bool {
	var refused *hub.RefusedError
	return b.Run != nil && errors.As(err, &refused)
}

// note tells in one line what a job came to that wrote no comment.
func (j *job) note(text string) {
	j.log.Info(text)
	j.hear(Told{Marker: "note " + text, Note: text})
}
