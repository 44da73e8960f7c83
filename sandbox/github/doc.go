// Package github is a stand-in GitHub for tests and for the demo: a server on
// a loopback address with real git repositories behind it, GitHub's REST API
// as far as the bot uses it, and signed webhooks. Nothing has to be installed;
// there is no git binary at run time.
//
// What it speaks:
//
//   - The smart HTTP protocol of git, version 0, at /OWNER/REPO.git: clone,
//     shallow and deepening fetch, fetch of an exact commit, push. A client that
//     asks for version 2 is answered in version 0, as git allows.
//   - REST under /api/v3 (the base URL of a GitHub Enterprise server) and,
//     the same, at the root (as at api.github.com).
//   - Webhooks for pull_request, pull_request_review, push, issues,
//     issue_comment, check_run, check_suite (rerequested) and ping; Server.Send
//     sends any other. The API of their deliveries.
//   - GitHub Apps: JSON web tokens, installations and their tokens, permissions,
//     and registering one from a manifest.
//
// REST covers pull requests and their reviews, issues, labels, comments,
// reactions, commit statuses, check runs and suites (for accounts of Apps only),
// deployments, teams and roles, branches, and git's own objects and references,
// from which commits are built without a clone. Lists are paged by the Link
// header, reads have an ETag, and requests are counted towards the hourly limit
// and, if Options.Secondary asks for them, the secondary ones.
//
// Tests act as other people by the Go methods of Server and Repo, which are
// refused what the REST API would refuse, and look at what a client did by
// others (Comments, Reactions, CheckRuns, Deployments, Issues, Reviews,
// Deliveries). FailNext, AnswerNext, LoseNext, CutNext, HoldNext, SetRemaining
// and Throttle make requests go wrong.
//
// It keeps state: what one request wrote, the next one reads. Rules that a
// client can trip over (status codes, limits, paging, what is computed in the
// background) are GitHub's; each cites the page that states it.
//
// Where it is simpler than GitHub: merges are three-way by whole file, so two
// changes to one file always conflict; renames are told as a removal and an
// addition; a list filter that is not implemented is refused with 501 rather
// than ignored. Words of a 422 that no page of GitHub's states are modelled on
// those of the same kind.
package github
