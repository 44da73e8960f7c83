package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Fingerprint is a hash of what the campaign does, in 64 hexadecimal digits: when, for whom, with what words and servers. Where its file
// stands, its description, how close its times may come and where things stand in it are left out.
func (c *Campaign) Fingerprint() string {
	s := c.Spec
	s.Path, s.Description, s.Apart, s.Places, s.Messages = "", "", 0, nil, c.messages
	zone := s.Zone.String()
	s.Zone = nil
	b, err := json.Marshal(struct {
		Spec Spec
		Zone string
	}{s, zone})
	if err != nil {
		panic(fmt.Sprintf("campaign: a spec always encodes: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
