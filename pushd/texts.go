package pushd

import (
	"strconv"

	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
)

// texts are what the messages of a run say, by language, platform and gateway.
type texts struct {
	campaign  *campaign.Campaign
	stamp     campaign.Stamp
	languages *memo[string, string]
	templates *memo[textKey, *gateway.Template]
}

type textKey struct {
	language string
	platform campaign.Platform
	by       campaign.Gateway
}

func newTexts(c *campaign.Campaign, s campaign.Stamp) *texts {
	t := &texts{campaign: c, stamp: s}
	t.languages, t.templates = newMemo(c.Language), newMemo(t.template)
	return t
}

// of is the template for a user's language.
func (t *texts) of(language string, p campaign.Platform, by campaign.Gateway) *gateway.Template {
	return t.templates.get(textKey{t.languages.get(language), p, by})
}

func (t *texts) template(k textKey) *gateway.Template {
	if k.by == campaign.FCM {
		body := t.campaign.FCM(k.language, k.platform, t.stamp)
		return &gateway.Template{Prefix: []byte(body.Before), Suffix: []byte(body.After)}
	}
	r := t.campaign.APNs(k.language, t.stamp)
	h := gateway.Header{PushType: r.PushType, CollapseID: r.CollapseID}
	h.Priority, _ = strconv.Atoi(r.Priority)                 // which the campaign wrote
	h.Expiration, _ = strconv.ParseInt(r.Expiration, 10, 64) // likewise
	return &gateway.Template{Prefix: []byte(r.Payload), APNs: h}
}
