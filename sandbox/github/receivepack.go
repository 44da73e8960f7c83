package github

import (
	"bytes"
	"errors"
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

// receiveCapabilities are what a push may ask for. See
// https://git-scm.com/docs/gitprotocol-capabilities
func receiveCapabilities() []capability.Capability {
	return []capability.Capability{
		capability.ReportStatus, capability.DeleteRefs, capability.OFSDelta, capability.Sideband64k, "no-thin", capability.Quiet,
	}
}

// pushRequest is what a client sends to git-receive-pack before the pack.
type pushRequest struct {
	commands     []*packp.Command
	capabilities *capability.List
}

// parsePush reads the commands of a push and leaves the reader at the pack. An
// empty list of commands is what git sends to try its credentials. See
// https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer
func parsePush(r io.Reader) (pushRequest, error) {
	request := pushRequest{capabilities: capability.NewList()}
	lines := pktline.NewScanner(r)
	for lines.Scan() && len(lines.Bytes()) > 0 {
		line := strings.TrimSuffix(string(lines.Bytes()), "\n")
		if strings.HasPrefix(line, "shallow ") {
			continue // what the client lacks shows when its commits are checked
		}
		command, options, first := strings.Cut(line, "\x00")
		if first && len(request.commands) > 0 {
			return request, fmt.Errorf("%w: capabilities after the first command", errBadRequest)
		}
		if err := request.capabilities.Decode([]byte(options)); err != nil {
			return request, fmt.Errorf("%w: capabilities: %w", errBadRequest, err)
		}
		parsed, err := parseCommand(command)
		if err != nil {
			return request, err
		}
		request.commands = append(request.commands, parsed)
	}
	if err := lines.Err(); err != nil {
		return request, fmt.Errorf("%w: commands: %w", errBadRequest, err)
	}
	return request, nil
}

// parseCommand reads "OLD NEW REFERENCE".
func parseCommand(line string) (*packp.Command, error) {
	parts := strings.SplitN(line, " ", 3)
	if len(parts) != 3 || !plumbing.IsHash(parts[0]) || !plumbing.IsHash(parts[1]) {
		return nil, fmt.Errorf("%w: command %q", errBadRequest, line)
	}
	name := plumbing.ReferenceName(parts[2])
	if err := name.Validate(); err != nil {
		return nil, fmt.Errorf("%w: command %q: %w", errBadRequest, line, err)
	}
	return &packp.Command{Name: name, Old: plumbing.NewHash(parts[0]), New: plumbing.NewHash(parts[1])}, nil
}

// receive takes a push: it stores the pack, moves each reference that may be
// moved, and reports on each.
func (r *Repo) receive(w io.Writer, body io.Reader, by *account) error {
	request, err := parsePush(body)
	if err != nil || len(request.commands) == 0 {
		return err
	}
	report := &packp.ReportStatus{UnpackStatus: "ok"}
	if err := r.unpack(body); err != nil {
		report.UnpackStatus = strings.ReplaceAll(err.Error(), "\n", " ")
	}
	for _, command := range request.commands {
		status := "unpacker error"
		if report.UnpackStatus == "ok" {
			status = r.execute(command, by)
		}
		report.CommandStatuses = append(report.CommandStatuses, &packp.CommandStatus{ReferenceName: command.Name, Status: status})
	}
	return sendReport(w, request, report)
}

// unpack stores the objects of a pack. A push that only deletes has none.
func (r *Repo) unpack(body io.Reader) error {
	pack, err := io.ReadAll(body)
	if err != nil || len(pack) == 0 {
		return err
	}
	parser, err := packfile.NewParserWithStorage(packfile.NewScanner(bytes.NewReader(pack)), r.git)
	if err != nil {
		return fmt.Errorf("read the pack: %w", err)
	}
	if _, err := parser.Parse(); err != nil && !errors.Is(err, packfile.ErrEmptyPackfile) {
		return fmt.Errorf("read the pack: %w", err)
	}
	return nil
}

// execute carries one command out and returns "ok" or why not. Whether a move
// loses commits is the client's business, which asks for --force, except on a
// protected branch. See
// https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches
func (r *Repo) execute(c *packp.Command, by *account) string {
	if !c.Name.IsBranch() && !c.Name.IsTag() {
		return "deny updating a hidden ref"
	}
	if r.ref(c.Name) != c.Old {
		return "failed to update ref"
	}
	if c.New.IsZero() && c.Name.Short() == defaultBranch && c.Name.IsBranch() {
		return "refusing to delete the current branch: " + c.Name.String()
	}
	if !c.New.IsZero() {
		if err := r.checkConnected(c.New); err != nil {
			return "missing necessary objects"
		}
		if _, isCommit := r.git.Commits[c.New]; c.Name.IsBranch() && !isCommit {
			return "cannot update a branch with a non-commit object"
		}
	}
	if c.Name.IsBranch() && r.protected[c.Name.Short()] {
		forced, err := r.isForced(move{ref: c.Name, before: c.Old, after: c.New})
		if err != nil || forced || c.New.IsZero() {
			return "protected branch hook declined"
		}
	}
	if err := r.moveRef(c.Name, c.New, by); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return "ok"
}

// sendReport tells the client how its commands fared, if it wants to know.
func sendReport(w io.Writer, request pushRequest, report *packp.ReportStatus) error {
	if !request.capabilities.Supports(capability.ReportStatus) {
		return nil
	}
	if !request.capabilities.Supports(capability.Sideband64k) {
		return report.Encode(w)
	}
	var buffer bytes.Buffer
	if err := report.Encode(&buffer); err != nil {
		return fmt.Errorf("report on the push: %w", err)
	}
	if _, err := sideband.NewMuxer(sideband.Sideband64k, w).Write(buffer.Bytes()); err != nil {
		return fmt.Errorf("report on the push: %w", err)
	}
	return pktline.NewEncoder(w).Flush()
}
