package report

import (
	"strings"

	"liveops/sync/release"
)

// DirectPush is a push to the default branch that no pull request brought.
type DirectPush struct {
	Commit release.Commit
	Pusher string
	Paths  []string // the files of the data repo that it changes
}

// PushMarker is the first line of the comment on a commit that was pushed directly.
func PushMarker(commit string) string { return "<!-- liveops:push " + hexOnly(commit) + " -->" }

// PushComment is the comment on a commit that was pushed to the default branch without a pull request: what it
// touches, that nothing was applied, and what to do next.
func PushComment(p DirectPush) string {
	head := PushMarker(p.Commit.ID) + "\n### liveops: pushed directly, nothing was applied\n\n"
	return fitting(func(d detail) string {
		var b strings.Builder
		b.WriteString(head)
		b.WriteString("Commit " + codeSpan(release.ShortDigest(p.Commit.ID), 16) + " " + codeSpan(p.Commit.Subject, 72))
		if p.Pusher != "" {
			b.WriteString(" by " + codeSpan(p.Pusher, 60))
		}
		b.WriteString(" reached the default branch without a pull request, so nobody has seen what it would change.\n\n")
		for _, path := range p.Paths[:min(len(p.Paths), d.items)] {
			b.WriteString("- " + codeSpan(path, 200) + "\n")
		}
		if n := len(p.Paths) - d.items; n > 0 {
			b.WriteString("- … and " + grouped(n) + " more\n")
		}
		if len(p.Paths) > 0 {
			b.WriteString("\n")
		}
		b.WriteString("Every environment is as it was. The next pull request shows these changes apart from its own, and its merge brings them too. " +
			"To see them now, run `liveops plan --env` with an environment's name on a checkout. To take them back, revert the commit.\n")
		return b.String()
	}, head+"The report is too long for a comment.\n")
}
