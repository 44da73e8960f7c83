package gateway

import (
	"fmt"
	"net/http"
	"time"

	"liveops/pushd/gateway/h2"
)

// apnsDeviceWait is how long a message waits for a device that was sent too many, and all for a token that was renewed
// too often; Apple names no time.
const apnsDeviceWait = time.Minute

// tooSoon is APNs's word that another token was new less than 20 minutes ago.
const tooSoon = "TooManyProviderTokenUpdates"

// judge reads an answer; the reasons are those of
// https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns.
func (a *apns) judge(n *h2.Answer, r *Result, now time.Time) verdict {
	if n.Status == http.StatusOK {
		r.ID = append(r.ID[:0], n.ID...)
		return verdict{kind: accepted}
	}
	r.Reason = printable(jsonString(n.Body, "reason"))
	switch r.Reason {
	case "Unregistered", "ExpiredToken":
		if n.Status != http.StatusGone {
			break
		}
		if since := jsonInt(n.Body, "timestamp"); since > 0 {
			r.Since = time.UnixMilli(since).UTC()
		}
		return verdict{kind: dead}
	case "ExpiredProviderToken":
		return verdict{kind: renew}
	case "InvalidProviderToken", "MissingProviderToken", "BadCertificate", "BadCertificateEnvironment", "Forbidden", "UnrelatedKeyIdInToken", "BadEnvironmentKeyIdInToken":
		return stop(r.Reason, "APNs does not accept the key: check the key, its id, the team's id, and whether it is for this environment of APNs")
	case "BadTopic", "MissingTopic", "TopicDisallowed", "DeviceTokenNotForTopic":
		return stop(r.Reason, "the topic, the key or the tokens are of another app: check the topic of this environment")
	case "BadPath", "MethodNotAllowed":
		return stop(r.Reason, "this is not APNs: check the address")
	case tooSoon:
		return verdict{kind: renew, wait: apnsDeviceWait}
	case "TooManyRequests":
		return verdict{kind: again, wait: max(apnsDeviceWait, parseRetryAfter(n.RetryAfter, now))}
	case "IdleTimeout":
		return verdict{kind: again}
	}
	switch {
	case n.Status >= 500, n.Status == http.StatusTooManyRequests, n.Status == http.StatusRequestTimeout:
		return verdict{kind: again, sick: n.Status >= 500, wait: parseRetryAfter(n.RetryAfter, now)}
	case n.Status == http.StatusForbidden:
		return stop(fmt.Sprintf("status %d %s", n.Status, r.Reason), "APNs does not accept the key")
	}
	if r.Reason == "" {
		r.Reason = fmt.Sprint("status ", n.Status)
	}
	return verdict{kind: rejected}
}
