package github

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

var (
	hashA = strings.Repeat("a", 40)
	hashB = strings.Repeat("b", 40)
)

// packets writes pkt-lines; an empty text is a flush.
func packets(lines ...string) string {
	var out bytes.Buffer
	e := pktline.NewEncoder(&out)
	for _, line := range lines {
		if line == "" {
			_ = e.Flush()
			continue
		}
		_ = e.EncodeString(line)
	}
	return out.String()
}

func TestParseFetch(t *testing.T) {
	a, b := plumbing.NewHash(hashA), plumbing.NewHash(hashB)
	tests := []struct {
		name, in string
		want     fetchRequest
	}{
		{
			"clone", packets("want "+hashA+" side-band-64k ofs-delta agent=git/2.39\n", "", "done\n"),
			fetchRequest{wants: []plumbing.Hash{a}, done: true, framed: true, sideband: 1, ofsDelta: true},
		},
		{
			"shallow section alone", packets("want "+hashA+"\n", "deepen 1\n", ""),
			fetchRequest{wants: []plumbing.Hash{a}, depth: 1},
		},
		{
			"a round of haves", packets("want "+hashA+" multi_ack_detailed\n", "want "+hashB+"\n", "shallow "+hashB+"\n", "", "have "+hashB+"\n", ""),
			fetchRequest{wants: []plumbing.Hash{a, b}, shallows: []plumbing.Hash{b}, haves: []plumbing.Hash{b}, flushed: true, multiACK: true},
		},
		{
			"no line feeds", packets("want "+hashA, "deepen 3", "", "have "+hashB, "done"),
			fetchRequest{wants: []plumbing.Hash{a}, haves: []plumbing.Hash{b}, depth: 3, done: true},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseFetch(strings.NewReader(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if test.want.framed {
				test.want.sideband = got.sideband
			}
			if !reflect.DeepEqual(normal(got), normal(test.want)) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// normal makes empty lists equal, whether nil or not.
func normal(f fetchRequest) fetchRequest {
	for _, list := range []*[]plumbing.Hash{&f.wants, &f.shallows, &f.haves} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return f
}

func TestParseFetchRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":           "",
		"no pkt-line":       "zzzz",
		"a flush":           packets(""),
		"no want":           packets("have "+hashA, ""),
		"a short id":        packets("want abc", ""),
		"no end":            packets("want " + hashA),
		"a negative depth":  packets("want "+hashA, "deepen -1", ""),
		"deepening by date": packets("want "+hashA, "deepen-since 1700000000", "", "done"),
		"a bad have":        packets("want "+hashA, "", "have xyz", "done"),
		"something else":    packets("want "+hashA, "", "hello", "done"),
		"a cut line":        packets("want "+hashA, "") + "0032have",
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := parseFetch(strings.NewReader(in)); !errors.Is(err, errBadRequest) {
				t.Errorf("got %+v and %v, want errBadRequest", got, err)
			}
		})
	}
}

func TestParsePush(t *testing.T) {
	in := packets(
		"shallow "+hashA+"\n", "shallow "+hashB+"\n",
		hashA+" "+hashB+" refs/heads/main\x00 report-status side-band-64k\n", hashB+" "+plumbing.ZeroHash.String()+" refs/tags/v1\n", "",
	) + "PACK…"
	r := strings.NewReader(in)
	got, err := parsePush(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.commands) != 2 || got.commands[0].Name != "refs/heads/main" || got.commands[1].New != plumbing.ZeroHash {
		t.Errorf("commands %+v", got.commands)
	}
	if !got.capabilities.Supports("report-status") {
		t.Errorf("capabilities %s", got.capabilities)
	}
	rest, err := io.ReadAll(r)
	if err != nil || string(rest) != "PACK…" {
		t.Errorf("left %q for the pack, %v", rest, err)
	}
}

func TestParsePushRefuses(t *testing.T) {
	tests := map[string]string{
		"no pkt-line":              "zzzz",
		"a short command":          packets(hashA+" "+hashB, ""),
		"a bad id":                 packets(hashA+" "+hashB[:39]+"x refs/heads/main", ""),
		"a bad name":               packets(hashA+" "+hashB+" refs/heads/../x", ""),
		"capabilities in mid-list": packets(hashA+" "+hashB+" refs/heads/a", hashA+" "+hashB+" refs/heads/b\x00atomic", ""),
		"a cut line":               packets(hashA+" "+hashB+" refs/heads/a") + "0042",
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := parsePush(strings.NewReader(in)); !errors.Is(err, errBadRequest) {
				t.Errorf("got %+v and %v, want errBadRequest", got, err)
			}
		})
	}
}

// fuzzRepo is a repository with three commits on a line.
func fuzzRepo(f *testing.F) *Repo {
	f.Helper()
	s, err := New(Options{Users: []User{{Login: "a"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	r, err := s.CreateRepo("a", "r", map[string][]byte{"x": []byte("0")})
	if err != nil {
		f.Fatal(err)
	}
	for _, content := range []string{"1", "2"} {
		if _, err := r.Commit("main", "m", "a", map[string][]byte{"d/x": []byte(content)}); err != nil {
			f.Fatal(err)
		}
	}
	return r
}

// FuzzUpload sends anything to git-upload-pack: the answer is an error about
// the request, or pkt-lines, with a raw pack after them if no side band is used.
func FuzzUpload(f *testing.F) {
	r := fuzzRepo(f)
	tip := r.Tip("main")
	f.Add([]byte(packets("want "+tip+" side-band-64k multi_ack_detailed\n", "deepen 2\n", "", "done\n")))
	f.Add([]byte(packets("want "+tip+"\n", "shallow "+tip+"\n", "deepen 9\n", "", "have "+tip+"\n", "")))
	f.Add([]byte(packets("want "+hashA, "", "done")))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		if err := r.upload(&out, bytes.NewReader(in)); err != nil {
			if !errors.Is(err, errBadRequest) {
				t.Errorf("a request must not cause %v", err)
			}
			return
		}
		lines := out.Bytes()
		if at := bytes.Index(lines, []byte("PACK")); at >= 0 && !bytes.Contains(in, []byte("side-band")) {
			lines = lines[:at]
		}
		scanner := pktline.NewScanner(bytes.NewReader(lines))
		for scanner.Scan() {
		}
		var refused *pktline.ErrorLine
		if err := scanner.Err(); err != nil && !errors.As(err, &refused) {
			t.Errorf("the answer is not in pkt-lines: %v\n%q", err, lines)
		}
	})
}

// FuzzPush sends anything as the commands of a push.
func FuzzPush(f *testing.F) {
	f.Add([]byte(packets(hashA+" "+hashB+" refs/heads/main\x00 report-status\n", "")))
	f.Add([]byte(packets("")))
	f.Fuzz(func(t *testing.T, in []byte) {
		request, err := parsePush(bytes.NewReader(in))
		if err != nil && !errors.Is(err, errBadRequest) {
			t.Errorf("got %v, want errBadRequest", err)
		}
		for _, c := range request.commands {
			if c.Name.Validate() != nil {
				t.Errorf("accepted the reference %q", c.Name)
			}
		}
	})
}
