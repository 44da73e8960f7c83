// Package apns is a stand-in for the Apple Push Notification service, for `make demo` and for tests: its provider API
// over HTTP/2 with authentication tokens. It checks what Apple checks, and counts.
//
// Where the rules come from:
//   - the request and its headers: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
//   - the answers: https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
//   - the tokens: https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
//   - the payload: https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
//
// What differs from Apple's, on purpose: certificates instead of tokens are not taken; a device token is taken for
// valid if it consists of 64 to 200 hexadecimal digits, and Devices says nothing else; there is one key, and one app.
package apns
