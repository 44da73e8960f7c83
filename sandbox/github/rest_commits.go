package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

func accountRoutes() []route {
	const docs = "https://docs.github.com/en/rest"
	return []route{
		{rateLimitPattern, None, docs + "/rate-limit/rate-limit", getRateLimit},
		{"GET /user", None, docs + "/users/users#get-the-authenticated-user", getUser},
		{"GET /users/{login}", None, docs + "/users/users#get-a-user", getOtherUser},
		{"GET /repos/{owner}/{repo}", Read, docs + "/repos/repos#get-a-repository", getRepo},
		{
			"GET /repos/{owner}/{repo}/collaborators/{login}/permission", Write,
			docs + "/collaborators/collaborators#get-repository-permissions-for-a-user", getPermission,
		},
	}
}

func commitRoutes() []route {
	const docs = "https://docs.github.com/en/rest"
	return []route{
		{"GET /repos/{owner}/{repo}/commits", Read, docs + "/commits/commits#list-commits", listCommits},
		{"GET /repos/{owner}/{repo}/commits/{ref...}", Read, docs + "/commits/commits#get-a-commit", getCommit},
		{"GET /repos/{owner}/{repo}/compare/{basehead...}", Read, docs + "/commits/commits#compare-two-commits", compare},
		{"GET /repos/{owner}/{repo}/branches/{branch...}", Read, docs + "/branches/branches#get-a-branch", getBranch},
	}
}

func getUser(c *call) (answer, error) {
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	if strings.HasSuffix(c.user.Login, "[bot]") { // as for an installation's token, which is no user's
		return answer{}, &APIError{Status: http.StatusForbidden, Message: "Resource not accessible by integration"}
	}
	d := c.s.userDocument(c.user).(document)
	d["name"], d["email"] = c.user.Name, c.user.Email
	return found(d)
}

func getOtherUser(c *call) (answer, error) {
	a, err := c.s.account(c.r.PathValue("login"))
	if err != nil {
		return answer{}, notFound()
	}
	d := c.s.userDocument(a).(document)
	d["name"] = a.Name
	return found(d)
}

func getRepo(c *call) (answer, error) { return found(c.repo.document(c.user)) }

// getPermission tells what a user may do: role_name is exact; permission knows
// neither maintain, which it calls write, nor triage, which it calls read. See
// https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
func getPermission(c *call) (answer, error) {
	a, err := c.s.account(c.r.PathValue("login"))
	if err != nil {
		return answer{}, notFound()
	}
	role := c.repo.permission(a)
	coarse := role
	switch role {
	case Maintain:
		coarse = Write
	case Triage:
		coarse = Read
	}
	user := c.s.userDocument(a).(document)
	user["permissions"], user["role_name"] = role.document(), role.String()
	return found(document{"permission": coarse.String(), "role_name": role.String(), "user": user})
}

// maxListedFiles is the most files that a commit or a comparison lists; see
// https://docs.github.com/en/rest/commits/commits#compare-two-commits
const maxListedFiles = 300

// getCommit also takes the paths of statuses and checks whose {ref} has a slash
// in it.
func getCommit(c *call) (answer, error) {
	for suffix, run := range map[string]func(*call) (answer, error){
		"/status": combinedStatus, "/statuses": listStatuses, "/check-runs": listCheckRuns, "/check-suites": listCheckSuites,
		"/pulls": listPullsOfCommit,
	} {
		if ref, ok := strings.CutSuffix(c.r.PathValue("ref"), suffix); ok {
			c.r.SetPathValue("ref", ref)
			return run(c)
		}
	}
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	commit, err := object.GetCommit(c.repo.git, sha)
	if err != nil {
		return answer{}, fmt.Errorf("read commit %s: %w", sha, err)
	}
	parent := plumbing.ZeroHash
	if len(commit.ParentHashes) > 0 {
		parent = commit.ParentHashes[0]
	}
	files, err := c.repo.changed(parent, sha)
	if err != nil {
		return answer{}, err
	}
	d := c.repo.commitDocument(commit)
	additions, deletions := lineTotals(files)
	d["stats"] = document{"additions": additions, "deletions": deletions, "total": additions + deletions}
	d["files"] = files[:min(len(files), maxListedFiles)]
	return found(d)
}

// listCommits lists a branch's commits, children before their parents.
func listCommits(c *call) (answer, error) {
	if err := c.refuseFilters("path", "author", "committer", "since", "until"); err != nil {
		return answer{}, err
	}
	start := c.repo.tip(defaultBranch)
	if name := c.query.Get("sha"); name != "" {
		start = c.repo.resolve(name)
	}
	if start.IsZero() && c.query.Get("sha") == "" {
		return answer{}, &APIError{Status: http.StatusConflict, Message: "Git Repository is empty."}
	}
	if start.IsZero() {
		return answer{}, notFound()
	}
	commits, err := c.repo.between(start)
	if err != nil {
		return answer{}, err
	}
	slices.Reverse(commits)
	return found(c.repo.commitDocuments(page(c, commits)))
}

// compare answers BASE...HEAD, either of which may be a branch, a tag, a commit
// or OWNER:BRANCH of a fork.
func compare(c *call) (answer, error) {
	baseName, headName, ok := strings.Cut(c.r.PathValue("basehead"), "...")
	base, head := c.repo.resolveSide(baseName), c.repo.resolveSide(headName)
	if !ok || base.IsZero() || head.IsZero() {
		return answer{}, notFound()
	}
	origin, err := c.repo.mergeBase(base, head)
	if err != nil {
		return answer{}, err
	}
	if origin.IsZero() {
		return answer{}, &APIError{
			Status:  http.StatusNotFound,
			Message: fmt.Sprintf("No common ancestor between %s and %s.", baseName, headName),
		}
	}
	ahead, err := c.repo.between(head, base)
	if err != nil {
		return answer{}, err
	}
	behind, err := c.repo.between(base, head)
	if err != nil {
		return answer{}, err
	}
	files, err := c.repo.changed(origin, head)
	if err != nil {
		return answer{}, err
	}
	d := document{
		"status": comparison(len(ahead), len(behind)), "ahead_by": len(ahead), "behind_by": len(behind),
		"total_commits": len(ahead), "commits": c.repo.commitDocuments(comparedCommits(c, ahead)),
		"url": c.repo.api("/compare/%s...%s", base, head), "html_url": c.s.url + "/" + c.repo.FullName() + "/compare/" + c.r.PathValue("basehead"),
	}
	for name, hash := range map[string]plumbing.Hash{"base_commit": base, "merge_base_commit": origin} {
		commit, err := object.GetCommit(c.repo.git, hash)
		if err != nil {
			return answer{}, fmt.Errorf("read commit %s: %w", hash, err)
		}
		d[name] = c.repo.commitDocument(commit)
	}
	if queryNumber(c, "page", 1) == 1 { // only the first page has files
		d["files"] = files[:min(len(files), maxListedFiles)]
	}
	return found(d)
}

// comparedCommits is the page that is asked for, or the newest 250 commits if
// none is. See https://docs.github.com/en/rest/commits/commits#compare-two-commits
func comparedCommits(c *call, ahead []*object.Commit) []*object.Commit {
	if c.query.Has("page") || c.query.Has("per_page") {
		return page(c, ahead)
	}
	return ahead[max(0, len(ahead)-250):]
}

func comparison(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

// resolveSide is resolve for one side of a comparison.
func (r *Repo) resolveSide(name string) plumbing.Hash {
	if !strings.Contains(name, ":") {
		return r.resolve(name)
	}
	from, branch := r.findHead(name)
	if from == nil {
		return plumbing.ZeroHash
	}
	return from.tip(branch)
}

func getBranch(c *call) (answer, error) {
	name := c.r.PathValue("branch")
	tip := c.repo.tip(name)
	if tip.IsZero() {
		return answer{}, &APIError{Status: http.StatusNotFound, Message: "Branch not found"}
	}
	commit, err := object.GetCommit(c.repo.git, tip)
	if err != nil {
		return answer{}, fmt.Errorf("read commit %s: %w", tip, err)
	}
	return found(document{
		"name": name, "commit": c.repo.commitDocument(commit), "protected": c.repo.protected[name],
		"protection_url": c.repo.api("/branches/%s/protection", name),
	})
}
