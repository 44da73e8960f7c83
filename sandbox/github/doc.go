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
//   - Webhooks for pull_request, push, issue_comment and ping, and the API of
//     their deliveries.
//   - GitHub Apps: JSON web tokens, installations and their tokens, permissions,
//     and registering one from a manifest.
//
// It keeps state: what one request wrote, the next one reads. Rules that a
// client can trip over (status codes, limits, paging, what is computed in the
// background) are GitHub's; each cites the page that states it.
//
// Where it is simpler than GitHub: merges are three-way by whole file, so two
// changes to one file always conflict; renames are told as a removal and an
// addition; a list filter that is not implemented is refused with 501 rather
// than ignored.
package github
