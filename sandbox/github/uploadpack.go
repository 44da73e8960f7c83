package github

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

// uploadCapabilities are what a fetch may ask for. As at GitHub any commit that
// is there may be asked for by its id. See
// https://git-scm.com/docs/gitprotocol-capabilities
func uploadCapabilities() []capability.Capability {
	return []capability.Capability{
		capability.MultiACKDetailed, capability.Sideband, capability.Sideband64k, capability.OFSDelta, capability.Shallow,
		capability.NoProgress, capability.AllowTipSHA1InWant, capability.AllowReachableSHA1InWant,
	}
}

// fetchRequest is what a client sends to git-upload-pack. Over HTTP each
// request repeats all that the client has said before.
type fetchRequest struct {
	wants    []plumbing.Hash
	shallows []plumbing.Hash // commits whose parents the client lacks
	haves    []plumbing.Hash
	depth    int  // 0: no limit asked for
	flushed  bool // the haves are complete for this round
	done     bool // the client wants the pack now

	multiACK bool // multi_ack_detailed
	ofsDelta bool
	sideband sideband.Type
	framed   bool // whether sideband is to be used
}

// parseFetch reads a request of git-upload-pack. It returns errBadRequest for
// anything that is not one, and for deepening by date or by reference, which is
// not offered. See https://git-scm.com/docs/gitprotocol-pack#_packfile_negotiation
func parseFetch(r io.Reader) (fetchRequest, error) {
	decoded := packp.NewUploadRequest()
	if err := decoded.Decode(r); err != nil {
		return fetchRequest{}, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	request := fetchRequest{
		wants: decoded.Wants, shallows: decoded.Shallows,
		multiACK: decoded.Capabilities.Supports(capability.MultiACKDetailed),
		ofsDelta: decoded.Capabilities.Supports(capability.OFSDelta),
	}
	depth, byCommits := decoded.Depth.(packp.DepthCommits)
	if !byCommits {
		return request, fmt.Errorf("%w: only deepen N is offered", errBadRequest)
	}
	request.depth = int(depth)
	switch {
	case decoded.Capabilities.Supports(capability.Sideband64k):
		request.sideband, request.framed = sideband.Sideband64k, true
	case decoded.Capabilities.Supports(capability.Sideband):
		request.sideband, request.framed = sideband.Sideband, true
	}
	return request, request.parseHaves(r)
}

// parseHaves reads the second part: the commits that the client has.
func (f *fetchRequest) parseHaves(r io.Reader) error {
	lines := pktline.NewScanner(r)
	for !f.done && lines.Scan() {
		line := strings.TrimSuffix(string(lines.Bytes()), "\n")
		have, isHave := strings.CutPrefix(line, "have ")
		switch {
		case line == "":
			f.flushed = true
		case line == "done":
			f.done = true
		case isHave && plumbing.IsHash(have):
			f.haves = append(f.haves, plumbing.NewHash(have))
		default:
			return fmt.Errorf("%w: expected a have, got %q", errBadRequest, line)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: haves: %w", errBadRequest, err)
	}
	return nil
}

// upload answers a fetch: with the shallow section if a depth was asked for,
// with what the two have in common, and, once the client is done asking, with
// the pack.
func (r *Repo) upload(w io.Writer, body io.Reader) error {
	request, err := parseFetch(body)
	if err != nil {
		return err
	}
	lines := pktline.NewEncoder(w)
	for _, want := range request.wants {
		if r.git.HasEncodedObject(want) != nil {
			return lines.Encodef("ERR upload-pack: not our ref %s\n", want)
		}
	}
	edge, err := r.shallowEdge(request)
	if err != nil {
		return err
	}
	if request.depth > 0 {
		if err := edge.update.Encode(w); err != nil {
			return fmt.Errorf("send the shallow section: %w", err)
		}
	}
	if !request.flushed && !request.done {
		return nil // git asks for the shallow section alone first
	}
	common, err := r.acknowledge(lines, request)
	if err != nil {
		return fmt.Errorf("send what is in common: %w", err)
	}
	if !request.done {
		return nil
	}
	objects, err := r.missing(request, edge, common)
	if err != nil {
		return err
	}
	return r.sendPack(w, request, objects)
}

// sendPack sends the objects, through a side band if the client has one.
// They are sent whole: deltas would cost more time than they save on loopback.
func (r *Repo) sendPack(w io.Writer, request fetchRequest, objects []plumbing.Hash) error {
	out := w
	if request.framed {
		out = sideband.NewMuxer(request.sideband, w)
	}
	if _, err := packfile.NewEncoder(out, r.git, !request.ofsDelta).Encode(objects, 0); err != nil {
		return fmt.Errorf("send a pack of %d objects: %w", len(objects), err)
	}
	if request.framed {
		return pktline.NewEncoder(w).Flush()
	}
	return nil
}

// acknowledge tells the client which of its commits are known here and returns
// them. In the detailed way each one is named, and "ready" once the server
// could send a pack; in the simple way only the first one. NAK closes a round
// without an end. See https://git-scm.com/docs/gitprotocol-pack#_packfile_negotiation
func (r *Repo) acknowledge(lines *pktline.Encoder, request fetchRequest) ([]plumbing.Hash, error) {
	var common []plumbing.Hash
	for _, have := range request.haves {
		if _, ok := r.git.Commits[have]; !ok {
			continue
		}
		common = append(common, have)
		if request.multiACK {
			if err := lines.Encodef("ACK %s common\n", have); err != nil {
				return nil, err
			}
		}
	}
	last := plumbing.ZeroHash
	if len(common) > 0 {
		last = common[len(common)-1]
	}
	switch {
	case last.IsZero():
		return nil, lines.EncodeString("NAK\n")
	case !request.multiACK:
		return common, lines.Encodef("ACK %s\n", common[0])
	case request.done:
		return common, lines.Encodef("ACK %s\n", last)
	}
	if ready, err := r.connects(request.wants, common); err != nil {
		return nil, err
	} else if ready {
		if err := lines.Encodef("ACK %s ready\n", last); err != nil {
			return nil, err
		}
	}
	return common, lines.EncodeString("NAK\n")
}
