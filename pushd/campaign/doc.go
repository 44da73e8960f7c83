// Package campaign knows what a push campaign is: when it is due, in which zones, whom it is for, and what each gateway
// is sent for each of its languages. It does no I/O: files come in decoded, numbers are given by who has read them.
//
// What the gateways take and refuse is from their vendors' pages:
//
//   - FCM: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
//   - APNs: https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification (the payload) and
//     https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns (the headers)
package campaign
