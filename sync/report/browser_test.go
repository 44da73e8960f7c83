package report

import (
	gocontext "context" // the package has a constant of that name
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "keep the browser's screenshots in this directory")

// browser is a headless Chromium that shows one page and keeps what it complains of.
type browser struct {
	*testing.T
	ctx    gocontext.Context
	server *httptest.Server
	mu     sync.Mutex
	wrong  []string // what no page may do
	asked  []string // paths that the server was asked for
}

// browse shows a page in Chromium. Without Chromium the test is skipped.
func browse(t *testing.T, html string, scripting bool) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Skip("there is no Chromium here; `make deps` installs it")
	}
	b := &browser{T: t}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.asked = append(b.asked, r.URL.Path)
		b.mu.Unlock()
		if r.URL.Path != "/report" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", PagePolicy()+"; frame-ancestors 'none'")
		fmt.Fprint(w, html)
	}))
	t.Cleanup(b.server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	allocated, stop := chromedp.NewExecAllocator(gocontext.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("end Chromium: %v", err)
		}
		cancel()
	})
	b.ctx = ctx
	if err := chromedp.Listen(ctx, b.listen); err != nil { // starts the browser: no time limit may end this context
		t.Fatal(err)
	}
	call(b, log.Enable, cdp.Empty{})
	call(b, network.Enable, network.EnableParams{})
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripting})
	b.do(chromedp.EmulateViewport(1400, 900), chromedp.Navigate(b.server.URL+"/report"))
	return b
}

// listen keeps errors, dialogs and requests.
func (b *browser) listen(event any) {
	var said string
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("console.%s: %v", e.Type, e.Args)
	case *runtime.EventExceptionThrown:
		said = fmt.Sprintf("exception: %+v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		said = fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		said = "a dialog: " + e.Message
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, b.server.URL+"/report") && !strings.HasPrefix(url, "data:") {
			said = "a request for " + url
		}
	}
	if said != "" {
		b.mu.Lock()
		b.wrong = append(b.wrong, said)
		b.mu.Unlock()
	}
}

// patience bounds what the browser is asked for.
const patience = time.Minute

// do does something in the browser.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := gocontext.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// call gives the browser a command of its protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.Helper()
	ctx, cancel := gocontext.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		b.Fatal(err)
	}
}

// get is what an action finds out.
func get[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := gocontext.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// eval is the value of a JavaScript expression as text.
func (b *browser) eval(expression string) string {
	b.Helper()
	return get(b, chromedp.Evaluate[string]("String("+expression+")"))
}

// want waits until an expression has a value.
func (b *browser) want(expression, value string) {
	b.Helper()
	const settled = `new Promise((done) => { let n = 0; (function look() { let v; try { v = String(%s) } catch (e) { v = String(e) }
		if (v === %q || ++n > 300) done(v); else setTimeout(look, 20) })() })`
	if got := get(b, chromedp.Evaluate[string](fmt.Sprintf(settled, expression, value), chromedp.EvalAwaitPromise)); got != value {
		b.Errorf("%s is %q, want %q", expression, got, value)
	}
}

// colorScheme says whether the reader's system is dark or light.
func (b *browser) colorScheme(scheme string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// fill puts a text into an input as a person would.
func (b *browser) fill(selector, text string) {
	b.Helper()
	b.eval(fmt.Sprintf(`(() => { const i = document.querySelector(%q); i.value = %q; i.dispatchEvent(new Event('input')); return 1 })()`, selector, text))
}

// shoot takes a screenshot of the window, which must not be blank.
func (b *browser) shoot(name string) []byte {
	b.Helper()
	png := get(b, chromedp.CaptureScreenshot())
	if *screenshots != "" {
		if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return png
}

// quiet fails for all that the page did and must not.
func (b *browser) quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.wrong {
		b.Error(s)
	}
	for _, path := range b.asked {
		if path != "/report" {
			b.Errorf("the server was asked for %s", path)
		}
	}
}
