package pushd

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// question is what a worker asks the leader: one of its fields is set.
type question struct {
	Contact *contact `json:",omitempty"`
	Run     int64    `json:",omitempty"` // the run of this id, please
	Claim   *claim   `json:",omitempty"`
	Settle  *settle  `json:",omitempty"`
	Stop    *stop    `json:",omitempty"`
}

// contact is a worker's word, which is answered by an outlook.
type contact struct {
	Worker string
	N      uint64                             // counts the worker's words: one that comes late says nothing any more
	Wants  []want                             // of runs that it has batches of in hand
	Still  []int64                            // runs of which it has heard, and sends nothing
	Hands  map[int64][]int                    `json:",omitempty"` // the batches that it has in hand, by run
	Gates  map[campaign.Gateway]time.Duration `json:",omitempty"` // for how long gateways asked it to wait yet
	Lacks  []campaign.Gateway                 `json:",omitempty"` // gateways that it has no credentials for
}

// want is how many messages of a run a worker could send to a gateway now.
type want struct {
	Run     int64
	Gateway campaign.Gateway
	N       int
	Has     int `json:",omitempty"` // leave for so many more, that it did not use yet
}

// outlook is how all stands.
type outlook struct {
	Runs  []standing
	Gates map[campaign.Gateway]time.Duration `json:",omitempty"` // for how long nothing may be sent by gateways
	Rates map[campaign.Gateway]float64       `json:",omitempty"` // about how many messages a second this worker is given
}

// standing is how a run stands, and how many more of its messages the worker may send.
type standing struct {
	Run   int64
	State runs.State
	May   map[campaign.Gateway]int `json:",omitempty"`
	Lost  []int                    `json:",omitempty"` // batches that it has in hand and another one has taken over
}

// aboutRun is what a worker must know of a run.
type aboutRun struct {
	Campaign string
	Time     time.Time
	File     []byte
	Started  time.Time
	Gateways map[campaign.Platform]campaign.Gateway
	Test     string // as runs.Run has it
	Sandbox  bool   // APNs is its sandbox
}

// settle is a batch's result.
type settle struct {
	Run    int64
	Result runs.Result
}

// stop ends a run that must not go on.
type stop struct {
	Run    int64
	Reason string
}

// ask encodes a question, and reads the answer into one.
func ask(send func([]byte) ([]byte, error), q question, into any) error {
	b, err := json.Marshal(q)
	if err != nil {
		return err
	}
	answer, err := send(b)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// pack encodes a batch as it travels: its platform and its tokens with their languages. Texts have their lengths before them,
// and a language stands there once.
func pack(platform campaign.Platform, tokens []audience.Token) []byte {
	index := map[string]int{}
	var languages []string
	size := 64
	for _, t := range tokens {
		size += len(t.Token) + 4
		if _, ok := index[t.Language]; !ok {
			index[t.Language] = len(languages)
			languages = append(languages, t.Language)
			size += len(t.Language) + 4
		}
	}
	b := appendText(make([]byte, 0, size), string(platform))
	b = binary.AppendUvarint(b, uint64(len(languages)))
	for _, l := range languages {
		b = appendText(b, l)
	}
	b = binary.AppendUvarint(b, uint64(len(tokens)))
	for _, t := range tokens {
		b = binary.AppendUvarint(b, uint64(index[t.Language]))
		b = appendText(b, t.Token)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// errParcel is a parcel that is none.
var errParcel = errors.New("a batch is damaged")

// parcel is a batch that was unpacked.
type parcel struct {
	platform campaign.Platform
	tokens   []parcelToken
}

type parcelToken struct {
	token    []byte // of the packed batch
	language string
}

// unpack is the opposite of pack. The tokens are part of b, which must not change.
func unpack(b []byte) (*parcel, error) {
	r := &parcelReader{rest: b}
	p := &parcel{platform: campaign.Platform(r.text())}
	languages := make([]string, r.number(len(b)))
	for i := range languages {
		languages[i] = string(r.text())
	}
	p.tokens = make([]parcelToken, r.number(len(b)))
	for i := range p.tokens {
		l := r.number(len(languages))
		t := r.text()
		if r.err != nil || l >= len(languages) {
			return nil, errParcel
		}
		p.tokens[i] = parcelToken{t, languages[l]}
	}
	if r.err != nil || len(r.rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes are left", errParcel, len(r.rest))
	}
	return p, nil
}

type parcelReader struct {
	rest []byte
	err  error
}

// number is the next number, which must not be above most.
func (r *parcelReader) number(most int) int {
	n, size := binary.Uvarint(r.rest)
	if r.err != nil || size <= 0 || n > uint64(most) {
		r.err = errParcel
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *parcelReader) text() []byte {
	n := r.number(len(r.rest))
	if r.err != nil || n > len(r.rest) {
		r.err = errParcel
		return nil
	}
	text := r.rest[:n:n]
	r.rest = r.rest[n:]
	return text
}
