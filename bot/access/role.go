package access

import "strings"

// Role is a role in a repository; each includes those before it
// (https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization).
type Role int

// The roles.
const (
	NoRole Role = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

// String is the role's name, as GitHub and liveops.yaml have it.
func (r Role) String() string {
	switch r {
	case Read:
		return "read"
	case Triage:
		return "triage"
	case Write:
		return "write"
	case Maintain:
		return "maintain"
	case Admin:
		return "admin"
	}
	return "none"
}

// roleNamed finds a role by its name.
func roleNamed(name string) (Role, bool) {
	for r := Read; r <= Admin; r++ {
		if r.String() == name {
			return r, true
		}
	}
	return NoRole, false
}

// RoleOf reads GitHub's answer about a collaborator: role_name, which may be the name of an organisation's own
// role, and permission, the role of old that stands for it (admin, write, read or none)
// (https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user).
func RoleOf(roleName, permission string) Role {
	if r, ok := roleNamed(strings.ToLower(roleName)); ok {
		return r
	}
	r, _ := roleNamed(strings.ToLower(permission))
	return r
}
