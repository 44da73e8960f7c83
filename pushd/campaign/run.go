package campaign

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// Run is one firing of a campaign in an environment. It identifies the run: there is one of each.
type Run struct {
	Environment string
	Campaign    string
	Time        time.Time // when it is due, without jitter
}

// String is the run's name: production/crystals/2026-11-27T10:03:00Z.
func (r Run) String() string {
	return r.Environment + "/" + r.Campaign + "/" + r.Time.UTC().Format(time.RFC3339)
}

// CollapseID is the run's own collapse id, 24 letters, digits, `-` and `_`: a push that is sent a second time takes the place of
// its first copy on the phone. APNs takes 64 bytes
// (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
func (r Run) CollapseID() string {
	sum := r.sum("collapse")
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// TestID is the collapse id of a test that was asked for at the run's time: another one than the run's.
func (r Run) TestID() string {
	sum := r.sum("test")
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// sum is of the run and what the sum is for.
func (r Run) sum(what string) [32]byte { return sha256.Sum256([]byte(what + "\x00" + r.String())) }

// Start is when the run begins: a whole number of seconds after its time, jitter at most, and always the same for the
// same run. With jitter it keeps off the quarter-hours, as Google asks
// (https://firebase.google.com/docs/cloud-messaging/scale-fcm): off the whole minutes :00, :15, :30 and :45 where the
// jitter reaches out of them, and off their first second in any case. Every zone in use is whole quarters of an hour off UTC.
func (r Run) Start(jitter time.Duration) time.Time {
	var seconds []time.Duration // that may be
	for _, crowded := range []func(time.Time) bool{
		func(t time.Time) bool { return t.Minute()%15 == 0 },
		func(t time.Time) bool { return t.Minute()%15 == 0 && t.Second() == 0 },
	} {
		for s := time.Duration(0); s <= jitter; s += time.Second {
			if !crowded(r.Time.Add(s).UTC()) {
				seconds = append(seconds, s)
			}
		}
		if len(seconds) > 0 {
			break
		}
	}
	if jitter < time.Second || len(seconds) == 0 {
		return r.Time
	}
	sum := r.sum("jitter")
	return r.Time.Add(seconds[binary.BigEndian.Uint64(sum[:8])%uint64(len(seconds))])
}
