// Package report renders plans and releases for people and for programs: as Markdown for GitHub's comments, as
// a commit status, as text for a terminal and as JSON. It is pure: values go in, text comes out, and the same
// input gives the same bytes.
//
// What comes from a cell, a file's name, a branch, a commit's subject or a person's name is shown as it is and
// never becomes markup, a mention, a link or a terminal's control sequence; characters that cannot be seen are
// shown as escapes.
package report
