package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"liveops/sandbox/couchbase"
)

// spenders is how many accounts the purge of TestKilledPurge takes coins from, in each environment.
const spenders = 60

// killsAt are the changes of documents at which the process is killed: right before the server does one, or right after,
// before the answer. The first half of all is staging's. Changes that a death kept from being answered are counted too.
var killsAt = []struct {
	change int
	done   bool
}{{7, true}, {40, false}, {spenders + 20, true}}

// The process of the bot is killed again and again while a merge's release takes coins from accounts, and a new one goes on:
// each account has paid once, and the merge has one comment with one last word.
func TestKilledPurge(t *testing.T) {
	t.Parallel() // after each death the engine lets some seconds pass first
	u := newUsers(t)
	var ids []string
	for i := range spenders {
		ids = append(ids, fmt.Sprintf("spender-%02d", i))
		for _, e := range []string{"staging", "production"} {
			u.server.Bucket(e).DefaultCollection().Put(ids[i], couchbase.Document{Body: fmt.Appendf(nil, `{"coins":%d}`, 1000+i), Flags: 0x02000006})
		}
	}
	w := newWorld(t, options{plain: true})
	w.releaseFirst()
	setting := childSettings{Dir: w.dir, DSNs: map[string]string{}, Couchbase: u.server.URL(), CA: u.server.CAPEM()}
	for name, e := range w.envs {
		setting.DSNs[name] = e.dsnOf(t, e.admin.Net, e.admin.Addr)
	}
	var lastWords atomic.Int64
	setting.GitHub = w.watched(func(_ *http.Request, body string) {
		if strings.Contains(body, mergeMarker) && strings.Contains(body, "is live in staging and production") {
			lastWords.Add(1)
		}
	})
	var bot atomic.Pointer[child]
	begin := func() {
		c := w.spawn(setting)
		bot.Store(c)
		w.github.SetWebhook(c.url, secret)
	}
	killed := make(chan struct{}, len(killsAt))
	var mu sync.Mutex
	changes, kills := map[bool]int{}, 0 // changes that reached the server, and that it has done
	count := func(done bool) func(couchbase.Operation) {
		return func(o couchbase.Operation) {
			if o.Op != couchbase.MutateIn {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			changes[done]++
			if kills < len(killsAt) && killsAt[kills].done == done && changes[done] >= killsAt[kills].change {
				kills++
				bot.Load().kill()
				killed <- struct{}{}
			}
		}
	}
	u.server.Before(count(false))
	u.server.After(count(true))
	begin()
	n := w.open("coins", files{"purges/coins.yaml": []byte("description: d\nselect: {ids: [" + strings.Join(ids, ", ") + "]}\nmatch: .coins >= 100\nupdate: .coins -= 100\nrate: 200/s\n"), levelsPath: levels(10, 20, 31)})
	ctx, cancel := context.WithTimeout(t.Context(), 6*patience)
	defer cancel()
	w.must(w.github.WaitDelivered(ctx))
	bot.Load().idle(ctx)
	merged := w.merge(n)
	for i := range killsAt {
		select {
		case <-killed:
		case <-ctx.Done():
			t.Fatalf("the process was not killed for the %dth time; %v\n%s", i+1, changes, w.log)
		}
		begin()
	}
	w.must(w.github.WaitDelivered(ctx))
	bot.Load().idle(ctx)
	for _, e := range []string{"staging", "production"} {
		for i, id := range ids {
			doc, _ := u.server.Bucket(e).DefaultCollection().Get(id)
			w.equal(id+" in "+e, string(doc.Body), fmt.Sprintf(`{"coins":%d}`, 900+i))
		}
		w.equal("the record of "+e, w.envs[e].text(t, "SELECT CONCAT(p.state, ' ', p.done, ' ', COUNT(*), ' ', p.epoch > 1) FROM liveops_purges p JOIN liveops_purge_images i USING (run_id) WHERE i.state = 'done' GROUP BY p.name"),
			fmt.Sprintf("done %d %d 1", spenders, spenders))
	}
	w.says(w.told(n), "is live in staging and production", fmt.Sprintf("- staging: purge `coins` done, %d documents changed", spenders), fmt.Sprintf("- production: purge `coins` done, %d documents changed", spenders))
	w.status(merged, "success")
	w.releases("1", "1")
	w.equal("last words", fmt.Sprint(lastWords.Load()), "1")
}

// watched is the way of a bot in a process of its own to GitHub, on which its writes are seen.
func (w *world) watched(see func(r *http.Request, body string)) string {
	w.Helper()
	to, err := url.Parse(w.github.URL())
	w.must(err)
	w.wire.onWrite(see)
	return w.serve(&httputil.ReverseProxy{Transport: w.wire, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }})
}
