package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"liveops/engine"
)

// Which job a delivery leads to says what it waits for, and what it takes the place of.
func TestDispatch(t *testing.T) {
	const (
		pull = `{"action":%q,"number":7,"pull_request":{"merged":%v}}`
		push = `{"ref":"refs/heads/%s","after":"c0ffee","repository":{"default_branch":"main"},"padding":%q,
			"commits":[{"added":["datasheets/a.xlsx","notes.txt"]},{"modified":["datasheets/a.xlsx","liveops.yaml"]}]}`
	)
	long := strings.Repeat("x", 1000)
	for _, test := range []struct{ name, event, body, want string }{
		{"opened", "pull_request", fmt.Sprintf(pull, "opened", false), `plan plan studio/game-data#7 superseded by plan: {"number":7}`},
		{"pushed to", "pull_request", fmt.Sprintf(pull, "synchronize", false), `plan plan studio/game-data#7 superseded by plan: {"number":7}`},
		{"merged", "pull_request", fmt.Sprintf(pull, "closed", true), `plan merged studio/game-data#7 superseded by : {"number":7}`},
		{"closed", "pull_request", fmt.Sprintf(pull, "closed", false), ""},
		{"labeled", "pull_request", fmt.Sprintf(pull, "labeled", false), ""},
		{"a push to the default branch", "push", fmt.Sprintf(push, "main", long),
			`plan push studio/game-data superseded by : {"branch":"main","commit":"c0ffee","subject":"","author":"","pusher":"","paths":["datasheets/a.xlsx","liveops.yaml"]}`},
		{"a push to another branch", "push", fmt.Sprintf(push, "winter", long), ""},
		{"of an older version's", "liveops.replan", `{"number":7,"try":2}`, `plan plan studio/game-data#7 superseded by plan: {"number":7,"try":2}`},
		{"another event", "star", `{}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, queue := lonely(t, `{"login":"liveops-bot"}`)
			if err := b.Dispatch(t.Context(), engine.Delivery{ID: "d", Event: test.event, Repository: "Studio/game-data", Body: []byte(test.body)}, 1); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, j := range queue.jobs {
				got += fmt.Sprintf("%s %s %s superseded by %s: %s", j.Lane, j.Kind, j.Key, j.Supersede, j.Body)
				if j.ID != "d" || j.Repository != "Studio/game-data" {
					t.Errorf("the job is %s of %s", j.ID, j.Repository)
				}
			}
			if got != test.want {
				t.Errorf("it leads to %s\nwant %s", got, test.want)
			}
		})
	}
}

// The merge's turn comes behind the plans of its pull request; what it leads to is in the lane of releases.
func TestMergeLeadsToARelease(t *testing.T) {
	b, queue := lonely(t, `{"login":"liveops-bot"}`)
	merged := engine.Job{ID: "d", Lane: engine.Plans, Key: "studio/game-data#7", Kind: "merged", Repository: repository, Body: []byte(`{"number":7}`)}
	if err := b.Do(t.Context(), merged, 1); err != nil {
		t.Fatal(err)
	}
	if len(queue.jobs) != 1 {
		t.Fatalf("it leads to %v", queue.jobs)
	}
	j := queue.jobs[0]
	if j.ID != "d" || j.Lane != engine.Releases || j.Kind != "release" || j.Key != repository || j.About != repository+"#7" || string(j.Body) != `{"number":7}` {
		t.Errorf("it leads to %+v", j)
	}
}
