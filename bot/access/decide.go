package access

import (
	"fmt"
	"strings"
)

// Who is someone who wants something, as GitHub knows them.
type Who struct {
	Login string
	Bot   bool // an account of the type Bot, or the one that liveops itself acts as
	Role  Role

	// Member asks whether they are an active member of a team (org/slug). It costs a request, and is asked once
	// for each team, when nothing else allows. nil: of none.
	Member func(team string) (bool, error)
}

// Files are what a permission by `codeowners` is about.
type Files struct {
	Owners  *Owners  // of the base; nil: there is no CODEOWNERS
	Touched []string // the files that liveops reads, as paths from the root
}

// Decision is the answer with its reason. Names in it (logins, teams, paths) are others' text.
type Decision struct {
	Allowed bool
	Who     string
	Action  string
	Because string   // what the person is, or what they lack: "has the role write"
	Needs   []string // of a refusal: what would do, any of them; empty where nothing would
}

// String is the decision as a sentence without a full stop:
// "jun has the role write; rollback needs maintain or a member of @studio/liveops".
func (d Decision) String() string {
	s := d.Who + " " + d.Because
	if d.Allowed || len(d.Needs) == 0 {
		return s
	}
	return s + "; " + d.Action + " needs " + either(d.Needs)
}

// Needed says what an action needs: "maintain or a member of @studio/liveops".
func (p Permissions) Needed(action string) string { return either(needs(p.Of(action))) }

func either(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

func needs(grants []Grant) []string {
	var all []string
	for _, g := range grants {
		all = append(all, g.String())
	}
	return all
}

// Decide says whether somebody may do an action. Bots never may. Where GitHub does not answer about a team, and
// no other grant allows, the error is returned with a decision that denies.
func (p Permissions) Decide(action string, who Who, files Files) (Decision, error) {
	d := Decision{Who: who.Login, Action: action}
	switch {
	case who.Login == "":
		d.Who, d.Because = "an unknown account", "may do nothing"
		return d, nil
	case who.Bot || strings.HasSuffix(who.Login, "[bot]"):
		d.Because = "is a bot, and bots may do nothing"
		return d, nil
	}
	grants := p.Of(action)
	if d.Because = byThemselves(grants, who); d.Because != "" {
		d.Allowed = true
		return d, nil
	}
	teams := &membership{ask: who.Member, known: map[string]bool{}}
	lacks := "has the role " + who.Role.String()
	if who.Role == NoRole {
		lacks = "has no role in this repository"
	}
	for _, g := range grants {
		switch {
		case g.Team != "" && teams.of(g.Team):
			d.Allowed, d.Because = true, "is "+g.String()
			return d, nil
		case g.Codeowners:
			missing := files.missing(who, teams)
			if missing == "" {
				d.Allowed, d.Because = true, "is "+g.String()
				return d, nil
			}
			lacks += ", and " + missing
		}
	}
	d.Because, d.Needs = lacks, needs(grants)
	return d, teams.err
}

// byThemselves says by what a person is allowed without asking further, "" if by nothing.
func byThemselves(grants []Grant, who Who) string {
	for _, g := range grants {
		switch {
		case g.Role != NoRole && who.Role >= g.Role:
			return "has the role " + who.Role.String()
		case g.Login != "" && sameLogin(g.Login, who.Login):
			return "is named for it"
		}
	}
	return ""
}

// membership asks about each team once. An error counts as no, and is kept.
type membership struct {
	ask   func(team string) (bool, error)
	known map[string]bool
	err   error
}

func (m *membership) of(team string) bool {
	key := strings.ToLower(team)
	is, ok := m.known[key]
	if ok || m.ask == nil {
		return is
	}
	is, err := m.ask(team)
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("asking for the members of @%s: %w", team, err)
	}
	m.known[key] = is && err == nil
	return m.known[key]
}

// sameLogin reports whether two logins are one account's: GitHub does not tell their case apart.
func sameLogin(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// missing says why somebody does not own every touched file, "" if they do. An owner who may not write to the
// repository is none, as on GitHub.
func (f Files) missing(who Who, teams *membership) string {
	switch {
	case who.Role < Write:
		return "an owner must have the role write"
	case f.Owners == nil:
		return "there is no CODEOWNERS"
	case len(f.Touched) == 0:
		return "no file is touched that could be owned"
	}
	for _, path := range f.Touched {
		owners := f.Owners.Of(path)
		if !anyOf(owners, who.Login, teams) {
			return "is no owner of " + path + " (" + listed(owners) + ")"
		}
	}
	return ""
}

// anyOf looks for a login among owners, at teams last: they cost a request.
func anyOf(owners []Owner, login string, teams *membership) bool {
	for _, o := range owners {
		if sameLogin(o.Login, login) {
			return true
		}
	}
	for _, o := range owners {
		if o.Team != "" && teams.of(o.Team) {
			return true
		}
	}
	return false
}

func listed(owners []Owner) string {
	if len(owners) == 0 {
		return "it has none"
	}
	var names []string
	for _, o := range owners {
		names = append(names, o.String())
	}
	return "owned by " + strings.Join(names, ", ")
}
