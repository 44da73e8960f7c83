package report

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"liveops/sync/purge"
	"liveops/sync/release"
)

// A page shows the purges of a plan: what each would do in each environment, and the first documents without personal fields.
func TestPurgesInABrowser(t *testing.T) {
	b := browse(t, htmlOf(t, purgingPull()), true)
	text := func(selector string) string {
		return "document.querySelector('" + selector + "').innerText.trim().split(/\\s+/).join(' ')"
	}
	b.want(text("#p1 h2"), "purge 2013-12-santa-cookie")
	b.want(text("#p1 .sheets"), "Take the Santa cookie back from accounts that got it by abuse. purges/2013-12-santa-cookie.yaml")
	b.want(text("#p1 tbody"), "staging 312 changed 1 s 20,000 19,680 4 3 1 production 312 changed 1 s 20,000 19,680 4 3 1")
	b.want(text("#p1 thead"), "environment documents takes about candidates read without a match matching without a change without a document cannot be judged")
	b.want(text("#p1 .notice"), "staging: that is 62 more than its limit of 250: it would stop there.")
	b.want(text("#p2 table"), "environment documents candidates read without a match staging none 7 7 production not planned")
	b.want(text("#p2 .notice"), "production: it is not planned, nor run: it expired on 2026-11-01 00:00 UTC.")
	b.want("document.querySelectorAll('#p1 details').length", "2")
	b.want("document.querySelector('#p1 pre').checkVisibility()", "false")
	b.shoot("purges")
	b.eval("document.querySelectorAll('#p1 details').forEach((d) => { d.open = true })")
	b.want("document.querySelector('#p1 h3').innerText", "user-00066")
	b.want("[...document.querySelectorAll('#p1 pre')[0].querySelectorAll('.minus')].map((l) => l.innerText.trim()).join('|')", `-       "item": "santa_cookie",|-       "count": 2|-     },|-     {`)
	b.want("document.body.innerText.includes('•••') + ' ' + document.documentElement.outerHTML.includes('m@x.kr')", "true false")
	b.want("document.querySelectorAll('#p1 pre')[0].innerText.includes('\\n\\n')", "false")
	b.shoot("purges-open")
	b.colorScheme("dark")
	b.eval("document.querySelector('#p1 details').scrollIntoView()")
	if dark := brightness(t, b.shoot("purges-dark")); dark > 0.35 {
		t.Errorf("in the dark the page's brightness is %.2f", dark)
	}
	b.colorScheme("light")
	b.do(chromedp.EmulateViewport(390, 844))
	b.eval("scrollTo(0, 0)")
	b.want("document.documentElement.scrollWidth", "390")
	b.shoot("purges-phone")
	b.quiet()
}

// A page of a release shows how far its purges are.
func TestPurgeStepsInABrowser(t *testing.T) {
	m := purgingMerge()
	m.Progress.Steps[1].State, m.Progress.Steps[1].Reason = release.Stopped, "purge 2013-12-santa-cookie: 1 of its documents could not be judged or changed"
	m.Progress.Steps[1].Purges[0].Run.State = purge.Failed
	m.Progress.Steps[1].Purges[0].Run.Counts.Failed = 1
	b := browse(t, written(t, func(w io.Writer) error { return HTMLMerge(w, m) }), true)
	b.want("document.querySelector('#p1 table').innerText.trim().split(/\\s+/).join(' ')", "environment state documents changed left, the game was quicker cannot be judged or changed staging done 312 2 production failed 44 1")
	b.want("document.querySelector('.notice.bad').innerText.startsWith('Stopped at production, which has the rows: purge 2013-12-santa-cookie')", "true")
	b.shoot("purges-release")
	b.quiet()
}

// A page of purges alone says that no row changes; nothing that a purge's file or a document says becomes markup.
func TestPurgePages(t *testing.T) {
	only := planOf("staging", digestA)
	only.Purges = []release.PurgePlan{planned(purgeOf("cookie", "d"), "user-1")}
	if page := htmlOf(t, pull(only)); !strings.Contains(page, "No row changes; documents are purged.") || !strings.Contains(page, "staging: the first document<") {
		t.Error(page)
	}
	p := pull(planOf("staging", digestA, stuff()))
	for i, s := range attacks() {
		one := purgeOf(fmt.Sprintf("attack-%d", i), s)
		p.Plans[0].Purges = append(p.Plans[0].Purges, planned(one, s))
		p.Plans[0].Unpurged = append(p.Plans[0].Unpurged, release.Unpurged{Name: fmt.Sprintf("other-%d", i), Reason: s})
	}
	b := browse(t, htmlOf(t, p), true)
	b.eval("document.querySelectorAll('details').forEach((d) => { d.open = true })")
	b.want("String(window.hurt) + document.querySelectorAll('section.purge').length", fmt.Sprint("undefined", 2*len(attacks())))
	b.want("document.querySelectorAll('img, iframe, svg, base, template').length", "0")
	b.quiet()
}
