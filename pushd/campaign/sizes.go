package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// sizes looks at the payloads of every language, as gateways bring them; nil is Android's by FCM and iOS's by APNs.
func (r *rules) sizes(gateways map[Platform]Gateway) {
	written := map[string]string{Default: Default}
	for w := range r.c.Messages {
		if tag, ok := canonical(w); ok && w != Default {
			written[tag.String()] = w
		}
	}
	if n := len(jsonOf(r.c.Push.Data)); n > MostPayload {
		r.add("data", "leave something out", "the data alone is %d bytes, and a push of %d is taken", n, MostPayload)
		return
	}
	for _, l := range r.c.Languages() {
		if s := r.c.Sizes(l, gateways)[0]; s.Bytes > MostPayload {
			r.add("message."+written[l], fmt.Sprintf("leave out %d bytes of the text or of `data`", s.Bytes-MostPayload),
				"for %s the push is %d bytes by %s, and %d are taken", s.Platform, s.Bytes, gatewayName(s.Gateway), MostPayload)
		}
	}
}

// Size is how many bytes of MostPayload a push takes.
type Size struct {
	Platform Platform
	Gateway  Gateway
	Bytes    int
}

// Sizes are a message's on every platform that it is for, the largest first; at least one. gateways says who brings it, nil that FCM
// does to Android and APNs to iOS. Of FCM the whole message counts but for the token, which is more than FCM counts itself.
func (c *Campaign) Sizes(language string, gateways map[Platform]Gateway) []Size {
	stamp := Stamp{CollapseID: Run{}.CollapseID(), SentAt: farMoment()}
	var all []Size
	for _, p := range c.platforms() {
		s := Size{Platform: p, Gateway: gatewayOf(p, gateways)}
		if s.Gateway == APNs {
			s.Bytes = len(c.APNs(language, stamp).Payload)
		} else {
			s.Bytes = c.FCM(language, p, stamp).Len() - len(`{"message":"token":"",}`)
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b Size) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return all
}

// gatewayOf is who brings pushes to a platform.
func gatewayOf(p Platform, gateways map[Platform]Gateway) Gateway {
	if by, ok := gateways[p]; ok {
		return by
	}
	if p == IOS {
		return APNs
	}
	return FCM
}

// platforms are those of the audience.
func (c *Campaign) platforms() []Platform {
	if len(c.Audience.Platforms) > 0 {
		return slices.Sorted(slices.Values(c.Audience.Platforms))
	}
	return Platforms()
}

func gatewayName(g Gateway) string {
	if g == APNs {
		return "APNs"
	}
	return "FCM"
}

// farMoment is a time with as many digits as any that pushes are sent at until the year 2286.
func farMoment() time.Time { return time.Unix(9_000_000_000, 0) }
