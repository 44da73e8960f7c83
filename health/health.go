// Package health asks the guards of liveops.yaml whether the game is well: by an address of its own, or by a query of Prometheus.
package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"liveops/datarepo"
)

// Guards asks health checks by HTTP. It is safe for concurrent use.
type Guards struct {
	guards    []datarepo.Guard
	transport http.RoundTripper
}

// New asks the guards of a configuration.
func New(guards []datarepo.Guard) *Guards {
	return &Guards{guards: guards, transport: http.DefaultTransport}
}

// mostRedirects is how many redirects of a guard are followed, and mostBody how much of its answer is read.
const (
	mostRedirects = 5
	mostBody      = 64 << 10
)

// Healthy asks a guard and returns nil where it is healthy, else why not, in a line. One with an address is where a GET is answered with
// a status of 200 to 299 within its timeout; nothing of the answer but the status is told. One of Prometheus is where
// the query finds something and each value is within the bounds; the first value that is not is told. A redirect is followed
// on the same host only.
func (g *Guards) Healthy(ctx context.Context, name string) error {
	for _, guard := range g.guards {
		if guard.Name != name {
			continue
		}
		if p := guard.Prometheus; p != nil {
			body, err := g.ask(ctx, guard, p.Address())
			if err != nil {
				return err
			}
			return judge(body, p)
		}
		_, err := g.ask(ctx, guard, guard.URL)
		return err
	}
	return errors.New("liveops.yaml has no such guard")
}

// ask gives the beginning of what an address answers.
func (g *Guards) ask(ctx context.Context, guard datarepo.Guard, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, guard.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("its address cannot be asked")
	}
	request.Header.Set("User-Agent", "liveops")
	client := &http.Client{Transport: g.transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case next.URL.Host != request.URL.Host:
			return errors.New("it redirects to another host")
		case len(via) > mostRedirects:
			return errors.New("it redirects without end")
		}
		return nil
	}}
	response, err := client.Do(request)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(response.Body, mostBody))
		response.Body.Close()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("no answer within %s", guard.Timeout)
	case err != nil:
		var wrapped *url.Error // its text has the address, which the name stands for
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, fmt.Errorf("it answers %d", response.StatusCode)
	}
	return body, nil
}
