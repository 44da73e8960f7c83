package github

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

func TestReceiveRefusesBrokenPushes(t *testing.T) {
	s, err := New(Options{Users: []User{{Login: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r, err := s.CreateRepo("a", "r", map[string][]byte{"x": []byte("0")})
	if err != nil {
		t.Fatal(err)
	}
	tip, none := r.Tip("main"), plumbing.ZeroHash.String()
	blob := plumbing.ComputeHash(plumbing.BlobObject, []byte("0")).String()
	tests := []struct {
		name, old, new, ref, pack string
		unpack, status            string
	}{
		{"garbage for a pack", none, hashA, "refs/heads/new", "PACKgarbage", "read the pack", "unpacker error"},
		{"objects that are not there", none, hashA, "refs/heads/new", "", "ok", "missing necessary objects"},
		{"a branch at a file", none, blob, "refs/heads/new", "", "ok", "cannot update a branch with a non-commit object"},
		{"someone was faster", hashB, tip, "refs/heads/main", "", "ok", "failed to update ref"},
		{"a new branch", none, tip, "refs/heads/new", "", "ok", "ok"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := r.Ref(test.ref)
			body := packets(test.old+" "+test.new+" "+test.ref+"\x00report-status", "") + test.pack
			var out bytes.Buffer
			s.mu.Lock()
			err := r.receive(&out, strings.NewReader(body), s.accounts["a"])
			s.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			report := packp.NewReportStatus()
			if err := report.Decode(&out); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(report.UnpackStatus, test.unpack) || report.CommandStatuses[0].Status != test.status {
				t.Errorf("unpack %q, status %q", report.UnpackStatus, report.CommandStatuses[0].Status)
			}
			if after := r.Ref(test.ref); (after != before) != (test.status == "ok") {
				t.Errorf("the reference went from %q to %q", before, after)
			}
		})
	}
}
