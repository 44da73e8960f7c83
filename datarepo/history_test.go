package datarepo

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// The history, main upwards:
//
//	  e
//	  m    merge of x into d
//	 / \
//	d   x2
//	c   x1
//	 \ /
//	  b    and o, a branch from b that is not merged
//	  a
func TestBetween(t *testing.T) {
	c := newClone(t)
	id := map[string]string{"": "", "none": strings.Repeat("1", 40)}
	commit := func(names ...string) {
		for _, name := range names {
			id[name] = c.commit(name)
		}
	}
	commit("a", "b")
	c.git("checkout", "--quiet", "-b", "x")
	commit("x1", "x2")
	c.git("checkout", "--quiet", "-b", "o", id["b"])
	commit("o")
	c.git("checkout", "--quiet", "main")
	commit("c", "d")
	c.git("merge", "--quiet", "--no-ff", "--message", "m", "x")
	id["m"] = c.git("rev-parse", "HEAD")
	commit("e")
	c.git("checkout", "--quiet", "--orphan", "elsewhere")
	commit("root")
	checkout := c.open()

	tests := []struct {
		from, to string
		want     Relation
		list     string
	}{
		{"e", "e", Same, ""},
		{"", "e", Ahead, "e"},
		{"a", "e", Ahead, "b c d m e"},
		{"d", "m", Ahead, "m"},
		{"b", "d", Ahead, "c d"},
		{"e", "a", Behind, ""},
		{"e", "d", Behind, ""},
		{"e", "x1", Behind, ""},
		{"x2", "m", Diverged, ""},
		{"x2", "d", Diverged, ""},
		{"o", "e", Diverged, ""},
		{"root", "e", Diverged, ""},
	}
	for _, tt := range tests {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) {
			relation, list, err := checkout.Between(t.Context(), id[tt.from], id[tt.to])
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range list {
				if s.ID != id[s.Subject] || s.Author != "김하나" {
					t.Errorf("got %+v, want id %s", s, id[s.Subject])
				}
				names = append(names, s.Subject)
			}
			if relation != tt.want || strings.Join(names, " ") != tt.list {
				t.Errorf("got %v %v, want %v %s", relation, names, tt.want, tt.list)
			}
		})
	}

	for _, tt := range []struct{ from, to string }{{"none", "e"}, {"e", "none"}, {"", "none"}} {
		if _, _, err := checkout.Between(t.Context(), id[tt.from], id[tt.to]); !errors.Is(err, ErrNotFound) || errors.Is(err, ErrShallow) {
			t.Errorf("from %s to %s: %v", tt.from, tt.to, err)
		}
	}
	if _, _, err := checkout.Between(t.Context(), "main", id["e"]); err == nil {
		t.Error("a branch was taken for an id")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := checkout.Between(ctx, id["a"], id["e"]); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestBetweenInAShallowClone(t *testing.T) {
	full := newClone(t)
	var ids []string
	for _, name := range []string{"a", "b", "c", "d"} {
		ids = append(ids, full.commit(name))
	}
	shallow := &clone{t, t.TempDir()}
	shallow.git("clone", "--quiet", "--depth=2", "file://"+full.dir, ".")
	checkout := shallow.open()
	if relation, list, err := checkout.Between(t.Context(), ids[2], ids[3]); relation != Ahead || len(list) != 1 || err != nil {
		t.Errorf("what the clone holds: %v %v %v", relation, list, err)
	}
	for _, from := range ids[:2] {
		if _, _, err := checkout.Between(t.Context(), from, ids[3]); !errors.Is(err, ErrShallow) || !strings.Contains(err.Error(), "git fetch --unshallow") {
			t.Errorf("from %s: %v", from, err)
		}
	}
	shallow.git("checkout", "--quiet", "--detach", ids[2])
	aside := shallow.commit("aside")
	if _, _, err := checkout.Between(t.Context(), aside, ids[3]); !errors.Is(err, ErrShallow) {
		t.Errorf("a fork whose root is cut off: %v", err)
	}
}
