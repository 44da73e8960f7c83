package bot_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
	"liveops/sandbox/github"
	"liveops/sync/release"
)

// phones are the environments' push tokens, in their MySQL.
type phones struct {
	*world
	mu    sync.Mutex
	open  map[string]*audience.Store
	unset bool // the process is not told where they are
}

func newPhones(t *testing.T) *phones {
	p := &phones{open: map[string]*audience.Store{}}
	t.Cleanup(func() {
		for _, s := range p.open {
			s.DB.Close()
		}
	})
	return p
}

// store opens an environment's tokens, as the process does.
func (p *phones) store(ctx context.Context, environment string) (*audience.Store, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unset {
		return nil, &release.UnsetError{Reason: "LIVEOPS_" + strings.ToUpper(environment) + "_PUSH_DSN is not set"}
	}
	if p.open[environment] == nil {
		s, err := audience.Open(ctx, p.envs[environment].admin.FormatDSN(), patience)
		if err != nil {
			return nil, err
		}
		p.open[environment] = s
	}
	return p.open[environment], nil
}

func (p *phones) Columns(ctx context.Context, environment string, push *datarepo.Push, c *campaign.Campaign) ([]datasheets.Column, error) {
	s, err := p.store(ctx, environment)
	if err != nil {
		return nil, err
	}
	columns, err := recipients.Columns(ctx, s, c, push)
	if said := (*mysql.MySQLError)(nil); errors.As(err, &said) {
		return nil, &release.RefusedAudienceError{Err: said}
	}
	return columns, err
}

func (p *phones) Count(ctx context.Context, environment string, push *datarepo.Push, c *campaign.Campaign, at time.Time) (campaign.Counted, error) {
	s, err := p.store(ctx, environment)
	if err != nil {
		return campaign.Counted{}, err
	}
	return recipients.Count(ctx, s, c, push, at)
}

const (
	// pushLines are of production alone: staging sends nothing.
	pushLines = "    push: {tokens: {table: push_tokens, token: token, platform: platform, language: language, country: country}}\n"
	evePath   = "pushes/eve.yaml"
	eve       = "description: For Christmas.\nat: 2099-12-24T19:00\naudience: {country: [KR]}\nmessage:\n  default: {title: Hi, body: \"Hi @jun <b>\"}\n  ko: {title: 안녕, body: 안녕하세요}\n"
)

// newCampaigns is a world whose production sends campaigns to the phones of three players.
func newCampaigns(t *testing.T, more string) *world {
	t.Helper()
	w := newWorld(t, options{phones: newPhones(t), more: pushLines + more})
	w.envs["production"].exec(t, "CREATE TABLE push_tokens (token VARCHAR(64) NOT NULL, platform VARCHAR(10) NOT NULL, language VARCHAR(10), country VARCHAR(2), KEY push_order (platform, token))")
	w.envs["production"].exec(t, "INSERT INTO push_tokens VALUES ('a', 'ios', 'ko', 'KR'), ('b', 'android', 'en', 'KR'), ('c', 'android', 'en', 'US')")
	return w
}

// A pull request shows what a campaign would do in each environment that sends any, and what is wrong with it.
func TestCampaignInPullRequest(t *testing.T) {
	t.Parallel()
	w := newCampaigns(t, "")
	n := w.planned("eve", files{evePath: []byte(eve)})
	w.says(w.plan(n), "### liveops: 1 campaign changes\n", "- campaign `eve` is added in `production`; next Thu 2099-12-24 19:00 UTC, to 2 phones in about 1 s.",
		"<summary><code>eve</code> in production: times, audience, 2 messages</summary>", "What it is for: For Christmas.", "| 1 | Thu 2099-12-24 19:00 +00:00 |", "| android | 1 | 1 | 0 |",
		"@@ default, 1 phone, ", "  ┃ 안녕하세요", "not: staging`", "On merge: production at once.", "not: Reading")
	w.status(w.repo.Tip("eve"), "success", "staging nothing to do, production 1 campaign")

	w.commit("eve", "Another column", files{evePath: []byte(strings.Replace(eve, "country: [KR]", "columns: {contry: {in: [KR]}}", 1))})
	w.settle()
	w.says(w.plan(n), "1 problem", "`pushes/eve.yaml:3:22`", "the table of tokens in `production` has no column `contry`", "Did you mean `country`?")
	w.status(w.repo.Tip("eve"), "failure", "1 problem")

	w.commit("eve", "SQL", files{evePath: []byte("at: 2099-12-24T19:00\nmessage: {default: {body: Hi}}\naudience:\n  sql: SELECT token, platform FROM push_tokens FOR UPDATE\n")})
	w.settle()
	w.says(w.plan(n), "1 problem", "`sql`: an audience locks nothing")

	w.phones.mu.Lock()
	w.phones.unset = true
	w.phones.mu.Unlock()
	w.commit("eve", "As before", files{evePath: []byte(eve)})
	w.settle()
	w.says(w.plan(n), "to how many phones was not counted.", "**Not counted**: `LIVEOPS_PRODUCTION_PUSH_DSN` is not set.", "not: problem")
	w.says(w.plan(w.planned("levels", files{levelsPath: levels(10, 20, 31)})), "not: campaign")
}

// A merge releases campaigns as it does rows: to each environment in its turn, by its own commit; and not what nobody was shown.
func TestCampaignOnMerge(t *testing.T) {
	t.Parallel()
	w := newCampaigns(t, "")
	n := w.planned("eve", files{evePath: []byte(eve)})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "| staging | ✓ nothing to do |", "| production | ✓ campaigns |", "- production: campaign `eve` added", "not: - staging: campaign")
	w.status(merged, "success", "staging nothing to do, production 1 campaign")
	w.equal("production's commit", w.envs["production"].text(t, "SELECT commit_id FROM liveops_environment"), merged)
	w.says(w.plan(w.planned("same", files{"pushes/2099/eve.yaml": []byte("# moved\n" + eve), evePath: nil})), "not: campaign")

	next := w.planned("bye", files{evePath: nil, levelsPath: levels(10, 20, 31)})
	w.says(w.plan(next), "- campaign `eve` is removed from `production`: no more of its pushes are begun.", "1 table changes, 1 campaign changes")
	w.merge(next)
	w.settle()
	w.says(w.told(next), "- production: campaign `eve` removed", "| production | ✓ applied |")
}

// What waits for production waits with its campaigns, and a later pull request tells them apart from its own.
func TestCampaignWaits(t *testing.T) {
	t.Parallel()
	w := newCampaigns(t, "    requires: [approval]\n"+permissions)
	n := w.planned("eve", files{evePath: []byte(eve)})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "waits at production", ": 1 campaign.", "not: campaign `eve` added")
	next := w.planned("bye", files{"pushes/bye.yaml": []byte(eve)})
	w.says(w.plan(next), "- campaign `eve` is added in `production`. It is on `main` already, and waits for a release.", "- campaign `bye` is added in `production`; next",
		"<code>bye</code> in production", "not: <code>eve</code> in production")
	w.say(n, "jun", "/liveops apply production").done()
	w.says(w.told(n), "is live in staging and production", "- production: campaign `eve` added")
	w.equal("production's commit", w.envs["production"].text(t, "SELECT commit_id FROM liveops_environment"), merged)
	w.settle()
	w.says(w.plan(next), "not: campaign `eve`")
	w.merge(next)
	w.settle()
	w.says(w.told(next), "waits at production", "not: not the one that the pull request showed")
}

// Whoever opens a pull request from a fork does not have the tokens asked, whoever lets it be planned.
func TestCampaignOfAFork(t *testing.T) {
	t.Parallel()
	w := newCampaigns(t, permissions)
	fork, err := w.repo.Fork("stranger")
	w.must(err)
	_, err = fork.Commit("eve", "For Christmas", "stranger", files{evePath: []byte(eve)})
	w.must(err)
	n, err := w.repo.OpenPull(github.NewPull{Title: "For Christmas", Head: "stranger:eve", Author: "stranger"})
	w.must(err)
	w.settle()
	w.say(n, "jun", "/liveops plan").done("Planned anew")
	w.says(w.plan(n), "campaign `eve` is added in `production`", "**Not counted**: the tokens were not asked.", "not: | android |")
	if w.phones.open["production"] != nil {
		t.Error("the tokens were opened")
	}
}
