package purge

import (
	"crypto/sha256"
	"encoding/hex"
)

// Hash is how a body is told from every other: its SHA-256, in hexadecimal digits.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
