//go:build !race

package release_test

// raced says that the race detector looks on, which makes each row ten times as dear.
const raced = false
