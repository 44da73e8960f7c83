package fcm

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/net/http2/hpack"

	"liveops/sandbox/push"
)

// jsonFields are the header fields that all answers have.
var jsonFields = []hpack.HeaderField{{Name: "content-type", Value: "application/json; charset=UTF-8"}, {Name: "vary", Value: "X-Origin"}, {Name: "server", Value: "scaffolding on HTTPServer2"}}

// The types of error details.
const (
	fcmErrorType     = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
	quotaFailureType = "type.googleapis.com/google.rpc.QuotaFailure"
	badRequestType   = "type.googleapis.com/google.rpc.BadRequest"
)

// The errors that Google documents at https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.

// Unregistered says that a token is no longer one of the app's.
func Unregistered() push.Answer {
	return failure(404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found.", 0)
}

// SenderIDMismatch says that a token belongs to another project.
func SenderIDMismatch() push.Answer {
	return failure(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch", 0)
}

// QuotaExceeded says that the project sent too much, with a Retry-After of whole seconds; 0 for none.
func QuotaExceeded(retryAfter time.Duration) push.Answer {
	return failure(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute' of service 'fcm.googleapis.com'.", retryAfter,
		map[string]any{"@type": quotaFailureType, "violations": []any{map[string]any{"subject": "project:stand-in", "description": "Message rate exceeded"}}})
}

// DeviceQuotaExceeded says that one device was sent too much.
func DeviceQuotaExceeded() push.Answer {
	return failure(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Device message rate exceeded", 0,
		map[string]any{"@type": quotaFailureType, "violations": []any{map[string]any{"subject": "device", "description": "Device message rate exceeded"}}})
}

// Unavailable says that the server is overloaded, with a Retry-After of whole seconds; 0 for none.
func Unavailable(retryAfter time.Duration) push.Answer {
	return failure(503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable.", retryAfter)
}

// Internal says that something else went wrong.
func Internal() push.Answer {
	return failure(500, "INTERNAL", "INTERNAL", "Internal error encountered.", 0)
}

// ThirdPartyAuth says that the project's own key for APNs is not accepted there.
func ThirdPartyAuth() push.Answer {
	return failure(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service", 0)
}

// unauthenticated says that there is no valid OAuth 2.0 token. It has no FcmError: the request did not get that far.
func unauthenticated() push.Answer {
	return failure(401, "UNAUTHENTICATED", "", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.", 0)
}

// permissionDenied says that the account may not send for the project.
func permissionDenied(project string) push.Answer {
	return failure(403, "PERMISSION_DENIED", "", fmt.Sprintf("Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/%s' (or it may not exist).", project), 0)
}

// InvalidArgument says that something is wrong with the message.
func InvalidArgument(message string) push.Answer { return invalid("message", message) }

// invalid says what is wrong with a field of the message.
func invalid(field, message string) push.Answer {
	return failure(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", message, 0,
		map[string]any{"@type": badRequestType, "fieldViolations": []any{map[string]any{"field": field, "description": message}}})
}

// notFound is the answer to any other path.
func notFound() push.Answer {
	return failure(404, "NOT_FOUND", "", "Method not found.", 0)
}

// failure is an error in the form of https://cloud.google.com/apis/design/errors.
func failure(status int, canonical, code, message string, retryAfter time.Duration, details ...map[string]any) push.Answer {
	a := push.Answer{Status: status, Reason: code, Fields: jsonFields}
	if code == "" {
		a.Reason = canonical
	} else {
		details = append([]map[string]any{{"@type": fcmErrorType, "errorCode": code}}, details...)
	}
	if retryAfter > 0 {
		a.Fields = append(append([]hpack.HeaderField{}, jsonFields...), hpack.HeaderField{Name: "retry-after", Value: strconv.Itoa(int(retryAfter.Seconds()))})
	}
	e := map[string]any{"code": status, "message": message, "status": canonical}
	if len(details) > 0 {
		e["details"] = details
	}
	a.Body, _ = json.MarshalIndent(map[string]any{"error": e}, "", "  ") // strings and numbers only
	return a
}
