package audience

import (
	"encoding/binary"
	"errors"
	"time"

	"liveops/pushd/campaign"
)

// PackDead encodes dead tokens, as they travel and are kept: for each its platform, the microsecond since when it is dead, and
// itself; texts have their lengths before them. None are "".
func PackDead(dead []Dead) []byte {
	if len(dead) == 0 {
		return nil
	}
	size := 0
	for _, d := range dead {
		size += len(d.Platform) + len(d.Token) + 12
	}
	b := make([]byte, 0, size)
	for _, d := range dead {
		b = appendText(b, string(d.Platform))
		b = binary.AppendVarint(b, d.Since.UnixMicro())
		b = appendText(b, d.Token)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// UnpackDead is the opposite of PackDead. Times are in UTC.
func UnpackDead(b []byte) ([]Dead, error) {
	var all []Dead
	for len(b) > 0 {
		platform, rest, ok := cutText(b)
		micro, n := binary.Varint(rest)
		if !ok || n <= 0 {
			return nil, errDamaged
		}
		token, rest, ok := cutText(rest[n:])
		if !ok {
			return nil, errDamaged
		}
		all = append(all, Dead{campaign.Platform(platform), token, time.UnixMicro(micro).UTC()})
		b = rest
	}
	return all, nil
}

var errDamaged = errors.New("a list of dead tokens is damaged")

func cutText(b []byte) (text string, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return "", nil, false
	}
	end := size + int(n)
	return string(b[size:end]), b[end:], true
}
