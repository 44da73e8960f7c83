package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"liveops/sandbox/couchbase"
	"liveops/sync/couchstore"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

// users are the environments' user documents, on the stand-in: a bucket each.
type users struct {
	server *couchbase.Server
	buckets
	mu    sync.Mutex
	unset map[string]bool // the process is not told where they are
}

// buckets opens the bucket of each environment, which has its name, once.
type buckets struct {
	url  string
	ca   []byte
	mu   sync.Mutex
	open map[string]*couchstore.Store
}

// Documents gives an environment's bucket.
func (b *buckets) Documents(ctx context.Context, environment string) (release.UserDocuments, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[environment] == nil {
		s, err := couchstore.Open(ctx, couchstore.Options{URL: b.url + "/" + environment, User: "Administrator", Password: "password", CA: b.ca})
		if err != nil {
			return nil, err
		}
		b.open[environment] = s
	}
	return userDocuments{b.open[environment]}, nil
}

// The players of the tests: those with a cookie are what purges are after.
const (
	withCookie    = `{"email":"m@x.kr","inventory":[{"item":"santa_cookie"},{"item":"sword"}]}`
	withoutCookie = `{"email":"m@x.kr","inventory":[{"item":"sword"}]}`
	cookiePath    = "purges/cookie.yaml"
	cookie        = "description: d\nselect: {ids: [user-0, user-1, user-2, user-3, nobody]}\nmatch: any(.inventory[]; .item == \"santa_cookie\")\n" +
		"update: del(.inventory[] | select(.item == \"santa_cookie\"))\nmask: [.email]\n"
)

// cookieOf is a player's document as the game's SDK writes it.
func cookieOf(body string) couchbase.Document {
	return couchbase.Document{Body: []byte(body), Flags: 0x02000006}
}

// newUsers has three players with a cookie and one without in each environment.
func newUsers(t *testing.T) *users {
	t.Helper()
	server, err := couchbase.Start(couchbase.Options{TLS: true, Buckets: []string{"staging", "production"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	u := &users{server: server, unset: map[string]bool{}, buckets: buckets{url: server.URL(), ca: server.CAPEM(), open: map[string]*couchstore.Store{}}}
	for _, environment := range []string{"staging", "production"} {
		for i := range 4 {
			body := withCookie
			if i == 3 {
				body = withoutCookie
			}
			server.Bucket(environment).DefaultCollection().Put(fmt.Sprintf("user-%d", i), cookieOf(body))
		}
	}
	t.Cleanup(func() {
		for _, s := range u.open {
			s.Close()
		}
	})
	return u
}

// Documents gives the bot an environment's bucket.
func (u *users) Documents(ctx context.Context, environment string) (release.UserDocuments, error) {
	u.mu.Lock()
	unset := u.unset[environment]
	u.mu.Unlock()
	if unset {
		return nil, &release.UnsetError{Reason: "LIVEOPS_" + strings.ToUpper(environment) + "_COUCHBASE_URL is not set"}
	}
	return u.buckets.Documents(ctx, environment)
}

type userDocuments struct{ *couchstore.Store }

func (d userDocuments) Documents(scope, collection string) purgerun.Restorer {
	return d.Store.Documents(scope, collection)
}

// holders are the players of an environment who have a cookie.
func (u *users) holders(environment string) string {
	var all []string
	for i := range 4 {
		id := fmt.Sprintf("user-%d", i)
		if doc, _ := u.server.Bucket(environment).DefaultCollection().Get(id); strings.Contains(string(doc.Body), "santa_cookie") {
			all = append(all, id)
		}
	}
	return strings.Join(all, " ")
}
