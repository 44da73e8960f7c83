// Package datarepo reads the data repo: the tree of a commit or of a checkout's files as an fs.FS, how one
// commit stands to another, which files are workbooks, and liveops.yaml.
//
// What it reads was written by others: links are never followed, nothing is executed, and every file, tree
// and configuration is bounded in size.
package datarepo

import "errors"

// What a caller may decide by, found with errors.Is.
var (
	// ErrNotFound: there is no such ref or commit. A pull request's merge ref is also missing while its
	// server has not made it, and when the pull request conflicts.
	ErrNotFound = errors.New("not found")
	// ErrNoRepository: there is no repository at the URL, or none that the credentials may see.
	ErrNoRepository = errors.New("no such repository")
	// ErrUnauthorized: the server refused the credentials.
	ErrUnauthorized = errors.New("credentials refused")
	// ErrTooLarge: a pack, tree or file is over its limit.
	ErrTooLarge = errors.New("too large")
	// ErrStalled: the server sent nothing for longer than Remote.Stall.
	ErrStalled = errors.New("the server sends nothing more")
	// ErrNotRepository: a directory is not inside the work tree of a Git repository.
	ErrNotRepository = errors.New("not a git work tree")
	// ErrShallow: the history that a question needs is cut off in a shallow clone.
	ErrShallow = errors.New("the clone is shallow: run `git fetch --unshallow`")
)
