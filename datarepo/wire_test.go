package datarepo

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

func TestRefusal(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"an error packet", "0017ERR no such commit\n0000", "no such commit"},
		{"one that is cut off", "0017ERR no su", "no su"},
		{"a reference list", "001e# service=git-upload-pack\n0000", ""},
		{"a pack", "0008NAK\nPACK", ""},
		{"nothing", "", ""},
		{"a length that is none", "zzzzERR x", ""},
		{"a length that is too short", "0004ERR x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := refusal(bufio.NewReader(strings.NewReader(tt.answer))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzRefusal(f *testing.F) {
	f.Add("0017ERR no such commit\n0000")
	f.Add("001e# service=git-upload-pack\n0000")
	f.Add("ffffERR ")
	f.Fuzz(func(t *testing.T, answer string) {
		r := bufio.NewReader(strings.NewReader(answer))
		if text := refusal(r); len(text) > 3*1024 {
			t.Errorf("%d bytes of text", len(text))
		}
		if rest, err := io.ReadAll(r); string(rest) != answer || err != nil {
			t.Errorf("the answer lost something: %q, %v", rest, err)
		}
	})
}
