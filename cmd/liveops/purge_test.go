package main

import (
	"fmt"
	"strings"
	"testing"
)

// The accounts of the tests, with the cookie and without, and the purge that takes it.
const (
	withCookie    = `{"email":"m@x.kr","inventory":[{"item":"santa_cookie"},{"item":"sword"}]}`
	withoutCookie = `{"email":"m@x.kr","inventory":[{"item":"sword"}]}`
	cookieRule    = "match: any(.inventory[]; .item == \"santa_cookie\")\nupdate: del(.inventory[] | select(.item == \"santa_cookie\"))\nmask: [.email]\n"
)

// The commands as people type them, on the stand-in: a purge is planned, run, looked at, undone for some accounts, and
// for all.
func TestPurgeCommands(t *testing.T) {
	p := newPurging(t, "staging")
	var ids []string
	for i := range 30 {
		ids = append(ids, fmt.Sprintf("user-%02d", i))
		p.put("staging", ids[i], withCookie)
	}
	p.commit("liveops.yaml", "environments: [{name: staging}]\n",
		"purges/cookie.yaml", "description: d\nselect: {ids: ["+strings.Join(ids, ", ")+", nobody]}\n"+cookieRule)
	p.liveops(1, "staging: 30 documents would be changed, in about 1s; 31 candidates read\n  1 without a document\n\nuser-00\n…\n    \"email\": \"•••\",\n    \"inventory\": [\n      {\n-       \"item\": \"santa_cookie\"\n", "purge", "plan", "cookie")
	p.liveops(2, "add --yes", "purge", "run", "cookie", "--env", "staging")
	p.liveops(0, "cookie: done, 30 documents changed", "purge", "run", "cookie", "--env", "staging", "--yes")
	p.liveops(2, "purge cookie is done here and is not run again", "purge", "run", "cookie", "--env", "staging", "--yes")
	p.liveops(0, "staging: cookie: done, 30 documents changed", "purge", "plan", "cookie")
	p.liveops(2, `"Bring user-03 on staging back to what it was before purge cookie?": add --yes`, "purge", "undo", "cookie", "--env", "staging", "--id", "user-03")
	p.liveops(2, "--id is empty", "purge", "undo", "cookie", "--env", "staging", "--id", "", "--yes")
	p.liveops(0, "cookie: 1 document brought back, 0 left as they are; the purge is done\n", "purge", "undo", "cookie", "--env", "staging", "--id", "user-03", "--yes")
	p.liveops(0, "cookie: 1 document brought back, 0 left as they are, 1 brought back before; the purge is done\n", "purge", "undo", "cookie", "--env", "staging", "--id", "user-03", "--id", "user-07", "--yes")
	p.liveops(2, "nobody is left as it is: the purge did not change it\ncookie: 0 documents brought back, 1 left as they are; the purge is done\n", "purge", "undo", "cookie", "--env", "staging", "--id", "nobody", "--yes")
	p.liveops(0, "cookie: done, 30 documents changed, 2 brought back;", "purge", "status")
	p.liveops(2, "purge cookie is done here and is not run again", "purge", "run", "cookie", "--env", "staging", "--yes")
	for _, id := range ids {
		want := withoutCookie
		if id == "user-03" || id == "user-07" {
			want = withCookie
		}
		if got := p.body("staging", id); got != want {
			t.Errorf("%s is %s", id, got)
		}
	}
	p.put("staging", "user-03", `{"email":"m@x.kr","inventory":[]}`) // theirs to change: it was brought back
	p.put("staging", "user-04", `{"email":"m@x.kr","inventory":[]}`)
	p.liveops(2, "user-04 is left as it is: it was made anew since", "purge", "undo", "cookie", "--env", "staging", "--yes")
	p.liveops(0, "cookie: undone, 30 documents changed, 29 brought back", "purge", "status")
	if got := p.body("staging", "user-03"); got != `{"email":"m@x.kr","inventory":[]}` {
		t.Errorf("the undo of all touched user-03: %s", got)
	}
}
