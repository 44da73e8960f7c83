package github

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
)

// installationOfRepository names its parts otherwise than the endpoints of a repository: the App itself may ask, which
// can see no repository.
const installationOfRepository = "/repos/{of}/{named}/installation"

func appRoutes() []route {
	const docs, installations = "https://docs.github.com/en/rest/apps/apps", "https://docs.github.com/en/rest/apps/installations"
	return append([]route{
		{"GET /app", None, docs + "#get-the-authenticated-app", getApp},
		{"GET /app/installations", None, docs + "#list-installations-for-the-authenticated-app", listInstallations},
		{"GET /app/installations/{id}", None, docs + "#get-an-installation-for-the-authenticated-app", getInstallation},
		{"GET " + installationOfRepository, None, docs + "#get-a-repository-installation-for-the-authenticated-app", getRepositoryInstallation},
		{"POST /app/installations/{id}/access_tokens", None, docs + "#create-an-installation-access-token-for-an-app", createInstallationToken},
		{"GET /installation/repositories", None, installations + "#list-repositories-accessible-to-the-app-installation", listInstallationRepositories},
		{"POST /app-manifests/{code}/conversions", None, docs + "#create-a-github-app-from-a-manifest", convertManifest},
		{"POST /settings/apps/new", None, manifestDocs, postManifest},
		{"POST /organizations/{org}/settings/apps/new", None, manifestDocs, postManifest},
	}, deliveryRoutes()...)
}

func getApp(c *call) (answer, error) { return found(c.user.app.document()) }

func listInstallations(c *call) (answer, error) {
	documents := []document{}
	for _, i := range page(c, c.user.app.installations) {
		documents = append(documents, i.document())
	}
	return found(documents)
}

// installation is the one of the path, which must be the App's own.
func (c *call) installation() (*installation, error) {
	n, err := c.number("id")
	if err != nil {
		return nil, err
	}
	if i := c.user.app.installation(int64(n)); i != nil {
		return i, nil
	}
	return nil, notFound()
}

func getInstallation(c *call) (answer, error) {
	i, err := c.installation()
	if err != nil {
		return answer{}, err
	}
	return found(i.document())
}

func getRepositoryInstallation(c *call) (answer, error) {
	repo := c.s.repo(c.r.PathValue("of"), c.r.PathValue("named"))
	for _, i := range c.user.app.installations {
		if repo != nil && i.has(repo) {
			return found(i.document())
		}
	}
	return answer{}, notFound()
}

// createInstallationToken makes a token of an hour, for less than the installation has where that is asked for.
func createInstallationToken(c *call) (answer, error) {
	i, err := c.installation()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	user := i.user
	if in.Repositories != nil || in.RepositoryIDs != nil || in.Permissions != nil {
		narrow, err := i.narrowed(c.s, in.Repositories, in.RepositoryIDs, in.Permissions)
		if err != nil {
			return answer{}, err
		}
		copied := *i.user
		copied.installation, user = narrow, &copied
	}
	t := &issued{user: user, ends: c.s.now().Add(installationHour)}
	token := "ghs_" + rand.Text() + rand.Text()
	if c.s.apps.tokens == nil {
		c.s.apps.tokens = map[string]*issued{}
	}
	c.s.apps.tokens[token] = t
	return answer{http.StatusCreated, document{
		"token": token, "expires_at": stamp(t.ends), "permissions": withMetadata(user.installation.permissions),
		"repository_selection": user.installation.selection(),
	}}, nil
}

// narrowed is the installation with some of its repositories and permissions only; what it has not is a 422.
func (i *installation) narrowed(s *Server, names []string, ids []int64, permissions map[string]string) (*installation, error) {
	n := *i
	if names != nil || ids != nil {
		n.repositories = []string{}
		for _, r := range s.repos {
			if i.has(r) && (slices.Contains(ids, r.id) || slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, r.name) })) {
				n.repositories = append(n.repositories, strings.ToLower(r.FullName()))
			}
		}
		if len(n.repositories) < len(names)+len(ids) {
			return nil, &APIError{Status: http.StatusUnprocessableEntity,
				Message: "There is at least one repository that does not exist or is not accessible to the parent installation."}
		}
	}
	if permissions != nil {
		for name, level := range permissions {
			if !i.grants(name, level != "read") {
				return nil, &APIError{Status: http.StatusUnprocessableEntity, Message: "The permissions requested are not granted to this installation."}
			}
		}
		n.permissions = permissions
	}
	return &n, nil
}

func listInstallationRepositories(c *call) (answer, error) {
	if c.user.installation == nil {
		return answer{}, &APIError{Status: http.StatusForbidden,
			Message: "You must authenticate with an installation access token in order to list repositories for an installation."}
	}
	var all []*Repo
	for _, r := range c.s.repos {
		if c.user.installation.has(r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *Repo) int { return cmp.Compare(a.id, b.id) })
	documents := []document{}
	for _, r := range page(c, all) {
		documents = append(documents, r.document(c.user))
	}
	return found(document{"total_count": len(all), "repository_selection": c.user.installation.selection(), "repositories": documents})
}
