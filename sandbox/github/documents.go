package github

import (
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// document describes the repository; see
// https://docs.github.com/en/rest/repos/repos#get-a-repository
func (r *Repo) document(viewer *account) document {
	d := document{
		"id": r.id, "node_id": nodeID("Repository", r.id), "name": r.name, "full_name": r.FullName(),
		"owner": r.ownerDocument(), "private": r.private, "visibility": map[bool]string{true: "private", false: "public"}[r.private],
		"fork": r.parent != nil, "archived": false, "disabled": false, "default_branch": defaultBranch,
		"url": r.api(""), "html_url": r.s.url + "/" + r.FullName(), "clone_url": r.CloneURL(),
		"git_url":    "git:" + r.CloneURL()[len("http:"):],
		"created_at": stamp(r.created), "updated_at": stamp(r.created), "pushed_at": stamp(r.created),
		"allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": false,
	}
	if viewer != nil {
		d["permissions"] = r.permission(viewer).document()
	}
	if r.parent != nil {
		d["parent"] = r.parent.document(nil)
	}
	return d
}

// document is the permission as the flags that GitHub has for it.
func (p Permission) document() document {
	return document{
		"pull": p >= Read, "triage": p >= Triage, "push": p >= Write, "maintain": p >= Maintain, "admin": p >= Admin,
	}
}

func (r *Repo) ownerDocument() document {
	if a, err := r.s.account(r.owner); err == nil {
		return r.s.loginDocument(a.Login, a.id, "User")
	}
	return r.s.loginDocument(r.owner, r.id, "Organization")
}

// association is what the user is to the repository; see
// https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
func (r *Repo) association(a *account) string {
	switch {
	case strings.EqualFold(a.Login, r.owner):
		return "OWNER"
	case !a.Bot && r.s.isMember(r.owner, a):
		return "MEMBER"
	case r.permission(a) >= Write, r.private && r.permission(a) >= Read:
		return "COLLABORATOR"
	}
	return "NONE"
}

// api is the URL of something below the repository in the REST API.
func (r *Repo) api(format string, args ...any) string {
	return r.s.api("/repos/%s%s", r.FullName(), fmt.Sprintf(format, args...))
}

// simple is the pull request as lists and other documents show it: without what
// takes work to know, mergeable above all. See
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
func (p *pull) simple() document {
	s := p.repo.s
	d := document{
		"id": p.id, "node_id": nodeID("PullRequest", p.id), "number": p.number, "state": p.state, "locked": false,
		"title": p.title, "body": p.body, "draft": p.draft, "user": s.userDocument(p.author),
		"author_association": p.repo.association(p.author), "labels": p.repo.labelDocuments(p.labels), "assignees": []any{}, "requested_reviewers": []any{},
		"created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed), "merged_at": stamp(p.merged),
		"head": p.head.repo.sideDocument(p.head.branch, p.head.sha), "base": p.repo.sideDocument(p.base, p.baseSHA),
		"url": p.repo.api("/pulls/%d", p.number), "html_url": p.htmlURL(), "diff_url": p.htmlURL() + ".diff", "patch_url": p.htmlURL() + ".patch",
		"issue_url":    p.repo.api("/issues/%d", p.number),
		"comments_url": p.repo.api("/issues/%d/comments", p.number),
		"statuses_url": p.repo.api("/statuses/%s", p.head.sha),
		"commits_url":  p.repo.api("/pulls/%d/commits", p.number),
	}
	d["merge_commit_sha"] = nil
	if !p.mergeCommit.IsZero() {
		d["merge_commit_sha"] = p.mergeCommit.String()
	}
	return d
}

// full is the pull request by itself. See
// https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
func (p *pull) full() document {
	d := p.simple()
	d["merged"] = !p.merged.IsZero()
	d["merged_by"] = p.repo.s.userDocument(p.mergedBy)
	d["mergeable"] = p.mergeable // null while it is being worked out
	d["mergeable_state"] = p.mergeableState()
	d["rebaseable"] = nil
	d["comments"] = len(p.repo.commentsOf(p.number))
	d["maintainer_can_modify"] = false
	if commits, err := p.repo.between(p.head.sha, p.baseSHA); err == nil {
		d["commits"] = len(commits)
	}
	if files, err := p.repo.changedSince(p.baseSHA, p.head.sha); err == nil {
		d["changed_files"] = len(files)
		d["additions"], d["deletions"] = lineTotals(files)
	}
	return d
}

// sideDocument is the head or the base of a pull request.
func (r *Repo) sideDocument(branch string, sha plumbing.Hash) document {
	return document{
		"label": r.owner + ":" + branch, "ref": branch, "sha": sha.String(),
		"user": r.ownerDocument(), "repo": r.document(nil),
	}
}

// document describes the issue, or the pull request as the issue that it also
// is: "pull_request" is there for one only. See
// https://docs.github.com/en/rest/issues/issues#get-an-issue
func (i *issue) document() document {
	s := i.repo.s
	d := document{
		"id": i.id, "node_id": nodeID("Issue", i.id), "number": i.number, "state": i.state, "title": i.title, "body": i.body,
		"user": s.userDocument(i.author), "labels": i.repo.labelDocuments(i.labels), "locked": false, "assignees": []any{},
		"author_association": i.repo.association(i.author), "closed_by": s.userDocument(i.closedBy), "state_reason": nil,
		"comments":   len(i.repo.commentsOf(i.number)),
		"created_at": stamp(i.created), "updated_at": stamp(i.updated), "closed_at": stamp(i.closed),
		"url": i.repo.api("/issues/%d", i.number), "html_url": i.htmlURL(),
		"repository_url": i.repo.api(""), "comments_url": i.repo.api("/issues/%d/comments", i.number),
		"performed_via_github_app": s.appDocument(i.author),

		"reactions": i.repo.reactionSummary(i.id, i.repo.api("/issues/%d", i.number)),
	}
	if i.reason != "" {
		d["state_reason"] = i.reason
	}
	if p := i.pull; p != nil {
		d["draft"] = p.draft
		d["pull_request"] = document{
			"url": i.repo.api("/pulls/%d", i.number), "html_url": i.htmlURL(), "merged_at": stamp(p.merged),
		}
	}
	return d
}
