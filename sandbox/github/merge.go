package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// mergeFiles merges two sets of files that come from one base, file by file: a
// side that left a file as it was yields to the other. What both changed, and
// not alike, is a conflict; those paths are returned sorted and the merge is
// not to be used.
func mergeFiles(base, ours, theirs fileSet) (merged fileSet, conflicts []string) {
	merged = maps.Clone(ours)
	for name, their := range theirs {
		our, oursHas := ours[name]
		was, baseHad := base[name]
		switch {
		case oursHas && our == their, baseHad && was == their:
			// Alike, or they did not touch it: ours stands, a deletion included.
		case oursHas == baseHad && our == was:
			merged[name] = their
		default:
			conflicts = append(conflicts, name)
		}
	}
	for name, was := range base {
		our, oursHas := ours[name]
		if _, theirsHas := theirs[name]; theirsHas || !oursHas {
			continue
		}
		if our != was {
			conflicts = append(conflicts, name)
			continue
		}
		delete(merged, name)
	}
	slices.Sort(conflicts)
	return merged, conflicts
}

// merge returns the files of head merged into base; clean is false when they
// conflict, which unrelated histories always do.
func (r *Repo) merge(base, head plumbing.Hash) (merged fileSet, clean bool, err error) {
	origin, err := r.mergeBase(base, head)
	if err != nil || origin.IsZero() {
		return nil, false, err
	}
	sets := make([]fileSet, 3)
	for i, commit := range []plumbing.Hash{origin, base, head} {
		if sets[i], err = r.filesOf(commit); err != nil {
			return nil, false, err
		}
	}
	merged, conflicts := mergeFiles(sets[0], sets[1], sets[2])
	if len(conflicts) > 0 {
		return nil, false, nil
	}
	if _, err := r.writeTree(merged); errors.Is(err, errFileIsDirectory) {
		return nil, false, nil
	}
	return merged, true, nil
}

// HoldMerges keeps the server from working out whether pull requests can be
// merged, and so refs/pull/N/merge from moving, until release is called. In
// between, mergeable is null and the merge ref is missing or of an older pair
// of commits, as it is at GitHub for a while after each push. See
// https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
func (s *Server) HoldMerges() (release func()) { return s.merges.hold() }

// Settle waits until every open pull request's mergeability is known.
func (s *Server) Settle(ctx context.Context) error {
	if err := s.merges.idle(ctx); err != nil {
		return fmt.Errorf("wait for the merges of pull requests: %w", err)
	}
	return nil
}

// computeMergeability makes the merge commit of a pull request, in the background.
func (s *Server) computeMergeability(p *pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.testMerge()
}

// staleMerge notes that base or head has moved and has the merge made anew.
func (p *pull) staleMerge() {
	p.mergeable = nil
	p.repo.s.merges.add(p)
}

// testMerge brings mergeable and refs/pull/N/merge up to date, if they aren't:
// a commit with the parents base and head. With a conflict the ref stays as it
// was. A repository that can't be read counts as a conflict.
func (p *pull) testMerge() {
	if p.state != stateOpen || p.mergeable != nil {
		return
	}
	base := p.repo.tip(p.base)
	files, clean, err := p.repo.merge(base, p.head.sha)
	mergeable := clean && err == nil
	p.mergeable = &mergeable
	if !mergeable {
		return
	}
	message := fmt.Sprintf("Merge %s into %s", p.head.sha, base)
	commit, err := p.repo.writeCommit(files, message, p.author.signature(p.repo.s.now()), base, p.head.sha)
	if err != nil {
		mergeable = false
		return
	}
	p.baseSHA, p.mergeCommit = base, commit
	p.repo.setRef(p.ref("merge"), commit)
}
