package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var environments = []string{"staging", "production", "eu-west"}

// resolve reads a comment of one command.
func resolve(t *testing.T, table Table, place Place, comment string) (Command, *Error) {
	t.Helper()
	lines := Parse(comment)
	if len(lines) != 1 {
		t.Fatalf("%s has %d commands", comment, len(lines))
	}
	return table.Resolve(lines[0], place, environments)
}

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		comment, name string
		want          Command
	}{
		{"/liveops", "help", Command{}},
		{"/liveops help", "help", Command{}},
		{"/liveops HELP Rollback", "help", Command{Topic: "rollback"}},
		{"/liveops plan", "plan", Command{}},
		{"/LiveOps Plan", "plan", Command{}},
		{"／ｌｉｖｅｏｐｓ　ａｐｐｌｙ　ｐｒｏｄｕｃｔｉｏｎ", "apply", Command{Env: "production"}},
		{"/liveops apply Production", "apply", Command{Env: "production"}},
		{"/liveops apply “eu-west” <!-- by the bot -->", "apply", Command{Env: "eu-west"}},
		{"/liveops confirm", "confirm", Command{}},
		{"/liveops retry", "retry", Command{}},
		{"/liveops rollback production", "rollback", Command{Env: "production"}},
		{"/liveops rollback production 12", "rollback", Command{Env: "production", Release: 12}},
		{"/liveops rollback production #12", "rollback", Command{Env: "production", Release: 12}},
		{"/liveops rollback production １２", "rollback", Command{Env: "production", Release: 12}},
		{"/liveops rollback production --through", "rollback", Command{Env: "production", Through: true}},
		{"/liveops rollback --through production 12", "rollback", Command{Env: "production", Release: 12, Through: true}},
		{"/liveops rollback production —through", "rollback", Command{Env: "production", Through: true}},
		{"/liveops rollback production －－ｔｈｒｏｕｇｈ", "rollback", Command{Env: "production", Through: true}},
		{"/liveops promote staging production", "promote", Command{From: "staging", Env: "production"}},
		{"/liveops promote staging production drop_rate stuff drop_rate", "promote", Command{From: "staging", Env: "production", Tables: []string{"drop_rate", "stuff"}}},
		{"/liveops export production Stuff", "export", Command{Env: "production", Tables: []string{"Stuff"}}},
		{"/liveops export production -- --odd", "export", Command{Env: "production", Tables: []string{"--odd"}}},
		{"/liveops status", "status", Command{}},
		{"/liveops drift", "drift", Command{}},
		{"/liveops lock production we don't know why, `stuff` is --wrong", "lock", Command{Env: "production", Reason: "we don't know why, stuff is --wrong"}},
		{"/liveops lock production 긴급 점검", "lock", Command{Env: "production", Reason: "긴급 점검"}},
		{"/liveops lock production -- no", "lock", Command{Env: "production", Reason: "-- no"}},
		{"/liveops lock production \"a  \u202eb\"", "lock", Command{Env: "production", Reason: "a b"}},
		{"/liveops unlock production", "unlock", Command{Env: "production"}},
		{"/liveops purge plan 2013-12-Santa_cookie.v2 Production", "purge plan", Command{Purge: "2013-12-Santa_cookie.v2", Env: "production"}},
		{"/liveops Purge UNDO ｃｏｏｋｉｅ staging", "purge undo", Command{Purge: "cookie", Env: "staging"}},
		{"/liveops purge undo cookie staging User-42 'two words' User-42 `user:7`", "purge undo", Command{Purge: "cookie", Env: "staging", IDs: []string{"User-42", "two words", "user:7"}}},
		{"/liveops purge undo cookie staging —unsure user-1", "purge undo", Command{Purge: "cookie", Env: "staging", IDs: []string{"user-1"}, Unsure: true}},
		{"/liveops purge undo cookie staging --unsure -- --unsure", "purge undo", Command{Purge: "cookie", Env: "staging", IDs: []string{"--unsure"}, Unsure: true}},
		{"/liveops purge undo cookie staging -- --user", "purge undo", Command{Purge: "cookie", Env: "staging", IDs: []string{"--user"}}},
		{"/liveops push list Production", "push list", Command{Env: "production"}},
		{"/liveops push status crystals production", "push status", Command{Campaign: "crystals", Env: "production"}},
		{"/liveops Push PAUSE ｃｒｙｓｔａｌｓ staging", "push pause", Command{Campaign: "crystals", Env: "staging"}},
		{"/liveops push resume 2026-12.Crystals_v2 staging", "push resume", Command{Campaign: "2026-12.Crystals_v2", Env: "staging"}},
		{"/liveops push cancel crystals eu-west", "push cancel", Command{Campaign: "crystals", Env: "eu-west"}},
		{"/liveops push send-now crystals production", "push send-now", Command{Campaign: "crystals", Env: "production"}},
		{"/liveops push preview crystals production", "push preview", Command{Campaign: "crystals", Env: "production"}},
		{"/liveops push test crystals production", "push test", Command{Campaign: "crystals", Env: "production"}},
		{"/liveops push test crystals production QA-team", "push test", Command{Campaign: "crystals", Env: "production", List: "qa-team"}},
		{"/liveops cancel", "cancel", Command{}},
	} {
		got, err := resolve(t, Commands(), PullRequest, test.comment)
		if err != nil {
			t.Errorf("%s: %v", test.comment, err)
			continue
		}
		if got.Spec.Name != test.name {
			t.Errorf("%s is %s", test.comment, got.Spec.Name)
		}
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Command{}, "Spec")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.comment, diff)
		}
		again, err := resolve(t, Commands(), PullRequest, got.String())
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("%s is written %s, which is another command: %v\n%s", test.comment, got, err, diff)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, test := range []struct{ comment, want string }{
		{"/liveops appyl production", "there is no command `appyl`; did you mean `/liveops apply`?"},
		{"/liveops Rolback", "there is no command `Rolback`; did you mean `/liveops rollback`?"},
		{"/liveops purge run ../cookie production", "`../cookie` is not a purge's name; it is the name of its file in `purges/`, without folder and extension"},
		{"/liveops purge run cookie", "`/liveops purge run` needs ENV, an environment; write `/liveops purge run NAME ENV`"},
		{"/liveops frobnicate", "there is no command `frobnicate`; the commands are `help`, `plan`, `apply`, `confirm`, `retry`, `rollback`, `promote`, `export`, `status`, `drift`, `lock`, `unlock`, `purge plan`, `purge run`, `purge pause`, `purge resume`, `purge cancel`, `purge undo`, `purge status`, `push list`, `push status`, `push preview`, `push test`, `push pause`, `push resume`, `push cancel`, `push send-now`, `cancel`"},
		{"/liveops ''", "there is no command ``; the commands are `help`, `plan`, `apply`, `confirm`, `retry`, `rollback`, `promote`, `export`, `status`, `drift`, `lock`, `unlock`, `purge plan`, `purge run`, `purge pause`, `purge resume`, `purge cancel`, `purge undo`, `purge status`, `push list`, `push status`, `push preview`, `push test`, `push pause`, `push resume`, `push cancel`, `push send-now`, `cancel`"},
		{"/liveops help plna", "there is no command `plna`; did you mean `/liveops plan`?"},
		{"/liveops help plan apply", "there is a word too many: `apply`; write `/liveops help [COMMAND…]`"},
		{"/liveops apply", "`/liveops apply` needs ENV, an environment; write `/liveops apply ENV`"},
		{"/liveops apply prodution", "there is no environment `prodution`; did you mean `production`?"},
		{"/liveops apply moon", "there is no environment `moon`; liveops.yaml names `staging`, `production`, `eu-west`"},
		{"/liveops apply @octocat`x", "the quote at character 24 of the line, before `x`, is never closed; close it, or write a backslash before it where the sign itself is meant"},
		{"/liveops apply production now", "there is a word too many: `now`; write `/liveops apply ENV`"},
		{"/liveops plan production", "there is a word too many: `production`; write `/liveops plan`"},
		{"/liveops plan --force", "`/liveops plan` has no option `--force`; write `/liveops plan`"},
		{"/liveops rollback production --trough", "`/liveops rollback` has no option `--trough`; did you mean `--through`?"},
		{"/liveops rollback production -t", "`/liveops rollback` has no option `-t`; write `/liveops rollback ENV [RELEASE] [--through] [--keep-changed]`"},
		{"/liveops rollback production latest", "`latest` is not a release's number; `/liveops status` lists the newest releases"},
		{"/liveops rollback production 0", "`0` is not a release's number; `/liveops status` lists the newest releases"},
		{"/liveops rollback production 99999999999999999999", "`99999999999999999999` is not a release's number; `/liveops status` lists the newest releases"},
		{"/liveops rollback production 9223372036854775808", "`9223372036854775808` is not a release's number; `/liveops status` lists the newest releases"},
		{"/liveops promote staging", "`/liveops promote` needs TO, an environment; write `/liveops promote FROM TO [TABLE…]`"},
		{"/liveops promote staging staging", "`staging` is both sides; write `/liveops promote FROM TO [TABLE…]`"},
		{"/liveops export production", "`/liveops export` needs TABLE, a table; write `/liveops export ENV TABLE…`"},
		{"/liveops export production ''", "`` is not a table's name; it has 1 to 64 characters"},
		{"/liveops export production " + strings.Repeat("x", 65), "`" + strings.Repeat("x", 60) + "…` is not a table's name; it has 1 to 64 characters"},
		{"/liveops purge undo cookie staging ''", "`` is not a document's id; it has 1 to 246 bytes"},
		{"/liveops purge undo cookie staging " + strings.Repeat("x", 247), "`" + strings.Repeat("x", 60) + "…` is not a document's id; it has 1 to 246 bytes"},
		{"/liveops purge undo cookie staging" + manyIDs(101), "these are 101 documents; a comment names at most 100; say it in several comments, or leave the ids out to bring all back"},
		{"/liveops purge cancel cookie staging user-1", "there is a word too many: `user-1`; write `/liveops purge cancel NAME ENV`"},
		{"/liveops push pause crystals", "`/liveops push pause` needs ENV, an environment; write `/liveops push pause NAME ENV`"},
		{"/liveops push cancel", "`/liveops push cancel` needs NAME, a campaign's name; write `/liveops push cancel NAME ENV`"},
		{"/liveops push cancel a/b production", "`a/b` is not a campaign's name; it is the name of its file in `pushes/`, without folder and extension"},
		{"/liveops push sendnow crystals production", "there is no command `push` `sendnow`; did you mean `/liveops push send-now`?"},
		{"/liveops push test crystals production q_a", "`q_a` is not a test list; it is the name of one of `push.lists` of the environment in liveops.yaml"},
		{"/liveops push test crystals production qa dev", "there is a word too many: `dev`; write `/liveops push test NAME ENV [LIST]`"},
		{"/liveops push undo crystals production", "there is no command `push` `undo`; after it stands one of `list`, `status`, `preview`, `test`, `pause`, `resume`, `cancel`, `send-now`"},
		{"/liveops lock production", "`/liveops lock` needs REASON, a text; write `/liveops lock ENV REASON…`"},
		{"/liveops lock production ' '", "the reason is empty; say why, so that others know whom and what to ask"},
		{"/liveops lock production " + strings.Repeat("x", 501), "the reason has 501 characters; at most 500 are kept; shorten it"},
		{"/liveops lock --now production x", "`/liveops lock` has no option `--now`; write `/liveops lock ENV REASON…`"},
	} {
		if got, err := resolve(t, Commands(), PullRequest, test.comment); err == nil || err.Error() != test.want {
			t.Errorf("%s\ngot  %v, %v\nwant %s", test.comment, got, err, test.want)
		}
	}
}

func manyIDs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " user-%d", i)
	}
	return b.String()
}

func TestResolveMindsThePlace(t *testing.T) {
	for comment, want := range map[string]string{
		"/liveops plan":             "`/liveops plan` works in pull requests only",
		"/liveops apply production": "`/liveops apply` works in pull requests only",
	} {
		if _, err := resolve(t, Commands(), Issue, comment); err == nil || err.Error() != want {
			t.Errorf("%s: %v", comment, err)
		}
	}
	if _, err := resolve(t, Commands(), Issue, "/liveops lock production x"); err != nil {
		t.Error(err)
	}
	if _, err := Commands().Resolve(Line{Words: []string{"apply", "x"}}, PullRequest, nil); err == nil || err.Mend != "liveops.yaml on the default branch names none" {
		t.Error(err)
	}
	broken := &Error{Problem: "broken"}
	if _, err := Commands().Resolve(Line{Err: broken}, PullRequest, nil); err != broken {
		t.Error(err)
	}
}

func TestResolveTwoWords(t *testing.T) {
	table := append(Commands(),
		Spec{Name: "feast plan", Args: []Arg{{Name: "NAME", Kind: Text, Many: true}}, Where: Anywhere},
		Spec{Name: "feast undo", Args: []Arg{{Name: "ENV", Kind: Environment}}, Where: Issue})
	got, err := resolve(t, table, Issue, "/liveops Feast Undo staging")
	if err != nil || got.Spec.Name != "feast undo" || got.Env != "staging" || got.String() != "/liveops feast undo staging" {
		t.Errorf("%v, %v", got, err)
	}
	got, err = resolve(t, table, Issue, "/liveops help feast undo")
	if err != nil || got.Topic != "feast undo" || got.String() != "/liveops help feast undo" {
		t.Errorf("%v, %v", got, err)
	}
	for comment, want := range map[string]string{
		"/liveops feast":      "`/liveops feast` needs to know what to do; after it stands one of `plan`, `undo`",
		"/liveops feast x":    "there is no command `feast` `x`; after it stands one of `plan`, `undo`",
		"/liveops feast udno": "there is no command `feast` `udno`; did you mean `/liveops feast undo`?",
		"/liveops feas undo":  "there is no command `feas`; did you mean `/liveops feast`?",
	} {
		if _, err := resolve(t, table, Issue, comment); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", comment, err, want)
		}
	}
}

// Resolving never panics, and what it accepts it writes so that it reads the same again.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"apply production", "rollback production 12 --through", "lock staging \"a`b\" c", "export staging “a b” --", "promote staging production $x", "help plan"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		words, err := split(rest, 0)
		if err != nil {
			return
		}
		got, err := Commands().Resolve(Line{Words: words}, PullRequest, environments)
		if err != nil {
			return
		}
		words, err = split(strings.TrimPrefix(got.String(), prefix), 0)
		if err != nil {
			t.Fatalf("%q is written %q: %v", rest, got, err)
		}
		again, err := Commands().Resolve(Line{Words: words}, PullRequest, environments)
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("%q is written %q: %v\n%s", rest, got, err, diff)
		}
	})
}
