package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"liveops/bot"
	"liveops/engine"
	"liveops/sync/report"
)

const (
	// maxSummary is how much a step may add to the job's summary, in bytes; of more, GitHub shows nothing
	// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits).
	maxSummary = 1 << 20

	// mostShown is how many annotations of each kind GitHub shows of a step
	// (https://docs.github.com/en/actions/how-tos/troubleshoot-workflows).
	mostShown = 10

	// roomForLast is kept free for the line that says what is left out.
	roomForLast = 300
)

// summary is what the run came to, in Markdown of at most most bytes: what the comments say, whole or not at all.
func (r *record) summary(parked []engine.Parked, unshown int, artifacts []string, most int) string {
	var sections, others []string
	for _, p := range parked {
		sections = append(sections, "**Not done** (`"+strings.ReplaceAll(plain(p.About), "`", "")+"`): "+report.Sentence(r.why(p), "")+"\n")
	}
	for _, t := range r.told {
		switch {
		case r.beside(t):
			others = append(others, fmt.Sprintf("#%d", t.Number))
		case t.Note != "":
			sections = append(sections, report.Sentence(t.Note, "")+"\n")
		default:
			sections = append(sections, withoutMarker(t))
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		sections = append(sections, "Planned anew, since the branch or an environment moved: "+strings.Join(others, ", ")+".\n")
	}
	if unshown > 0 {
		sections = append(sections, fmt.Sprintf("%d more problems have no annotation: GitHub shows %d of a step. The log has all of them.\n", unshown, mostShown))
	}
	if len(artifacts) > 0 {
		sections = append(sections, "In the artifact: `"+strings.Join(artifacts, "`, `")+"`.\n")
	}
	if len(sections) == 0 {
		sections = append(sections, "### liveops: nothing to do\n")
	}
	return fit(sections, most)
}

// fit joins sections as long as they fit, and says how many do not.
func fit(sections []string, most int) string {
	var b strings.Builder
	left := 0
	for _, s := range sections {
		if b.Len()+len(s)+1+roomForLast > most {
			left++
			continue
		}
		b.WriteString(s + "\n")
	}
	last := fmt.Sprintf("%d reports are left out: a summary has at most 1 MiB. They are in the comments of their pull requests.\n", left)
	if left > 0 && b.Len()+len(last) <= most {
		b.WriteString(last)
	}
	return b.String()
}

// withoutMarker is a comment without the line by which it is found again.
func withoutMarker(t bot.Told) string {
	if first, rest, ok := strings.Cut(t.Comment, "\n"); ok && strings.HasPrefix(first, "<!--") {
		return strings.TrimRight(rest, "\n") + "\n"
	}
	return strings.TrimRight(t.Comment, "\n") + "\n"
}

// appendTo adds to a file of the runner's; to none where there is no path.
func appendTo(path, text string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// size is how long a file is; 0 where there is none.
func size(path string) (int, error) {
	info, err := os.Stat(path)
	switch {
	case path == "", errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return int(info.Size()), nil
}

// outputs are the values that later steps and jobs may read: whether rows change or have changed, the plans' digests by
// environment, as JSON, the environments that are owed a merge still, as a JSON list, and whether there are artifacts.
func (r *record) outputs(artifacts []string) (string, error) {
	digests, err := json.Marshal(r.digests())
	if err != nil {
		return "", err
	}
	owed, err := json.Marshal(append([]string{}, r.owed...))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("changed=%t\ndigests=%s\nowed=%s\nartifacts=%t\n", slices.ContainsFunc(r.told, r.changed), digests, owed, len(artifacts) > 0), nil
}
