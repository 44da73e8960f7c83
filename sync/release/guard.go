package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"liveops/datarepo"
)

// Guards asks health checks by HTTP.
type Guards struct {
	guards    []datarepo.Guard
	transport http.RoundTripper
}

// NewGuards asks the guards of a configuration.
func NewGuards(guards []datarepo.Guard) *Guards {
	return &Guards{guards: guards, transport: http.DefaultTransport}
}

// mostRedirects is how many redirects of a guard are followed, and mostBody how much of its answer is read.
const (
	mostRedirects = 5
	mostBody      = 64 << 10
)

// Healthy asks a guard: it is healthy where a GET is answered with a status of 200 to 299, whole, within its timeout.
// A redirect is followed on the same host only. Nothing of the answer but the status is told.
func (g *Guards) Healthy(ctx context.Context, name string) error {
	for _, guard := range g.guards {
		if guard.Name == name {
			return g.ask(ctx, guard)
		}
	}
	return errors.New("liveops.yaml has no such guard")
}

func (g *Guards) ask(ctx context.Context, guard datarepo.Guard) error {
	ctx, cancel := context.WithTimeout(ctx, guard.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, guard.URL, nil)
	if err != nil {
		return errors.New("its address cannot be asked")
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
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, mostBody))
		response.Body.Close()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", guard.Timeout)
	case err != nil:
		var wrapped *url.Error // its text has the address, which the name stands for
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return err
	case response.StatusCode < 200 || response.StatusCode > 299:
		return fmt.Errorf("it answers %d", response.StatusCode)
	}
	return nil
}
