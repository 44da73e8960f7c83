package action_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"liveops/bot/action"
	"liveops/datasheets/xlsx"
	"liveops/sandbox/github"
)

func TestPlan(t *testing.T) {
	w := newWorld(t, config)
	n, r := w.pull("winter", files{itemsPath: items("1 Sword 110, 2 Bow 250")})
	r.well()
	comments := w.comments(n, "<!-- liveops:plan -->")
	if len(comments) != 1 {
		t.Fatalf("%d comments, want 1", len(comments))
	}
	w.says(comments[0], "price: 100 → 110", "staging", "production")
	_, said, _ := strings.Cut(comments[0], "\n")
	w.says(r.summary, strings.TrimSpace(said), "not: <!-- liveops")
	w.says(r.output, "changed=true\n", "artifacts=false\n")
	if d := r.digests(); len(d["staging"]) < 16 || len(d["production"]) < 16 || len(d) != 2 {
		t.Errorf("digests: %v", d)
	}
	if wrong := r.commands("error", "warning"); len(wrong) > 0 {
		t.Errorf("annotations: %v", wrong)
	}
	w.says(strings.Join(r.commands("group"), "\n"), "::group::liveops at work", "::group::Plan of #"+strconv.Itoa(n))

	_, err := w.repo.Commit("winter", "Better", "mina", files{itemsPath: items(newItems)})
	w.must(err)
	r = w.run("pull_request", w.last("pull_request", "synchronize"))
	r.well()
	if comments = w.comments(n, "<!-- liveops:plan -->"); len(comments) != 1 {
		t.Fatalf("%d comments, want the one of before", len(comments))
	}
	w.says(comments[0], "price: 100 → 120", "not: 110")

	none := w.planned("readme", files{"README.md": []byte("hello")})
	r = w.run("pull_request", w.last("pull_request", "opened"))
	w.says(r.output, "changed=false\n")
	w.repo.ClosePull(none, "mina")
	r = w.run("pull_request", w.last("pull_request", "closed"))
	r.well()
	w.says(r.summary, "closed without a merge")
	w.has("staging", "0", firstItems)
}

// Problems are annotations at their files; of more than GitHub shows, the summary says how many there are.
func TestProblems(t *testing.T) {
	w := newWorld(t, config)
	sheet := xlsx.Sheet{Name: "items", Header: []string{"id", "name", "price"}, Rows: [][]any{{1, "100%,\n::error::x", "dear"}}}
	_, r := w.pull("broken", files{itemsPath: workbook(sheet), "liveops.yaml": []byte(config + "colour: blue\n")})
	r.ill()
	all := strings.Join(r.commands("error"), "\n")
	w.says(all, "::error file=datasheets/items.xlsx,line=1,title=items.xlsx › items › C2::", "::error file=liveops.yaml,line=5,col=1,title=liveops.yaml%3A5%3A1::")
	if n := len(r.commands("error")); n != 2 {
		t.Errorf("%d annotations, want 2:\n%s", n, all)
	}
	w.says(r.summary, "2 problems to fix", "not: have no annotation")

	sheet.Rows = nil
	for i := range 14 {
		sheet.Rows = append(sheet.Rows, []any{i, "Bow", "dear"})
	}
	_, r = w.pull("more", files{itemsPath: workbook(sheet)})
	r.ill()
	if n := len(r.commands("error")); n != 10 {
		t.Errorf("%d annotations, want 10", n)
	}
	w.says(r.summary, "4 more problems have no annotation")
	w.says(strings.Join(r.commands("group"), "\n"), "::group::4 more problems")
}

func TestMerge(t *testing.T) {
	for _, event := range []string{"push", "pull_request"} {
		t.Run(event, func(t *testing.T) {
			w := newWorld(t, config)
			n := w.planned("winter", files{itemsPath: items(newItems)})
			other := w.planned("levels", files{levelsPath: levels(10, 21)})
			merged := w.merge(n)
			payload := w.last("push", "")
			if event == "pull_request" {
				payload = w.last("pull_request", "closed")
			}
			r := w.run(event, payload)
			r.well()
			w.says(w.told(n), "is live in staging and production", merged[:8])
			w.says(r.summary, "is live in staging and production", "Planned anew", "#"+strconv.Itoa(other), "not: exp")
			w.says(r.output, "changed=true\n", "owed=[]\n")
			w.has("staging", "1", newItems)
			w.has("production", "1", newItems)
			if len(w.repo.CommitComments(merged)) > 0 {
				t.Error("the merge is told as a direct push")
			}

			r = w.run("schedule", []byte(`{"schedule": "0 9 * * *"}`))
			r.well()
			w.says(r.summary, "have every merge of main already")
			w.says(r.output, "changed=false\n")
			w.has("staging", "1", newItems)
		})
	}
}

// GitHub cancels a waiting run for a newer one: that brings what the cancelled one should have.
func TestCancelledRun(t *testing.T) {
	w := newWorld(t, config)
	first := w.planned("winter", files{itemsPath: items(newItems)})
	second := w.planned("levels", files{levelsPath: levels(10, 21)})
	w.merge(first) // its run is cancelled
	w.merge(second)
	w.pushed().well()
	for _, n := range []int{first, second} {
		w.says(w.told(n), "is live in staging and production", "not: It brings")
	}
	w.has("staging", "2", newItems)
	w.has("production", "2", newItems)
}

// A direct push on top of merges that are owed does not hide them.
func TestDirectPush(t *testing.T) {
	w := newWorld(t, config)
	n := w.planned("winter", files{itemsPath: items(newItems)})
	w.merge(n)
	sha, err := w.repo.Commit("main", "In a hurry", "jun", files{levelsPath: levels(10, 21)})
	w.must(err)
	r := w.pushed()
	r.well()
	w.says(w.told(n), "is live in staging and production")
	w.says(r.summary, "is live in staging and production", "directly")
	w.says(strings.Join(r.commands("warning"), "\n"), "::warning title=liveops%3A a direct push::")
	if len(w.repo.CommitComments(sha)) != 1 {
		t.Error("the direct push is not told on its commit")
	}
	w.has("staging", "1", newItems)
}

// A job for each environment, as with GitHub's environments.
func TestOneEnvironment(t *testing.T) {
	w := newWorld(t, config)
	n := w.planned("winter", files{itemsPath: items(newItems)})
	w.merge(n)
	r := w.pushed(only("production"))
	r.ill()
	w.says(r.summary, "staging has not taken this commit yet")
	w.says(strings.Join(r.commands("error"), "\n"), "::error title=liveops%3A production stopped::Staging has not taken this commit yet")
	w.has("production", "0", firstItems)

	r = w.pushed(only("staging"))
	r.well()
	w.says(r.output, "owed=[\"production\"]\n")
	w.says(w.told(n), "is live in staging, more to come")
	w.has("staging", "1", newItems)
	w.has("production", "0", firstItems)

	// The run that would have gone on to production is cancelled for one with another merge.
	second := w.planned("levels", files{levelsPath: levels(10, 21)})
	w.merge(second)
	w.pushed(only("staging")).well()
	w.says(w.told(second), "is live in staging, more to come")
	w.pushed(only("production")).well()
	for _, n := range []int{n, second} {
		w.says(w.told(n), "is live in staging and production")
	}
	w.has("production", "2", newItems) // each by the plan that its own pull request showed
	w.says(w.run("workflow_dispatch", []byte("{}"), only("production")).summary, "Production has every merge of main already")

	r = w.run("workflow_dispatch", []byte("{}"), only("qa"))
	r.ill()
	w.says(r.summary, "names no environment of `liveops.yaml`")
}

// The required reviewers of GitHub's environment give the approval that liveops.yaml asks for.
func TestApprovedByEnvironment(t *testing.T) {
	w := newWorld(t, withPeople)
	first := w.repo.Tip("main")
	n := w.planned("winter", files{itemsPath: items(newItems)})
	w.merge(n)
	w.pushed(only("staging")).well()
	waits := func(change ...func(*action.Options)) result {
		t.Helper()
		r := w.pushed(append(change, only("production"))...)
		r.ill()
		w.says(w.told(n), "waits at production")
		w.says(strings.Join(r.commands("warning"), "\n"), "::warning title=liveops%3A production waits::")
		w.has("production", "0", firstItems)
		return r
	}
	w.says(waits().summary, "not: required reviewers")
	w.says(waits(approvals).summary, "nobody approved this workflow run", "required reviewers")
	w.must(w.repo.ReviewRun(runID, "staging", "jun", true))
	w.must(w.repo.ReviewRun(runID, "production", "jun", false))
	w.must(w.repo.ReviewRun(runID+1, "production", "jun", true))
	w.says(waits(approvals).summary, "nobody approved this workflow run")
	w.must(w.repo.ReviewRun(runID, "Production", "mina", true))
	w.says(waits(approvals).summary, "mina", "opened this pull request")

	w.must(w.repo.ReviewRun(runID, "Production", "jun", true))
	w.says(waits().summary, "not: nobody") // without the flag it does not count
	earlier := func(o *action.Options) { o.Commit = first }
	w.says(waits(approvals, earlier).summary, "is of `"+first[:8]+"`, which has not this merge")
	w.pushed(approvals, only("production")).well()
	w.has("production", "1", newItems)
	all, err := w.stores["production"].Confirmations(t.Context(), repository, n)
	if err != nil || len(all) != 1 || all[0].By != "jun" {
		t.Errorf("confirmations: %+v, %v", all, err)
	}
}

// A run for a fork's pull request has no secrets: it says so, and asks nobody anything.
func TestFork(t *testing.T) {
	w := newWorld(t, config)
	fork, err := w.repo.Fork("stranger")
	w.must(err)
	_, err = fork.Commit("gift", "A gift", "stranger", files{itemsPath: items(newItems)})
	w.must(err)
	n, err := w.repo.OpenPull(github.NewPull{Title: "A gift", Head: "stranger:gift", Author: "stranger"})
	w.must(err)
	w.wire.asked = nil
	r := w.run("pull_request", w.last("pull_request", "opened"))
	r.well()
	w.says(r.summary, "from a fork", "`/liveops plan`")
	w.says(strings.Join(r.commands("notice"), "\n"), "::notice title=liveops::The pull request is from a fork")
	w.says(r.output, "changed=false\n", "digests={}\n")
	if len(w.wire.asked) > 0 || len(w.repo.Comments(n)) > 0 {
		t.Errorf("GitHub was asked: %v", w.wire.asked)
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t, config)
	n := w.planned("winter", files{itemsPath: items(newItems)})
	opened := string(w.last("pull_request", "opened"))
	_, err := w.repo.AddComment(n, "mina", "Nice.")
	w.must(err)
	for _, test := range []struct {
		event, payload string
		refused        string // in the error
		says           string // in the summary
	}{
		{"pull_request_target", opened, "is refused", ""},
		{"merge_group", "{}", "none that liveops handles", ""},
		{"pull_request", `{"action": "opened"}`, "names no pull request", ""},
		{"pull_request", `[`, "read the pull_request event", ""},
		{"push", `{"ref": "refs/heads/main"}`, "names no default branch", ""},
		{"pull_request", strings.Replace(opened, `"action":"opened"`, `"action":"labeled"`, 1), "", "when a pull request is `labeled`"},
		{"push", string(w.last("push", "")), "", "not to the default branch"},
		{"issue_comment", string(w.last("issue_comment", "created")), "", "nothing to do"},
	} {
		r := w.run(test.event, []byte(test.payload))
		if test.refused == "" {
			r.well()
			w.says(r.summary, test.says)
		} else if r.err == nil || !strings.Contains(r.err.Error(), test.refused) {
			t.Errorf("%s: %v, want %q", test.event, r.err, test.refused)
		}
		var wrong *action.EventError
		if errors.As(r.err, &wrong) != (test.event == "pull_request_target" || test.event == "merge_group") {
			t.Errorf("%s: %v", test.event, r.err)
		}
	}
}

// What fails is tried again a few times; then the run says that it was not done, and why.
func TestGivenUp(t *testing.T) {
	w := newWorld(t, config)
	w.github.FailNext("POST", "/repos/*/*/statuses/*", http.StatusBadGateway, nil, 2)
	n := w.planned("winter", files{itemsPath: items("1 Sword 110, 2 Bow 250")})

	w.down["production"] = true
	_, err := w.repo.Commit("winter", "Better", "mina", files{itemsPath: items(newItems)})
	w.must(err)
	r := w.run("pull_request", w.last("pull_request", "synchronize"))
	r.ill()
	w.says(strings.Join(w.comments(n, "<!-- liveops:plan -->"), ""), "cannot be reached")
	w.says(r.summary, "**Not done** (`studio/game-data#1`): The database of production cannot be reached", "price: 100 → 120")
	w.says(strings.Join(r.commands("error"), "\n"), "The database of production cannot be reached")

	w.down["production"] = false
	w.run("pull_request", w.last("pull_request", "synchronize")).well()
	w.merge(n)
	w.down["production"] = true
	r = w.pushed()
	r.ill()
	w.says(r.summary, "**Not done**", "The database of production cannot be reached")
	w.says(r.output, "owed=[\"staging\",\"production\"]\n")
	w.down["production"] = false
	w.pushed().well()
	w.has("production", "1", newItems)

	delete(w.stores, "production")
	_, r = w.pull("readme", files{"README.md": []byte("hello")})
	r.ill()
	r = w.run("schedule", []byte("{}"))
	r.ill()
	w.says(r.summary, "LIVEOPS_PRODUCTION_MYSQL_DSN")
}

// What a comment has no room for is a page in the artifact, and the summary names it.
func TestArtifact(t *testing.T) {
	w := newWorld(t, config)
	var rows []string
	for i := range 4000 {
		rows = append(rows, strconv.Itoa(i)+" A-rather-long-name-of-an-item-of-the-game "+strconv.Itoa(i))
	}
	n, r := w.pull("many", files{itemsPath: items(strings.Join(rows, ", "))})
	r.well()
	page := "plan-" + strconv.Itoa(n) + ".html"
	b, err := os.ReadFile(filepath.Join(r.artifacts, page))
	if err != nil || !strings.Contains(string(b), "3999") {
		t.Errorf("the page: %d bytes, %v", len(b), err)
	}
	w.says(r.summary, "In the artifact: `"+page+"`")
	w.says(r.output, "artifacts=true\n")
	w.merge(n)
	r = w.pushed()
	r.well()
	if _, err := os.Stat(filepath.Join(r.artifacts, "release-"+strconv.Itoa(n)+".html")); err != nil {
		t.Error(err)
	}
}
