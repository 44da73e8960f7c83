package couchbase

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"strings"
)

// scramRounds is how often a password is hashed: what RFC 7677 asks for at least.
const scramRounds = 4096

// errAuth says that a user and a password don't belong together, or that the exchange was not as RFC 5802 has it.
var errAuth = errors.New("authentication failed")

// A scram is the server's side of one exchange (RFC 5802), without channel binding: the data service offers none
// (https://github.com/couchbase/kv_engine/blob/master/docs/sasl.md).
type scram struct {
	hash        func() hash.Hash
	salt        []byte
	user        string
	nonce       string
	clientFirst string // without its header
	serverFirst string
}

// newScram begins an exchange by a mechanism; nil if it is none of ours.
func newScram(mechanism string) *scram {
	s := &scram{salt: make([]byte, 16)}
	switch mechanism {
	case "SCRAM-SHA512":
		s.hash = sha512.New
	case "SCRAM-SHA256":
		s.hash = sha256.New
	case "SCRAM-SHA1":
		s.hash = sha1.New
	default:
		return nil
	}
	_, _ = rand.Read(s.salt) // never fails
	return s
}

// first takes the client's first message, and returns the server's. A user who is not known is not told so yet.
func (s *scram) first(message string) (string, error) {
	bare, ok := strings.CutPrefix(message, "n,,")
	if !ok {
		return "", errAuth
	}
	name, nonce := scramField(bare, "n"), scramField(bare, "r")
	if name == "" || nonce == "" {
		return "", errAuth
	}
	s.user = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(name)
	s.clientFirst, s.nonce = bare, nonce+rand.Text()
	s.serverFirst = "r=" + s.nonce + ",s=" + base64.StdEncoding.EncodeToString(s.salt) + ",i=4096"
	return s.serverFirst, nil
}

// final takes the client's proof that it has the password, and returns the server's, that it has it too.
func (s *scram) final(message, password string) (string, error) {
	without, proofText, ok := strings.Cut(message, ",p=")
	if !ok || scramField(without, "r") != s.nonce || scramField(without, "c") != "biws" { // "n,," in base64
		return "", errAuth
	}
	proof, err := base64.StdEncoding.DecodeString(proofText)
	if err != nil {
		return "", errAuth
	}
	salted, err := pbkdf2.Key(s.hash, password, s.salt, scramRounds, s.hash().Size())
	if err != nil {
		return "", errAuth
	}
	signed := s.clientFirst + "," + s.serverFirst + "," + without
	clientKey := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(clientKey)
	want := s.mac(stored.Sum(nil), signed)
	for i := range want {
		want[i] ^= clientKey[i]
	}
	if !hmac.Equal(want, proof) {
		return "", errAuth
	}
	return "v=" + base64.StdEncoding.EncodeToString(s.mac(s.mac(salted, "Server Key"), signed)), nil
}

func (s *scram) mac(key []byte, message string) []byte {
	m := hmac.New(s.hash, key)
	m.Write([]byte(message))
	return m.Sum(nil)
}

// scramField is the value of a one-letter attribute of a message, "" if it has none.
func scramField(message, letter string) string {
	for part := range strings.SplitSeq(message, ",") {
		if value, ok := strings.CutPrefix(part, letter+"="); ok {
			return value
		}
	}
	return ""
}
