package bot_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// gitWire is the bot's way to the Git server. It counts the commits that are fetched.
type gitWire struct {
	mu    sync.Mutex
	packs int
}

func (g *gitWire) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
		g.mu.Lock()
		g.packs++
		g.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(r)
}

// fetched is how many commits were fetched since it was asked last.
func (g *gitWire) fetched() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.packs
	g.packs = 0
	return n
}

// A pull request is planned, and its merge applied, by the tables that it touches; what changed in another one besides
// is left to whoever compares everything. No commit is fetched twice for it.
func TestPullRequestOfOneTable(t *testing.T) {
	t.Parallel()
	const compared = "1 of 2 tables compared; the others are as staging's release 1 and production's release 1 left them."
	w := newWorld(t, options{})
	w.envs["staging"].exec(t, "UPDATE levels SET exp = 77 WHERE level = 3")
	w.git.fetched()
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.says(w.plan(n), "1 table changes", compared, "not: levels", "not: exp")
	if got := w.git.fetched(); got != 2 {
		t.Errorf("for the plan %d commits were fetched: the merge result and the base, which staging and production have, are 2", got)
	}
	w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", compared, "not: levels")
	w.rows(winterItems, winterItems)
	w.releases("1", "1")
	if got := w.envs["staging"].text(t, "SELECT exp FROM levels WHERE level = 3"); got != "77" {
		t.Errorf("the merge of another table changed this one: %s", got)
	}
	if got := w.git.fetched(); got != 2 {
		t.Errorf("for the merge %d commits were fetched: it and its first parent, which staging and production have, are 2", got)
	}

	touched := w.planned("levels", files{levelsPath: levels(10, 20, 30, 40)})
	w.says(w.plan(touched), "1 of 2 tables compared; the others are as staging's release 2 and production's release 2", "exp: 77 → 30")

	nothing := w.planned("note", files{"README.md": []byte("ours")})
	w.says(w.plan(nothing), "nothing to do", "None of 2 tables compared: their workbooks are those of staging's release 2 and production's release 2.")
}

// What the base holds and a release still owes is told apart also where only a part is compared.
func TestPullRequestOfOneTableOnABaseThatIsOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.commit("main", "Pushed directly", files{itemsPath: items("1 Sword B 100, 2 Bow A 251, 3 Staff C 90")})
	w.settle()
	n := w.planned("dear", files{itemsPath: items("1 Sword B 101, 2 Bow A 251, 3 Staff C 90")})
	w.says(w.plan(n), "1 of 2 tables compared", "1 of these changes is on `main` already", "price: 250 → 251", "price: 100 → 101")
	w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "It brings 2 commits", "1 of 2 tables compared")
}

// Where the environment's commit is not to be had any more, every table is compared.
func TestPullRequestOnAnEnvironmentWhoseCommitIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, statement := range []string{"UPDATE liveops_environment SET commit_id = REPEAT('d', 40)", "UPDATE liveops_releases SET commit_id = REPEAT('d', 40)",
		"UPDATE levels SET exp = 77 WHERE level = 3"} {
		w.envs["staging"].exec(t, statement)
	}
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.says(w.plan(n), "exp: 77 → 30", "1 of 2 tables compared; the others are as production's release 1 left them.", "not: staging's release")
}
