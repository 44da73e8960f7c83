package action_test

import (
	"os"
	"path/filepath"
	"testing"

	"liveops/bot/action"
)

const withCommands = config + "permissions: {plan: [write], export: [write], lock: [maintain]}\ndrift: {schedule: \"0 9 * * *\"}\n"

// comment is the run of a comment, and the answer to it.
func (w *world) comment(n int, who, body string) (result, string) {
	w.Helper()
	_, err := w.repo.AddComment(n, who, body)
	w.must(err)
	r := w.run("issue_comment", w.last("issue_comment", "created"))
	comments := w.repo.Comments(n)
	return r, comments[len(comments)-1].Body
}

// Commands are answered on the pull request and in the summary; what an export comes to is an artifact.
func TestCommands(t *testing.T) {
	w := newWorld(t, withCommands)
	n, r := w.pull("winter", files{itemsPath: items(newItems)})
	r.well()
	r, answer := w.comment(n, "mina", "/liveops lock production no")
	r.well()
	w.says(answer, "**✗ Not done.**", "`mina` has the role write; lock needs maintain")
	w.says(r.summary, "lock needs maintain")
	r, answer = w.comment(n, "jun", "/liveops status")
	r.well()
	w.says(answer, "| staging |", "| production |")

	_, err := w.dbs["production"].Exec("UPDATE items SET price = 7 WHERE id = 1")
	w.must(err)
	r, answer = w.comment(n, "jun", "/liveops export production items")
	r.well()
	w.says(answer, "1 changed workbook, as an artifact of this workflow run", itemsPath)
	if b, err := os.ReadFile(filepath.Join(r.artifacts, filepath.FromSlash(itemsPath))); err != nil || len(b) == 0 {
		t.Errorf("the workbook: %d bytes, %v", len(b), err)
	}
	if pulls := w.repo.Pulls(); len(pulls) != 1 {
		t.Errorf("%d pull requests, want no new one", len(pulls))
	}
}

// A run that looks for drift releases nothing, and opens the issue.
func TestDrift(t *testing.T) {
	w := newWorld(t, withCommands)
	n, r := w.pull("winter", files{itemsPath: items(newItems)})
	r.well()
	w.merge(n)
	_, err := w.dbs["production"].Exec("UPDATE items SET price = 7 WHERE id = 1")
	w.must(err)
	w.run("schedule", []byte("{}"), func(o *action.Options) { o.Drift = true }).well()
	issues := w.repo.Issues()
	if len(issues) != 1 {
		t.Fatalf("issues: %+v", issues)
	}
	w.says(issues[0].Title+issues[0].Body, "production differs from its commit", "price: 7 → 100")
	w.has("production", "0", "1 Sword 7, 2 Bow 250")
}
