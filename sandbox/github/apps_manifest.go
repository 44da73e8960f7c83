package github

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// manifestDocs is the page on registering an App from a manifest. Its code is good once, and for an hour.
const (
	manifestDocs = "https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest"
	manifestHour = time.Hour
)

// manifest is an App that somebody has agreed to, and that is not made yet.
type manifest struct {
	Name  string            `json:"name"`
	URL   string            `json:"url"`
	Back  string            `json:"redirect_url"`
	Needs map[string]string `json:"default_permissions"`
	Wants []string          `json:"default_events"`

	owner string
	made  time.Time
}

type hookOfManifest struct {
	URL string `json:"url"`
}

// postManifest is the page that a browser posts a manifest to; GitHub shows the person what is asked for, and this
// stand-in agrees at once, as the organization's owner or else as the first user. It sends the browser back with a code.
func postManifest(c *call) (answer, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return answer{}, &APIError{Status: http.StatusBadRequest, Message: "Problems parsing the form"}
	}
	wrong := func(field, message string) (answer, error) {
		return answer{}, invalid(FieldError{Resource: "Integration", Code: "custom", Field: field, Message: message})
	}
	m := &manifest{owner: c.r.PathValue("org"), made: c.s.now()}
	var hook struct {
		Hook *hookOfManifest `json:"hook_attributes"`
	}
	text := []byte(form.Get("manifest"))
	if json.Unmarshal(text, m) != nil || json.Unmarshal(text, &hook) != nil {
		return wrong("manifest", "Manifest is not valid JSON")
	}
	back, err := url.Parse(m.Back)
	switch {
	case m.Name == "" || len(m.Name) > 34:
		return wrong("name", "Name must be 1 to 34 characters")
	case m.URL == "":
		return wrong("url", "Url can't be blank")
	case hook.Hook != nil && hook.Hook.URL == "":
		return wrong("hook_attributes", "Hook url cannot be blank")
	case err != nil || back.Host == "":
		return wrong("redirect_url", "Redirect url must be a valid URL")
	case c.s.accounts[strings.ToLower(slugOf(m.Name)+"[bot]")] != nil:
		return wrong("name", "Name is already in use")
	}
	if m.owner == "" {
		m.owner = c.s.firstUser()
	}
	code := strings.ToLower(rand.Text())
	if c.s.apps.manifests == nil {
		c.s.apps.manifests = map[string]*manifest{}
	}
	c.s.apps.manifests[code] = m
	query := back.Query()
	query.Set("code", code)
	if state := c.query.Get("state"); state != "" {
		query.Set("state", state)
	}
	back.RawQuery = query.Encode()
	c.header.Set("Location", back.String())
	return answer{http.StatusFound, nil}, nil
}

func (s *Server) firstUser() string {
	var first *account
	for _, a := range s.accounts {
		if first == nil || a.id < first.id {
			first = a
		}
	}
	if first == nil {
		return "ghost"
	}
	return first.Login
}

// slugOf is how an App's name stands in addresses.
func slugOf(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
}

// convertManifest makes the App, with a new key and secrets that are told this once.
func convertManifest(c *call) (answer, error) {
	code := c.r.PathValue("code")
	m := c.s.apps.manifests[code]
	delete(c.s.apps.manifests, code)
	if m == nil || c.s.now().Sub(m.made) >= manifestHour {
		return answer{}, notFound()
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return answer{}, err
	}
	a, err := c.s.addApp(NewApp{Slug: slugOf(m.Name), Name: m.Name, Owner: m.owner, Key: &key.PublicKey, Permissions: m.Needs, Events: m.Wants})
	if err != nil {
		return answer{}, err
	}
	doc := a.document()
	doc["client_secret"], doc["webhook_secret"] = rand.Text(), rand.Text()
	doc["pem"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return answer{http.StatusCreated, doc}, nil
}
