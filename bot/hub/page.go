package hub

import (
	"bytes"
	"html/template"
	"net/http"
)

// page is what a person sees while an App is registered.
type page struct {
	Title, Text    string
	Form, Manifest string // where the button posts what; "" for no button
	Install        string // where the App is installed; "" for no link
}

const pageText = `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{{.Title}}</title>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{if .Form}}<form action="{{.Form}}" method="post"><input type="hidden" name="manifest" value="{{.Manifest}}"><button>Go on at GitHub</button></form>{{end}}
{{if .Install}}<p><a href="{{.Install}}">Install it on the data repos</a></p>{{end}}
</html>
`

func show(w http.ResponseWriter, status int, p page) {
	var b bytes.Buffer
	t, err := template.New("page").Parse(pageText)
	if err == nil {
		err = t.Execute(&b, p)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser may be gone
}
