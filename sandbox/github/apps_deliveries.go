package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// deliveriesKept is how long GitHub shows a delivery. See
// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries
const deliveriesKept = 3 * 24 * time.Hour

// deliveryRoutes are the deliveries of the server's one receiver (SetWebhook), which an App sees as its own webhook's,
// and who administers a repository as its repository's.
func deliveryRoutes() []route {
	const app, hook = "https://docs.github.com/en/rest/apps/webhooks", "https://docs.github.com/en/rest/repos/webhooks"
	return []route{
		{"GET /app/hook/deliveries", None, app + "#list-deliveries-for-an-app-webhook", listDeliveries},
		{"GET /app/hook/deliveries/{delivery}", None, app + "#get-a-delivery-for-an-app-webhook", getDelivery},
		{"POST /app/hook/deliveries/{delivery}/attempts", None, app + "#redeliver-a-delivery-for-an-app-webhook", attemptDelivery},
		{"GET /repos/{owner}/{repo}/hooks", Admin, hook + "#list-repository-webhooks", listHooks},
		{"GET /repos/{owner}/{repo}/hooks/{hook}", Admin, hook + "#get-a-repository-webhook", getHook},
		{"GET /repos/{owner}/{repo}/hooks/{hook}/deliveries", Admin, hook + "#list-deliveries-for-a-repository-webhook", listDeliveries},
		{"GET /repos/{owner}/{repo}/hooks/{hook}/deliveries/{delivery}", Admin, hook + "#get-a-delivery-for-a-repository-webhook", getDelivery},
		{"POST /repos/{owner}/{repo}/hooks/{hook}/deliveries/{delivery}/attempts", Admin, hook + "#redeliver-a-delivery-for-a-repository-webhook", attemptDelivery},
	}
}

func listHooks(c *call) (answer, error) {
	var hooks []*hook
	if c.s.hook != nil {
		hooks = append(hooks, c.s.hook)
	}
	documents := []document{}
	for _, h := range page(c, hooks) {
		documents = append(documents, h.document(c.repo))
	}
	return found(documents)
}

func getHook(c *call) (answer, error) {
	if err := c.hookOfPath(); err != nil {
		return answer{}, err
	}
	return found(c.s.hook.document(c.repo))
}

// hookOfPath refuses a webhook that is not there; an App's path names none.
func (c *call) hookOfPath() error {
	if id := c.r.PathValue("hook"); id != "" && (c.s.hook == nil || id != strconv.FormatInt(c.s.hook.id, 10)) {
		return notFound()
	}
	return nil
}

// document describes the webhook; its secret is not told.
func (h *hook) document(r *Repo) document {
	config := document{"content_type": "json", "insecure_ssl": "0", "url": h.url}
	if h.secret != "" {
		config["secret"] = "********"
	}
	return document{
		"type": "Repository", "id": h.id, "name": "web", "active": true, "events": []string{"*"}, "config": config,
		"url": r.api("/hooks/%d", h.id), "deliveries_url": r.api("/hooks/%d/deliveries", h.id),
	}
}

// shownDeliveries are those that were tried, of the path's repository if it names one, the newest first.
func (c *call) shownDeliveries() []*Delivery {
	var list []*Delivery
	for _, d := range slices.Backward(c.s.deliveries) {
		if d.Sent && c.s.now().Sub(d.Delivered) < deliveriesKept && (c.repo == nil || d.repository() == c.repo.id) {
			list = append(list, d)
		}
	}
	return list
}

// repository is the id of the repository that the event is of; 0 for none.
func (d *Delivery) repository() int64 {
	var event struct {
		Repository struct {
			ID int64 `json:"id"`
		} `json:"repository"`
	}
	_ = json.Unmarshal(d.Payload, &event) // which the server itself made
	return event.Repository.ID
}

// listDeliveries pages by a cursor that only the Link header tells. See
// https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
func listDeliveries(c *call) (answer, error) {
	if err := c.hookOfPath(); err != nil {
		return answer{}, err
	}
	if err := c.refuseFilters("redelivery", "status"); err != nil {
		return answer{}, err
	}
	list := c.shownDeliveries()
	if cursor := c.query.Get("cursor"); cursor != "" {
		i := slices.IndexFunc(list, func(d *Delivery) bool { return cursor == d.cursor() })
		if i < 0 {
			return answer{}, &APIError{Status: http.StatusUnprocessableEntity, Message: "Invalid cursor"}
		}
		list = list[i:]
	}
	if size := min(queryNumber(c, "per_page", defaultPerPage), maxPerPage); len(list) > size {
		query := url.Values{"per_page": {strconv.Itoa(size)}, "cursor": {list[size].cursor()}}
		c.header.Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, c.s.url, c.path, query.Encode()))
		list = list[:size]
	}
	documents := []document{}
	for _, d := range list {
		documents = append(documents, d.summary())
	}
	return found(documents)
}

func (d *Delivery) cursor() string { return fmt.Sprintf("v1_%d", d.ID) }

// summary is the delivery in a list.
func (d *Delivery) summary() document {
	status, code := d.outcome()
	doc := document{
		"id": d.ID, "guid": d.GUID, "delivered_at": stamp(d.Delivered), "redelivery": d.Redelivery, "duration": 0.1,
		"status": status, "status_code": code, "event": d.Event, "action": nil, "installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if d.Action != "" {
		doc["action"] = d.Action
	}
	if id := d.repository(); id != 0 {
		doc["repository_id"] = id
	}
	return doc
}

// outcome is what became of the delivery in GitHub's words and as a number: the receiver's, or one of GitHub's own
// where it gave none.
func (d *Delivery) outcome() (status string, code int) {
	switch {
	case d.Err != "" && strings.Contains(d.Err, "deadline"):
		return "timed out", http.StatusGatewayTimeout
	case d.Err != "":
		return "failed to connect to host", http.StatusBadGateway
	case d.StatusCode >= 200 && d.StatusCode < 300:
		return "OK", d.StatusCode
	}
	return fmt.Sprintf("Invalid HTTP Response: %d", d.StatusCode), d.StatusCode
}

// delivery is the one of the path.
func (c *call) delivery() (*Delivery, error) {
	if err := c.hookOfPath(); err != nil {
		return nil, err
	}
	id, err := c.number("delivery")
	if err != nil {
		return nil, err
	}
	for _, d := range c.shownDeliveries() {
		if d.ID == int64(id) {
			return d, nil
		}
	}
	return nil, notFound()
}

func getDelivery(c *call) (answer, error) {
	d, err := c.delivery()
	if err != nil {
		return answer{}, err
	}
	doc := d.summary()
	doc["url"] = d.url
	headers := map[string]string{}
	for name := range d.Header {
		headers[name] = d.Header.Get(name)
	}
	doc["request"] = document{"headers": headers, "payload": json.RawMessage(d.Payload)}
	doc["response"] = document{"headers": map[string]string{}, "payload": string(d.ResponseBody)}
	return found(doc)
}

func attemptDelivery(c *call) (answer, error) {
	d, err := c.delivery()
	if err != nil {
		return answer{}, err
	}
	if c.s.hook == nil {
		return answer{}, notFound()
	}
	c.s.queueDelivery(&Delivery{
		ID: c.s.nextID(), GUID: d.GUID, Event: d.Event, Action: d.Action, Payload: d.Payload, Redelivery: true,
	})
	return answer{http.StatusAccepted, document{}}, nil
}
