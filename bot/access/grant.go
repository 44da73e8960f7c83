package access

import (
	"fmt"
	"regexp"
	"strings"
)

// Grant is one way to be allowed something. One of its fields is set.
type Grant struct {
	Role       Role   // whoever has this role, or one that includes it
	Team       string // members of an organisation's team, as org/slug
	Login      string // one person
	Codeowners bool   // whoever owns every touched file by CODEOWNERS
}

// GitHub's names: https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
const (
	loginPattern = `[A-Za-z0-9][A-Za-z0-9-]*(?:_[A-Za-z0-9]+)?` // the part behind _ is a managed user's company
	slugPattern  = `[A-Za-z0-9][A-Za-z0-9._-]*`
	longestName  = 100
)

// ParseGrant reads a grant as liveops.yaml has it: a role, @org/team, @login or codeowners.
func ParseGrant(text string) (Grant, error) {
	name, at := strings.CutPrefix(text, "@")
	if !at {
		if text == "codeowners" {
			return Grant{Codeowners: true}, nil
		}
		if role, ok := roleNamed(text); ok {
			return Grant{Role: role}, nil
		}
		return Grant{}, fmt.Errorf("%q is no grant: it is one of read, triage, write, maintain, admin, codeowners, @org/team or @login", text)
	}
	switch {
	case len(name) > 2*longestName:
	case regexp.MustCompile(`\A` + loginPattern + `\z`).MatchString(name):
		return Grant{Login: name}, nil
	case regexp.MustCompile(`\A` + loginPattern + `/` + slugPattern + `\z`).MatchString(name):
		return Grant{Team: name}, nil
	}
	return Grant{}, fmt.Errorf("%q is neither a person (@login) nor a team (@org/team)", text)
}

// String is what a person must be, in a sentence: "maintain", "a member of @studio/liveops".
func (g Grant) String() string {
	switch {
	case g.Team != "":
		return "a member of @" + g.Team
	case g.Login != "":
		return "@" + g.Login
	case g.Codeowners:
		return "an owner of every touched file by CODEOWNERS"
	}
	return g.Role.String()
}

// Permissions are the grants of each action, by its key in liveops.yaml. An action without any is for admins only.
type Permissions map[string][]Grant

// ParsePermissions reads `permissions` as liveops.yaml has them.
func ParsePermissions(texts map[string][]string) (Permissions, error) {
	all := Permissions{}
	for action, list := range texts {
		for _, text := range list {
			g, err := ParseGrant(text)
			if err != nil {
				return nil, fmt.Errorf("permission %s: %w", action, err)
			}
			all[action] = append(all[action], g)
		}
	}
	return all, nil
}

// Of are the grants of an action.
func (p Permissions) Of(action string) []Grant {
	if len(p[action]) == 0 {
		return []Grant{{Role: Admin}}
	}
	return p[action]
}
