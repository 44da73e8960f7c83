package gateway

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
)

// parseKey reads a private key in PEM: PKCS #8, as Google and Apple give them.
func parseKey(text []byte) (crypto.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block: a private key begins with -----BEGIN PRIVATE KEY-----")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("private key in PKCS #8: %w", err)
	}
	return key, nil
}

// signJWT makes a JSON Web Token (RFC 7519) signed by RS256 or ES256, as the key is (RFC 7518, section 3.1). The same
// key and claims make the same text, so that all workers have the same.
func signJWT(key crypto.PrivateKey, keyID string, claims map[string]any) (string, error) {
	head := map[string]string{"typ": "JWT"}
	if keyID != "" {
		head["kid"] = keyID
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		head["alg"] = "RS256"
	case *ecdsa.PrivateKey:
		if k.Curve != elliptic.P256() {
			return "", errors.New("the key is not on the curve P-256")
		}
		head["alg"] = "ES256"
	default:
		return "", fmt.Errorf("a key of type %T", key)
	}
	first, err := json.Marshal(head)
	if err != nil {
		return "", err
	}
	second, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(first) + "." + base64.RawURLEncoding.EncodeToString(second)
	signature, err := sign(key, sha256.Sum256([]byte(text)))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// sign signs a digest. Without a source of randomness ECDSA is deterministic (RFC 6979).
func sign(key crypto.PrivateKey, sum [sha256.Size]byte) ([]byte, error) {
	if k, ok := key.(*rsa.PrivateKey); ok {
		return rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	}
	der, err := key.(*ecdsa.PrivateKey).Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return rawSignature(der)
}

// rawSignature turns an ECDSA signature in ASN.1 into the two numbers of 32 bytes that ES256 has (RFC 7518, section 3.4).
func rawSignature(der []byte) ([]byte, error) {
	var s struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &s); err != nil || len(rest) > 0 {
		return nil, errors.New("a signature that is none")
	}
	raw := make([]byte, 64)
	s.R.FillBytes(raw[:32])
	s.S.FillBytes(raw[32:])
	return raw, nil
}
