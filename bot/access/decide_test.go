package access

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestDecide(t *testing.T) {
	permissions := permissionsOf(t, map[string][]string{
		"plan":     {"write"},
		"rollback": {"maintain", "@studio/liveops", "@mina"},
		"apply":    {"codeowners"},
		"export":   {"@studio/liveops", "codeowners"},
		"lock":     {},
	})
	owners, _ := ParseOwners([]byte("*.xlsx @Jun\n/datasheets/shop.xlsx @studio/shop\nsecret.xlsx\nmail.xlsx jun@studio.example\n"))
	const items, shop = "datasheets/items.xlsx", "datasheets/shop.xlsx"
	for _, test := range []struct {
		name    string
		action  string
		who     Who
		touched []string
		asked   []string // teams
		allowed bool
		want    string
	}{
		{"the role", "plan", Who{Login: "jun", Role: Write}, nil, nil, true, "jun has the role write"},
		{"a higher role", "plan", Who{Login: "jun", Role: Maintain}, nil, nil, true, "jun has the role maintain"},
		{"a lower role", "plan", Who{Login: "jun", Role: Triage}, nil, nil, false, "jun has the role triage; plan needs write"},
		{"no role", "plan", Who{Login: "jun"}, nil, nil, false, "jun has no role in this repository; plan needs write"},
		{"a role asks about no team", "rollback", Who{Login: "jun", Role: Admin}, nil, nil, true, "jun has the role admin"},
		{"a login, in another case", "rollback", Who{Login: "Mina", Role: Read}, nil, nil, true, "Mina is named for it"},
		{"a team", "rollback", Who{Login: "on-call", Role: Write}, nil, []string{"studio/liveops"}, true, "on-call is a member of @studio/liveops"},
		{"not in the team", "rollback", Who{Login: "jun", Role: Write}, nil, []string{"studio/liveops"}, false, "jun has the role write; rollback needs maintain, a member of @studio/liveops or @mina"},
		{"named with an empty list", "lock", Who{Login: "jun", Role: Maintain}, nil, nil, false, "jun has the role maintain; lock needs admin"},
		{"not named", "purge", Who{Login: "jun", Role: Maintain}, nil, nil, false, "jun has the role maintain; purge needs admin"},
		{"not named, an admin", "purge", Who{Login: "jun", Role: Admin}, nil, nil, true, "jun has the role admin"},
		{"admins are not in what is named", "apply", Who{Login: "boss", Role: Admin}, []string{items}, nil, false, "boss has the role admin, and is no owner of datasheets/items.xlsx (owned by @Jun); apply needs an owner of every touched file by CODEOWNERS"},
		{"a bot", "plan", Who{Login: "renovate", Bot: true, Role: Admin}, nil, nil, false, "renovate is a bot, and bots may do nothing"},
		{"a bot by its name", "plan", Who{Login: "liveops[bot]", Role: Admin}, nil, nil, false, "liveops[bot] is a bot, and bots may do nothing"},
		{"nobody", "plan", Who{Role: Admin}, nil, nil, false, "an unknown account may do nothing"},
		{"an owner", "apply", Who{Login: "jun", Role: Write}, []string{items, "a.xlsx"}, nil, true, "jun is an owner of every touched file by CODEOWNERS"},
		{"an owner who may not write", "apply", Who{Login: "jun", Role: Read}, []string{items}, nil, false, "jun has the role read, and an owner must have the role write; apply needs an owner of every touched file by CODEOWNERS"},
		{"an owner of one file of two", "apply", Who{Login: "jun", Role: Write}, []string{items, shop}, []string{"studio/shop"}, false, "jun has the role write, and is no owner of datasheets/shop.xlsx (owned by @studio/shop); apply needs an owner of every touched file by CODEOWNERS"},
		{"an owner by team", "apply", Who{Login: "shopper", Role: Write}, []string{shop, shop}, []string{"studio/shop"}, true, "shopper is an owner of every touched file by CODEOWNERS"},
		{"a file without an owner", "apply", Who{Login: "jun", Role: Write}, []string{"secret.xlsx"}, nil, false, "jun has the role write, and is no owner of secret.xlsx (it has none); apply needs an owner of every touched file by CODEOWNERS"},
		{"a file that no line matches", "apply", Who{Login: "jun", Role: Write}, []string{"liveops.yaml"}, nil, false, "jun has the role write, and is no owner of liveops.yaml (it has none); apply needs an owner of every touched file by CODEOWNERS"},
		{"an owner by e-mail", "apply", Who{Login: "jun", Role: Write}, []string{"mail.xlsx"}, nil, false, "jun has the role write, and is no owner of mail.xlsx (owned by jun@studio.example, an e-mail address, which cannot be matched to an account); apply needs an owner of every touched file by CODEOWNERS"},
		{"no file", "apply", Who{Login: "jun", Role: Write}, nil, nil, false, "jun has the role write, and no file is touched that could be owned; apply needs an owner of every touched file by CODEOWNERS"},
		{"a team or an owner", "export", Who{Login: "jun", Role: Write}, []string{items}, []string{"studio/liveops"}, true, "jun is an owner of every touched file by CODEOWNERS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			test.who.Member = func(team string) (bool, error) {
				asked = append(asked, team)
				return test.who.Login == "on-call" || test.who.Login == "shopper", nil
			}
			d, err := permissions.Decide(test.action, test.who, Files{owners, test.touched})
			if err != nil || d.Allowed != test.allowed || d.String() != test.want {
				t.Errorf("got  %v %s, %v\nwant %v %s", d.Allowed, d, err, test.allowed, test.want)
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("asked about the teams %q, want %q", asked, test.asked)
			}
		})
	}
}

func TestDecideWithoutAnswers(t *testing.T) {
	permissions := permissionsOf(t, map[string][]string{"apply": {"@studio/a", "@studio/b", "codeowners"}})
	owners, _ := ParseOwners([]byte("* @STUDIO/A"))
	broken := errors.New("502")
	asked := 0
	member := func(team string) (bool, error) {
		asked++
		if team == "studio/b" {
			return true, nil
		}
		return false, broken
	}
	d, err := permissions.Decide("apply", Who{Login: "jun", Role: Write, Member: member}, Files{})
	if err != nil || !d.Allowed {
		t.Errorf("the other team allows: %s, %v", d, err)
	}
	asked = 0
	permissions["apply"] = slices.Delete(permissions["apply"], 1, 2)
	d, err = permissions.Decide("apply", Who{Login: "jun", Role: Write, Member: member}, Files{owners, []string{"a"}})
	if !errors.Is(err, broken) || d.Allowed || asked != 1 {
		t.Errorf("%s, %v, asked %d times", d, err, asked)
	}
	d, err = permissions.Decide("apply", Who{Login: "jun", Role: Write}, Files{nil, []string{"a"}})
	if err != nil || d.Allowed || !strings.HasPrefix(d.String(), "jun has the role write, and there is no CODEOWNERS; apply needs a member of @studio/a or ") {
		t.Errorf("%s, %v", d, err)
	}
	if d, err := Permissions(nil).Decide("plan", Who{Login: "jun", Role: Maintain}, Files{}); d.Allowed || err != nil {
		t.Errorf("without permissions: %s, %v", d, err)
	}
}

func permissionsOf(t *testing.T, texts map[string][]string) Permissions {
	t.Helper()
	p, err := ParsePermissions(texts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNeeded(t *testing.T) {
	p := permissionsOf(t, map[string][]string{"lock": {"maintain", "@mina"}})
	if p.Needed("lock") != "maintain or @mina" || p.Needed("push") != "admin" {
		t.Errorf("%q, %q", p.Needed("lock"), p.Needed("push"))
	}
}

// datarepo checks grants where they are written; both read them alike.
func TestGrants(t *testing.T) {
	b, err := os.ReadFile("../../datarepo/testdata/grants.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		verdict, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		g, err := ParseGrant(text)
		if (err == nil) != (verdict == "good") {
			t.Errorf("%q is %s: %+v, %v", text, verdict, g, err)
		}
	}
	for text, want := range map[string]Grant{
		"maintain": {Role: Maintain}, "codeowners": {Codeowners: true}, "@Mina-K": {Login: "Mina-K"}, "@mina_studio": {Login: "mina_studio"}, "@studio/live.ops": {Team: "studio/live.ops"},
	} {
		if g, err := ParseGrant(text); err != nil || g != want {
			t.Errorf("%s is %+v, %v", text, g, err)
		}
	}
	if _, err := ParsePermissions(map[string][]string{"plan": {"write", "writer"}}); err == nil {
		t.Error("an unknown role passes")
	}
}

func TestRoleOf(t *testing.T) {
	for _, test := range []struct {
		roleName, permission string
		want                 Role
	}{
		{"maintain", "write", Maintain}, {"triage", "read", Triage}, {"admin", "admin", Admin}, {"Release manager", "write", Write},
		{"", "read", Read}, {"none", "none", NoRole}, {"", "", NoRole}, {"owner", "owner", NoRole}, {"Write", "", Write},
	} {
		if got := RoleOf(test.roleName, test.permission); got != test.want {
			t.Errorf("%q, %q is %s", test.roleName, test.permission, got)
		}
	}
}

func TestSecondPerson(t *testing.T) {
	for _, test := range []struct {
		actor, author string
		committers    []string
		want          string
	}{
		{"jun", "mina", []string{"mina", "", "kei"}, ""},
		{"jun", "mina", nil, ""},
		{"Mina", "mina", nil, "Mina opened this pull request; someone else must confirm it"},
		{"jun", "mina", []string{"mina", "Jun"}, "jun wrote a commit of this pull request; someone else must confirm it"},
		{"", "", nil, "an unknown account may have made this change; someone else must confirm it"},
		{"jun", "", []string{""}, ""},
	} {
		err := SecondPerson(test.actor, test.author, test.committers)
		var not *NotSecond
		switch {
		case test.want == "" && err != nil, test.want != "" && (!errors.As(err, &not) || err.Error() != test.want):
			t.Errorf("%q of %q, %q: %v", test.actor, test.author, test.committers, err)
		}
	}
}

func TestCoAuthors(t *testing.T) {
	message := "Take it back\r\n\r\nCo-authored-by: Jun Sato <12+jun@users.noreply.github.com>\r\nco-authored-by: x <mina@Users.Noreply.GitHub.com>\n" +
		"Co-authored-by: elsewhere <mina@example.com>\nCo-authored-by: <@users.noreply.github.com>\nCo-authored-by:\nsee Co-authored-by: a <b@users.noreply.github.com>\n" + CoAuthor("rie-k")
	if got := strings.Join(CoAuthors(message), " "); got != "jun mina rie-k" {
		t.Errorf("co-authors: %s", got)
	}
}
