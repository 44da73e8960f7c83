package apns

import (
	"encoding/json"
	"time"

	"liveops/sandbox/push"
)

// statuses are the reasons that Apple documents, with their status codes:
// https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns.
var statuses = map[string]int{
	"BadCollapseId": 400, "BadDeviceToken": 400, "BadExpirationDate": 400, "BadMessageId": 400, "BadPriority": 400, "BadTopic": 400,
	"DeviceTokenNotForTopic": 400, "DuplicateHeaders": 400, "IdleTimeout": 400, "InvalidPushType": 400, "MissingDeviceToken": 400,
	"MissingTopic": 400, "PayloadEmpty": 400, "TopicDisallowed": 400,
	"BadCertificate": 403, "BadCertificateEnvironment": 403, "ExpiredProviderToken": 403, "Forbidden": 403, "InvalidProviderToken": 403,
	"MissingProviderToken": 403, "UnrelatedKeyIdInToken": 403, "BadEnvironmentKeyIdInToken": 403,
	"BadPath": 404, "MethodNotAllowed": 405, "ExpiredToken": 410, "Unregistered": 410, "PayloadTooLarge": 413,
	"TooManyProviderTokenUpdates": 429, "TooManyRequests": 429,
	"InternalServerError": 500, "ServiceUnavailable": 503, "Shutdown": 503,
}

// Failure is the answer with a reason that Apple documents; it panics for one that it does not.
func Failure(reason string) push.Answer {
	status, ok := statuses[reason]
	if !ok {
		panic("apns: there is no reason " + reason)
	}
	body, _ := json.Marshal(map[string]string{"reason": reason}) // a string
	return push.Answer{Status: status, Reason: reason, Body: body}
}

// Unregistered says that a device token is inactive since a time, in milliseconds.
func Unregistered(since time.Time) push.Answer {
	body, _ := json.Marshal(map[string]any{"reason": "Unregistered", "timestamp": since.UnixMilli()}) // a string and a number
	return push.Answer{Status: 410, Reason: "Unregistered", Body: body}
}
