package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"
)

// MissedDelivery is a webhook's delivery that the bot never answered well.
type MissedDelivery struct {
	ID        string    // X-GitHub-Delivery, the same for all redeliveries
	Event     string    // X-GitHub-Event
	Delivered time.Time // when it was first tried, as far as GitHub remembers
	Payload   []byte    // JSON
}

// MissedDeliveries lists the deliveries of a repository's events since a time that failed and that no redelivery has
// made good, the oldest first. GitHub remembers three days
// (https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries).
//
// An App asks for its own deliveries; a token for those of the repository's webhook whose address is the bot's. It
// fails with a *NoDeliveriesError where GitHub does not show them (a token needs the permission Webhooks, or the scope
// admin:repo_hook), or there is no such webhook.
func (h *Hub) MissedDeliveries(ctx context.Context, repository string, since time.Time) ([]MissedDelivery, error) {
	owner, name, err := split(repository)
	if err != nil {
		return nil, err
	}
	list, err := h.who.missed(ctx, owner, name, since)
	if err != nil {
		return nil, fmt.Errorf("look for deliveries of %s that were missed: %w", repository, err)
	}
	return list, nil
}

// ledger is where deliveries are listed, a page at a time and the newest first, and read.
type ledger struct {
	list func(ctx context.Context, o *github.ListCursorOptions) ([]*github.HookDelivery, *github.Response, error)
	get  func(ctx context.Context, id int64) (*github.HookDelivery, *github.Response, error)
}

// missed of the App: https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
func (a *app) missed(ctx context.Context, owner, name string, since time.Time) ([]MissedDelivery, error) {
	in, err := a.account(ctx, owner, name)
	if err != nil {
		return nil, err
	}
	repository, _, err := a.hub.client(in.transport).Repositories.Get(ctx, owner, name)
	if err != nil {
		return nil, err
	}
	apps := a.hub.client(a.self.transport).Apps
	return ledger{apps.ListHookDeliveries, apps.GetHookDelivery}.failed(ctx, repository.GetID(), since)
}

// missed of a token: https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
func (p *person) missed(ctx context.Context, owner, name string, since time.Time) ([]MissedDelivery, error) {
	no := func(reason string) error { return &NoDeliveriesError{owner + "/" + name, reason} }
	if p.hub.options.PublicURL == "" {
		return nil, no("LIVEOPS_PUBLIC_URL is not set, by which the bot's own webhook is known")
	}
	client := p.hub.client(p.one.transport)
	o := &github.ListOptions{PerPage: 100}
	for {
		hooks, response, err := client.Repositories.ListHooks(ctx, owner, name, o)
		if refused := (*github.ErrorResponse)(nil); errors.As(err, &refused) &&
			(refused.Response.StatusCode == http.StatusNotFound || refused.Response.StatusCode == http.StatusForbidden) {
			return nil, no("the token may not read the repository's webhooks")
		}
		if err != nil {
			return nil, err
		}
		for _, hook := range hooks {
			if IsWebhook(p.hub.options.PublicURL, hook.GetConfig().GetURL()) {
				return p.ofHook(client, owner, name, hook.GetID()).failed(ctx, 0, since)
			}
		}
		if response.NextPage == 0 {
			return nil, no("it has no webhook with the address " + WebhookURL(p.hub.options.PublicURL))
		}
		o.Page = response.NextPage
	}
}

func (p *person) ofHook(client *github.Client, owner, name string, hook int64) ledger {
	return ledger{
		func(ctx context.Context, o *github.ListCursorOptions) ([]*github.HookDelivery, *github.Response, error) {
			return client.Repositories.ListHookDeliveries(ctx, owner, name, hook, o)
		},
		func(ctx context.Context, id int64) (*github.HookDelivery, *github.Response, error) {
			return client.Repositories.GetHookDelivery(ctx, owner, name, hook, id)
		},
	}
}

// WebhookURL is the address that webhooks are sent to, of a bot that is reached at publicURL.
func WebhookURL(publicURL string) string { return strings.TrimRight(publicURL, "/") + "/webhook" }

// IsWebhook says whether an address is that of the bot's webhook, but for a slash at its end.
func IsWebhook(publicURL, address string) bool {
	return strings.EqualFold(strings.TrimRight(address, "/"), WebhookURL(publicURL))
}

// failed reads the deliveries that failed, of the repository with an id, or of any for 0.
func (l ledger) failed(ctx context.Context, repository int64, since time.Time) ([]MissedDelivery, error) {
	attempts, err := l.since(ctx, since)
	if err != nil {
		return nil, err
	}
	done := map[string]bool{}
	first := map[string]*github.HookDelivery{}
	for _, d := range attempts { // the newest first
		done[d.GetGUID()] = done[d.GetGUID()] || isOK(d)
		first[d.GetGUID()] = d
	}
	failed := slices.SortedFunc(maps.Values(first), func(a, b *github.HookDelivery) int {
		return cmp.Or(a.GetDeliveredAt().Compare(b.GetDeliveredAt().Time), cmp.Compare(a.GetID(), b.GetID()))
	})
	var missed []MissedDelivery
	for _, d := range failed {
		if done[d.GetGUID()] || repository != 0 && d.GetRepositoryID() != repository {
			continue
		}
		whole, _, err := l.get(ctx, d.GetID())
		if err != nil {
			return nil, fmt.Errorf("read delivery %s: %w", d.GetGUID(), err)
		}
		m := MissedDelivery{ID: d.GetGUID(), Event: d.GetEvent(), Delivered: d.GetDeliveredAt().Time}
		if whole.Request != nil && whole.Request.RawPayload != nil {
			m.Payload = *whole.Request.RawPayload
		}
		missed = append(missed, m)
	}
	return missed, nil
}

// since lists the attempts to deliver since a time, the newest first.
func (l ledger) since(ctx context.Context, since time.Time) ([]*github.HookDelivery, error) {
	var all []*github.HookDelivery
	o := &github.ListCursorOptions{PerPage: 100}
	for {
		page, response, err := l.list(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("list the webhook's deliveries: %w", err)
		}
		for _, d := range page {
			if d.GetDeliveredAt().Before(since) {
				return all, nil
			}
			all = append(all, d)
		}
		if response.Cursor == "" {
			return all, nil
		}
		o.Cursor = response.Cursor
	}
}

// isOK says whether a delivery was answered well: GitHub counts any 2xx.
func isOK(d *github.HookDelivery) bool { return d.GetStatusCode() >= 200 && d.GetStatusCode() < 300 }
