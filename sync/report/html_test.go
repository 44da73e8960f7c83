package report

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// attacks are texts that would do something if they became markup.
func attacks() []string {
	return append(hostile(),
		"<script>window.hurt = 1</script>", `"><img src=x onerror="window.hurt = 1">`, "javascript:window.hurt=1", "</noscript><script>window.hurt = 1</script>",
		"</table></section><script>window.hurt = 1</script>", "<svg/onload=window.hurt=1>", "</td><td onclick=window.hurt=1>", "--><script>window.hurt = 1</script>",
		"<style>body{display:none}</style>", "<base href=//evil.example>", "<iframe srcdoc='<script>parent.hurt=1</script>'>", "<details ontoggle=window.hurt=1 open>",
		"<meta http-equiv=refresh content=0;url=//evil.example>", "{{.}}", "${window.hurt=1}", "' onmouseover='window.hurt=1", "<link rel=stylesheet href=//evil.example/x.css>",
		"<math><mtext></mtext><script>window.hurt = 1</script></math>", "<noscript><p title=\"</noscript><img src=x onerror=window.hurt=1>\">", "<template><script>window.hurt=1</script></template>")
}

// attacked is a pull request in which every text is an attack: names, problems, notes, and rows both before and
// behind those that the page shows at first.
func attacked() Pull {
	t := table("plain", 1, "id:text", "name:text", "n:int")
	for i, s := range attacks() {
		insert(t, fmt.Sprintf("a%03d", i), s, 1)
		remove(t, fmt.Sprintf("b%03d", i), s, 1)
		update(t, values(fmt.Sprintf("c%03d", i), s, 1), values(fmt.Sprintf("c%03d", i), s+"!", 2))
		update(t, values(fmt.Sprintf("d%03d", i), strings.Repeat(s, 100), 1), values(fmt.Sprintf("d%03d", i), strings.Repeat(s, 101), 1))
	}
	p := pull(planOf("staging", digestA, t))
	for _, s := range attacks() {
		h := hostilePull(s)
		p.Plans[0].Tables = append(p.Plans[0].Tables, h.Plans[0].Tables...)
		p.Plans[0].Problems = append(p.Plans[0].Problems, h.Plans[0].Problems...)
		p.Unreachable = append(p.Unreachable, h.Unreachable...)
		p.BaseName += s
	}
	return p
}

func htmlOf(t *testing.T, p Pull) string {
	t.Helper()
	return written(t, func(w io.Writer) error { return HTMLPull(w, p) })
}

// thousands is a pull request of several thousand rows, in two environments of which one lacks a table.
func thousands() Pull {
	drops := huge(3000)
	for i := range 400 {
		update(drops, values(10_000+i, fmt.Sprintf("낡은 상자 %d", i), "0.25"), values(10_000+i, fmt.Sprintf("낡은 상자 %d", i), "0.5"))
		remove(drops, 20_000+i, "사라진 상자", "0.1")
	}
	return pull(planOf("staging", digestA, drops, levels(2200), wide(), longTexts(), stuff()), planOf("production", digestB, stuff()))
}

func TestPageInABrowser(t *testing.T) {
	p := thousands()
	p.Note = "reviewed by nobody yet"
	p.Problems = problems()
	b := browse(t, htmlOf(t, p), true)
	const drops = "document.querySelector('#t1')"
	b.want("document.title", "5 tables change, 3 problems to fix · liveops")
	b.want("document.querySelector('#count').value", "3,814 rows in 5 tables")
	b.want(drops+".querySelector('h2').textContent.trim().split(/\\s+/).join(' ')", "drop_table +3,000 −400 ~400 staging only")
	b.want(drops+".querySelectorAll('tbody tr').length", "100")
	b.want("document.querySelectorAll('noscript').length", "0")
	b.shoot("light")

	b.eval(drops + ".querySelector('.more').click()")
	b.want(drops+".querySelectorAll('tbody tr').length", "300")
	b.want(drops+".querySelector('.more').textContent", "Show more: 3,500 rows left")
	b.eval(drops + ".querySelector('.box').scrollTop = 1e6") // by itself, at the end of what is shown
	b.want(drops+".querySelectorAll('tbody tr').length >= 500", "true")

	b.fill("#words", "상자 2999 a3001")
	b.want("document.querySelector('#count').value", "1 of 3,814 rows in 1 table")
	b.want(drops+".querySelector('tbody').innerText.trim().split(/\\s+/).join(' ')", "+ added 3000 상자 2999 0.25 A3001")
	b.want("document.querySelector('#t2').hidden", "true")
	b.shoot("filtered")
	b.eval("document.querySelector('a[href=\"#t2\"]').click()") // of a table that the filter hides
	b.want("document.querySelector('#t2').hidden + location.hash + document.querySelector('#words').value", "false#t2")
	b.want("document.querySelector('#count').value", "3,814 rows in 5 tables")

	b.eval("document.querySelector('[name=kind][value=a]').click()")
	b.want("document.querySelector('#count').value", "810 of 3,814 rows in 5 tables")
	b.want(drops+".querySelectorAll('.a').length + ' ' + "+drops+".querySelectorAll('.u, .r').length", "0 200")
	b.eval("document.querySelector('[name=kind][value=r]').click()")
	b.want(drops+".querySelector('output').value", "400 of 3,800 rows")
	b.want(drops+".querySelector('.c').innerHTML", "<del>0.25</del> <ins>0.5</ins>")
	b.eval("document.querySelector('#filter').reset()")
	b.want("document.querySelector('#count').value", "3,814 rows in 5 tables")

	b.fill("#t1 .words", "nowhere")
	b.want(drops+".querySelector('output').value + "+drops+".hidden", "0 of 3,800 rowsfalse")
	b.fill("#t1 .words", "")
	b.eval("(() => { const e = document.querySelector('#environment'); e.value = 'production'; e.dispatchEvent(new Event('change')); return 1 })()")
	b.want("[...document.querySelectorAll('section.table')].filter((s) => !s.hidden).map((s) => s.id).join()", "t5")
	b.want("document.querySelector('#count').value", "7 of 3,814 rows in 1 table")
	b.eval("document.querySelector('#filter').reset()")
	b.want("document.querySelector('#count').value", "3,814 rows in 5 tables")

	b.eval("document.querySelector('#t2 .quiet').click()")
	b.want("[...document.querySelectorAll('#t2 col')].map((c) => getComputedStyle(c).visibility).filter((v) => v === 'collapse').length", "2")
	b.eval("document.querySelector('#t5').scrollIntoView()")
	b.shoot("tables")
	b.eval("document.querySelector('#t4').scrollIntoView()")
	b.eval("document.querySelector('#t4 details').open = true")
	b.shoot("texts")
	b.eval("document.querySelector('#t2').scrollIntoView()")
	b.shoot("wide")

	b.colorScheme("dark")
	b.eval("scrollTo(0, 0)")
	if dark := brightness(t, b.shoot("dark")); dark > 0.35 {
		t.Errorf("in the dark the page's brightness is %.2f", dark)
	}
	b.eval("document.querySelector('#t5').scrollIntoView()")
	b.shoot("dark-tables")
	b.colorScheme("light")
	b.do(chromedp.EmulateViewport(390, 844))
	b.eval("scrollTo(0, 0)")
	b.shoot("phone")
	b.want("document.documentElement.scrollWidth", "390")
	b.eval("dispatchEvent(new Event('beforeprint'))")
	b.want(drops+".querySelectorAll('tbody tr').length", "3800")
	b.eval("document.querySelector('#t5').scrollIntoView()")
	b.shoot("phone-tables")
	b.quiet()
}

// brightness is the mean of a picture's pixels, from 0 to 1.
func brightness(t *testing.T, picture []byte) float64 {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0.0
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 7 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 7 {
			r, g, b, _ := img.At(x, y).RGBA()
			sum, n = sum+float64(r+g+b)/3/0xffff, n+1
		}
	}
	return sum / n
}

func TestPageOfARelease(t *testing.T) {
	m := merges()["moved"]
	b := browse(t, written(t, func(w io.Writer) error { return HTMLMerge(w, m) }), true)
	b.want("document.querySelector('h1').textContent", "0f1e2d3c Balance: wands (#41)")
	b.want("[...document.querySelectorAll('section.table .where')].map((w) => w.textContent).join('; ')", "staging; production, not applied")
	b.want("document.querySelectorAll('.notice.bad').length", "3")
	b.shoot("release")
	b.quiet()
}

// Whatever stands in cells, names and problems stays text, also where the page makes rows of pieces later.
func TestPageStaysText(t *testing.T) {
	b := browse(t, htmlOf(t, attacked()), true)
	b.want("window.hurt", "undefined")
	b.want("document.querySelectorAll('main script, img, svg, iframe, math, style:not(head style), base, meta:not(head meta), link:not(head link), template').length", "0")
	b.want("document.querySelectorAll('body script').length", "1")
	b.want("[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length", "0")
	for range 4 {
		b.eval("[...document.querySelectorAll('.more')].filter((m) => !m.hidden).map((m) => m.click()).length")
	}
	for i, s := range attacks() {
		if plainASCII(s) {
			b.want(fmt.Sprintf("[...document.querySelectorAll('.a')].find((r) => r.cells[1].textContent === 'a%03d').cells[2].textContent", i), s)
		}
	}
	b.fill("#words", "<script>window.hurt")
	b.want("document.querySelectorAll('.box tbody tr').length > 3", "true")
	b.want("window.hurt", "undefined")
	b.want("document.querySelectorAll('main script, img, svg, iframe, math, template').length", "0")
	b.shoot("attacked")
	b.quiet()
}

// Every row can be read where no script runs.
func TestPageWithoutScripts(t *testing.T) {
	page := htmlOf(t, thousands())
	b := browse(t, page, false)
	if rows := b.eval("document.querySelectorAll('.box tbody tr').length"); rows != "3814" {
		t.Errorf("%s rows, want 3817", rows)
	}
	if tools := b.eval("getComputedStyle(document.querySelector('#filter')).display"); tools != "none" {
		t.Errorf("the filter's display is %s", tools)
	}
	b.shoot("plain")
	b.quiet()
}

func TestPageIsWrittenAlike(t *testing.T) {
	for name, p := range pulls() {
		a, again := htmlOf(t, p), htmlOf(t, p)
		if a != again {
			t.Errorf("%s: the same pull request gives another page", name)
		}
		if err := unprintable(a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, m := range merges() {
		page := written(t, func(w io.Writer) error { return HTMLMerge(w, m) })
		if err := unprintable(page); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if steps := strings.Count(page, `<tr><th scope="row">staging</th>`); steps != 1+len(m.Progress.Steps[0].Purges) {
			t.Errorf("%s: %d lines for staging", name, steps)
		}
	}
	page := strings.NewReplacer(pageStyle, "", pageScript, "").Replace(htmlOf(t, pulls()["pending"]))
	golden(t, "page.html", regexp.MustCompile(`content="default-src[^"]*"`).ReplaceAllString(page, `content="…"`))
}

// A hundred thousand rows must not hold a browser up: the page is there soon, and a search goes through all of them.
func TestLargePageInABrowser(t *testing.T) {
	b := browse(t, htmlOf(t, pull(planOf("staging", digestA, huge(100_000)))), true)
	b.want("document.querySelector('#count').value", "100,000 rows in 1 table")
	shown := b.eval("Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)")
	b.want("document.querySelectorAll('.box *').length < 2000", "true") // the rows are text yet
	b.eval(`(() => { window.longest = 0; let last = performance.now(); (function tick() { const now = performance.now(); window.longest = Math.max(window.longest, now - last); last = now;
		setTimeout(tick) })(); window.began = performance.now(); return 1 })()`)
	b.fill("#words", "a100001")
	b.want("document.querySelector('#count').value + document.querySelectorAll('.box tbody tr').length", "1 of 100,000 rows in 1 table1")
	t.Logf("shown in %s ms; searched in %s ms, with at most %s ms without an answer", shown, b.eval("Math.round(performance.now() - began)"), b.eval("Math.round(longest)"))
	if longest := b.eval("longest < 2000"); longest != "true" {
		t.Errorf("the page gave no answer for %s ms", b.eval("longest"))
	}
	b.quiet()
}

// A page is written as it is made, and what has been written is not held.
func TestPageIsStreamed(t *testing.T) {
	n := &counter{}
	if err := HTMLPull(n, pull(planOf("staging", digestA, huge(100_000)))); err != nil {
		t.Fatal(err)
	}
	if n.bytes < 10<<20 || n.largest > 1<<18 {
		t.Errorf("%d bytes, at most %d at a time", n.bytes, n.largest)
	}
	if grown := int64(n.after) - int64(n.before); n.after == 0 || grown > 1<<20 {
		t.Errorf("after 10 MB it holds %d bytes more than after the first", grown)
	}
}

// BenchmarkHTMLPull writes a page of 100,000 rows.
func BenchmarkHTMLPull(b *testing.B) {
	p := pull(planOf("staging", digestA, huge(100_000)))
	n := &counter{}
	if err := HTMLPull(n, p); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(n.bytes))
	for b.Loop() {
		if err := HTMLPull(io.Discard, p); err != nil {
			b.Fatal(err)
		}
	}
}

// counter counts what is written, and what the heap holds after the first piece and after 10 MB.
type counter struct {
	bytes, largest int
	before, after  uint64
}

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	c.largest = max(c.largest, len(p))
	if c.before == 0 {
		c.before = heap()
	} else if c.after == 0 && c.bytes > 10<<20 {
		c.after = heap()
	}
	return len(p), nil
}

// heap is how much the heap holds after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
