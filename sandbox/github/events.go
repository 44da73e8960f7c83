package github

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// maxPushCommits is how many commits a push event lists. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
const maxPushCommits = 2048

// isHeard tells whether a webhook hears of the repository; of a fork it does not.
func (r *Repo) isHeard() bool { return r.parent == nil && r.s.hook != nil }

// fire sends an event of the repository.
func (r *Repo) fire(event string, sender *account, payload document) {
	if !r.isHeard() {
		return
	}
	payload["repository"] = r.document(nil)
	payload["sender"] = r.s.userDocument(sender)
	r.s.fire(event, payload)
}

// fire sends a pull_request event. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
func (p *pull) fire(action string, sender *account, extra document) {
	payload := document{"action": action, "number": p.number, "pull_request": p.full()}
	maps.Copy(payload, extra)
	p.repo.fire("pull_request", sender, payload)
}

// fire sends an issues event; of a pull request, for its labels, a pull_request
// event. See https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues
func (i *issue) fire(action string, sender *account, extra document) {
	if i.pull != nil {
		i.pull.fire(action, sender, extra)
		return
	}
	payload := document{"action": action, "issue": i.document()}
	maps.Copy(payload, extra)
	i.repo.fire("issues", sender, payload)
}

// fire sends an issue_comment event. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
func (c *comment) fire(action string, sender *account, extra document) {
	payload := document{"action": action, "issue": c.issue.document(), "comment": c.document()}
	maps.Copy(payload, extra)
	c.issue.repo.fire("issue_comment", sender, payload)
}

// firePush sends the event of a moved branch or tag; it is called before the move. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
func (r *Repo) firePush(m move) error {
	if !r.isHeard() {
		return nil
	}
	forced, err := r.isForced(m)
	if err != nil {
		return err
	}
	commits, err := r.pushedCommits(m)
	if err != nil {
		return err
	}
	payload := document{
		"ref": m.ref.String(), "before": m.before.String(), "after": m.after.String(), "base_ref": nil,
		"created": m.before.IsZero(), "deleted": m.after.IsZero(), "forced": forced,
		"compare": fmt.Sprintf("%s/%s/compare/%.12s...%.12s", r.s.url, r.FullName(), m.before, m.after),
		"pusher":  document{"name": m.by.Login, "email": m.by.Email},
		"commits": commits, "head_commit": nil,
	}
	if tip := r.peel(m.after); !tip.IsZero() {
		c, err := object.GetCommit(r.git, tip)
		if err != nil {
			return fmt.Errorf("read commit %s: %w", tip, err)
		}
		if payload["head_commit"], err = r.pushedCommit(c); err != nil {
			return err
		}
	}
	r.fire("push", m.by, payload)
	return nil
}

// isForced tells whether a move loses commits of a branch.
func (r *Repo) isForced(m move) (bool, error) {
	if m.before.IsZero() || m.after.IsZero() || !m.ref.IsBranch() {
		return false, nil
	}
	kept, err := r.isAncestor(m.before, m.after)
	return !kept, err
}

// pushedCommits are the commits that a move brings to a branch, oldest first;
// for a new branch those that no other branch has.
func (r *Repo) pushedCommits(m move) ([]document, error) {
	list := []document{}
	if !m.ref.IsBranch() {
		return list, nil
	}
	known := []plumbing.Hash{m.before}
	if m.before.IsZero() {
		for _, branch := range r.branches() {
			known = append(known, r.tip(branch))
		}
	}
	commits, err := r.between(m.after, known...)
	if err != nil {
		return nil, err
	}
	for _, c := range commits[max(0, len(commits)-maxPushCommits):] {
		d, err := r.pushedCommit(c)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// pushedCommit is a commit as a push event shows it, with the paths that it
// changed against its first parent.
func (r *Repo) pushedCommit(c *object.Commit) (document, error) {
	parent := plumbing.ZeroHash
	if len(c.ParentHashes) > 0 {
		parent = c.ParentHashes[0]
	}
	files, err := r.changed(parent, c.Hash)
	if err != nil {
		return nil, err
	}
	paths := map[string][]string{"added": {}, "removed": {}, "modified": {}}
	for _, f := range files {
		paths[f.Status] = append(paths[f.Status], f.Filename)
	}
	return document{
		"id": c.Hash.String(), "tree_id": c.TreeHash.String(), "message": c.Message, "timestamp": stamp(c.Committer.When),
		"distinct": !r.isKnown(c.Hash), "url": r.commitURL(c.Hash),
		"author": r.pushUser(c.Author), "committer": r.pushUser(c.Committer),
		"added": paths["added"], "removed": paths["removed"], "modified": paths["modified"],
	}, nil
}

// isKnown tells whether a commit is on some branch already.
func (r *Repo) isKnown(commit plumbing.Hash) bool {
	return slices.ContainsFunc(r.branches(), func(branch string) bool {
		known, err := r.isAncestor(commit, r.tip(branch))
		return err == nil && known
	})
}

func (r *Repo) pushUser(s object.Signature) document {
	d := document{"name": s.Name, "email": s.Email}
	if a := r.s.byEmail(s.Email); a != nil {
		d["username"] = a.Login
	}
	return d
}
