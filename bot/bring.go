package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/release"
)

// kindBring brings environments up to date; its body is a bringJob.
const kindBring = "bring"

// bringJob is the body of such a job.
type bringJob struct {
	Only string `json:"only,omitempty"` // the one environment; "" for all
}

// Bring asks for the environments of a repository, or the one that is named, to be brought from where their ledgers say
// they are to the newest merge of the default branch. All merges that are owed get their turn, oldest first, each held
// to the plan that its own pull request showed. id names the request, so that asking twice is asking once.
//
// An environment alone is released to only where the one that it comes after has the commit.
func (b *Bot) Bring(ctx context.Context, id, repository, only string) error {
	body, err := json.Marshal(bringJob{only})
	if err != nil {
		return err
	}
	return b.enqueue(ctx, engine.Job{ID: id, Lane: engine.Releases, Key: strings.ToLower(repository), Kind: kindBring, Repository: repository, About: repository, Body: body})
}

// bring releases the newest merge that an environment is owed; those before it have their turn by that, or are brought along.
func (j *job) bring(ctx context.Context, body []byte) error {
	var asked bringJob
	if err := json.Unmarshal(body, &asked); err != nil {
		return engine.Park(fmt.Errorf("read the job: %w", err))
	}
	repository, _, err := j.GitHub.Repositories.Get(ctx, j.owner, j.name)
	if err != nil {
		return fmt.Errorf("read the repository: %w", err)
	}
	branch := repository.GetDefaultBranch()
	tip, err := j.tip(ctx, branch)
	if err != nil {
		return err
	}
	config, err := j.policy(ctx, tip)
	if err != nil {
		return err
	}
	if config == nil {
		j.note(branch + " has no valid liveops.yaml: there is nothing to bring anywhere")
		return nil
	}
	defer j.tellOwed(ctx, config, branch, tip)
	j.only = asked.Only
	owed, err := j.owedMerges(ctx, config, branch, tip)
	if err != nil {
		return err
	}
	if len(owed) == 0 {
		j.note(j.places() + " every merge of " + branch + " already")
		return nil
	}
	newest := owed[len(owed)-1]
	if err := j.release(ctx, newest); err != nil {
		return err
	}
	return j.tellBrought(ctx, config, branch, tip, owed)
}

// tellOwed tells which environments are owed a merge still: a workflow need not ask people about the others. One that
// gives no answer may be.
func (j *job) tellOwed(ctx context.Context, config *datarepo.Config, branch, tip string) {
	told := Told{Marker: OwedMarker, Owed: []string{}}
	for _, e := range config.Environments {
		j.only = e.Name
		if owed, err := j.owedMerges(ctx, config, branch, tip); err != nil || len(owed) > 0 {
			told.Owed = append(told.Owed, e.Name)
		}
	}
	j.hear(told)
}

// tellBrought tells the merges that had no turn of their own, since the newest one's pull request was planned on top of
// them and brought them along, that they are live.
func (j *job) tellBrought(ctx context.Context, config *datarepo.Config, branch, tip string, owed []int) error {
	left, err := j.owedMerges(ctx, config, branch, tip)
	if err != nil || len(left) > 0 {
		return err
	}
	for _, n := range owed[:len(owed)-1] {
		if j.turns[n] {
			continue
		}
		if err := j.release(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// places are the environments that a job is about, and the verb.
func (j *job) places() string {
	if j.only == "" {
		return "the environments have"
	}
	return j.only + " has"
}

// owedMerges are the merges that one of the environments has not, oldest first.
func (j *job) owedMerges(ctx context.Context, config *datarepo.Config, branch, tip string) ([]int, error) {
	merges, err := j.merges(ctx, branch)
	if err != nil {
		return nil, err
	}
	targets, failed := j.targets(ctx, config)
	if j.only != "" {
		targets = slices.DeleteFunc(targets, func(t release.Target) bool { return t.Name != j.only })
		if len(targets) == 0 {
			return nil, engine.Park(&SettingError{"--env " + j.only, "names no environment of liveops.yaml"})
		}
	}
	if err := j.openedAll(targets, failed); err != nil {
		return nil, err
	}
	var longest []datarepo.Summary // all end at the tip
	for _, t := range targets {
		owed, err := j.owed(ctx, t, tip)
		if err != nil {
			return nil, err
		}
		if len(owed) > len(longest) {
			longest = owed
		}
	}
	var numbers []int
	for _, c := range longest {
		if n := merges[c.ID].GetNumber(); n != 0 {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// openedAll is the error of all targets that could not be opened. Settings that are missing are final.
func (j *job) openedAll(targets []release.Target, failed map[string]error) error {
	var all error
	again := false
	for _, t := range targets {
		if err := failed[t.Name]; err != nil {
			all = errors.Join(all, err)
			again = again || !isSetting(err)
		}
	}
	if !again {
		return engine.Park(all)
	}
	return all
}

func isSetting(err error) bool {
	var setting *SettingError
	return errors.As(err, &setting)
}

// owed are the commits from where an environment is to the tip of the branch, oldest first. Where the branch was
// rewritten it is the tip alone: its release then says what is the matter.
func (j *job) owed(ctx context.Context, t release.Target, tip string) ([]datarepo.Summary, error) {
	st, err := t.Store.State(ctx)
	if err != nil {
		return nil, err
	}
	relation, commits, err := history{j}.Between(ctx, st.Commit, tip)
	switch {
	case err != nil:
		return nil, err
	case relation == datarepo.Diverged:
		return []datarepo.Summary{{ID: tip}}, nil
	case relation != datarepo.Ahead:
		return nil, nil
	}
	return commits, nil
}
