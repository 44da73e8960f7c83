// Package access decides who may do what: by the `permissions` of the default branch's liveops.yaml, by GitHub's
// repository roles and teams, and by CODEOWNERS. Whatever is not allowed is denied. Pure: what only GitHub knows
// is asked for through functions, and only where the answer depends on it.
package access
