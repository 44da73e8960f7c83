// Package fcm is a stand-in for Firebase Cloud Messaging, for `make demo` and for tests: the HTTP v1 API over HTTP/2,
// with the OAuth 2.0 endpoint that gives service accounts their tokens. It checks what Google checks, and counts.
//
// Where the rules come from:
//   - the message: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
//   - the errors: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
//   - the quota: https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas
//   - the tokens: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
//
// What differs from Google's, on purpose:
//   - the 4,096 bytes that a message may have are those of its JSON without the token;
//   - only messages to tokens are taken, none to topics and conditions;
//   - a token is taken for valid whatever stands in it, if it is as long as one and of its characters, and Devices
//     says nothing else;
//   - the quota of a minute is one for all projects of the stand-in, which has one.
package fcm
