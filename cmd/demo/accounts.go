package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"liveops/sandbox/couchbase"
	"liveops/sync/couchstore"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

// The players' accounts: one document each, in a bucket of each environment.
const (
	accounts = 20_000
	holders  = 300          // of them have the cookie
	winner   = "user-04224" // has it by right
	cookie   = "santa_cookie"
)

// byItem is the view that the game's programmers made to find who has an item.
const byItem = `function (doc, meta) {
  for (var i = 0; i < doc.inventory.length; i++) {
    emit(doc.inventory[i].item, null);
  }
}`

func accountID(i int) string { return fmt.Sprintf("user-%05d", i) }

// account is a player's document as the game's server writes it, with the cookie or without.
func account(i int, withCookie bool) []byte {
	items := []string{fmt.Sprintf(`{"item":"potion","count":%d}`, 1+i%9)}
	if withCookie {
		items = append(items, fmt.Sprintf(`{"item":"%s","count":%d}`, cookie, 1+i%3))
	}
	if i%4 == 0 {
		items = append(items, `{"item":"fairy_bow","count":1}`)
	}
	return fmt.Appendf(nil, `{"name":"Player %05d","email":"player%05d@example.com","level":%d,"coins":%d,"inventory":[%s]}`,
		i, i, 1+i%50, uint64(i)*7919, strings.Join(items, ","))
}

// holds says whether an account has the cookie when the story begins: every 66th, until there are enough.
func holds(i int) bool { return i%66 == 0 && i/66 > 0 && i/66 <= holders }

// addAccounts starts the stand-in for the environments' Couchbase.
func (w *world) addAccounts() error {
	var names []string
	for _, e := range environments {
		names = append(names, e.name)
	}
	server, err := couchbase.Start(couchbase.Options{TLS: true, Buckets: names})
	if err != nil {
		return err
	}
	w.couchbase = server
	w.close = append(w.close, server.Close)
	for _, name := range names {
		bucket := server.Bucket(name)
		if err := bucket.PutDesign("inventory", couchbase.Design{Views: map[string]couchbase.MapView{"by_item": {Map: byItem}}}); err != nil {
			return err
		}
		for i := range accounts {
			bucket.DefaultCollection().Put(accountID(i), couchbase.Document{Body: account(i, holds(i)), Flags: 0x02000006}) // JSON, as the SDKs write it
		}
		store, err := couchstore.Open(context.Background(), couchstore.Options{URL: server.URL() + "/" + name, User: "Administrator", Password: "password", CA: server.CAPEM()})
		if err != nil {
			return err
		}
		w.close = append(w.close, store.Close)
		w.users[name] = store
	}
	return nil
}

// Documents gives the bot an environment's accounts.
func (w *world) Documents(_ context.Context, environment string) (release.UserDocuments, error) {
	if s := w.users[environment]; s != nil {
		return bucket{s}, nil
	}
	return nil, &release.UnsetError{Reason: environment + " is not an environment of the demo"}
}

// bucket is an environment's accounts as releases know them.
type bucket struct{ *couchstore.Store }

// Documents are those of a collection.
func (b bucket) Documents(scope, collection string) purgerun.Restorer {
	return b.Store.Documents(scope, collection)
}

// haveCookie are the accounts of an environment with the cookie, by looking at each. It fails where an account is not, to
// the byte, what it was with the cookie or without it.
func (w *world) haveCookie(environment string) (ids []string, err error) {
	all := w.couchbase.Bucket(environment).DefaultCollection()
	if n := len(all.IDs()); n != accounts {
		return nil, fmt.Errorf("%s has %d accounts", environment, n)
	}
	for i := range accounts {
		doc, _ := all.Get(accountID(i))
		switch {
		case holds(i) && bytes.Equal(doc.Body, account(i, true)):
			ids = append(ids, accountID(i))
		case !bytes.Equal(doc.Body, account(i, false)):
			return nil, fmt.Errorf("account %s of %s is %s", accountID(i), environment, doc.Body)
		}
	}
	return ids, nil
}

// sayHolders prints how many accounts of each environment have the cookie, and fails where that is not what it should be.
func (w *world) sayHolders(staging, production int) error {
	w.say("%-16s", "accounts")
	for _, e := range environments {
		w.say("%12s", e.name)
	}
	w.say("\n%-16s", cookie)
	var wrong error
	for i, want := range []int{staging, production} {
		have, err := w.haveCookie(environments[i].name)
		if err != nil {
			return err
		}
		if len(have) != want {
			wrong = errors.Join(wrong, fmt.Errorf("%d accounts of %s have the cookie, not %d", len(have), environments[i].name, want))
		}
		if want == 1 && !slices.Equal(have, []string{winner}) {
			wrong = errors.Join(wrong, fmt.Errorf("%s of %s have the cookie, not %s", have, environments[i].name, winner))
		}
		w.say("%12d", len(have))
	}
	w.say("\n")
	return wrong
}
