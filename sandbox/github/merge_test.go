package github

import (
	"reflect"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// filesFrom makes a set of files from path to content.
func filesFrom(contents map[string]string) fileSet {
	all := fileSet{}
	for name, content := range contents {
		all[name] = file{hash: plumbing.ComputeHash(plumbing.BlobObject, []byte(content))}
	}
	return all
}

func TestMergeFiles(t *testing.T) {
	type files = map[string]string
	tests := []struct {
		name               string
		base, ours, theirs files
		want               files
		conflicts          []string
	}{
		{"nobody changed", files{"a": "1"}, files{"a": "1"}, files{"a": "1"}, files{"a": "1"}, nil},
		{"ours changed", files{"a": "1"}, files{"a": "2"}, files{"a": "1"}, files{"a": "2"}, nil},
		{"theirs changed", files{"a": "1"}, files{"a": "1"}, files{"a": "2"}, files{"a": "2"}, nil},
		{"both alike", files{"a": "1"}, files{"a": "2"}, files{"a": "2"}, files{"a": "2"}, nil},
		{"both, different files", files{"a": "1", "b": "1"}, files{"a": "2", "b": "1"}, files{"a": "1", "b": "2"}, files{"a": "2", "b": "2"}, nil},
		{"ours added", files{}, files{"a": "1"}, files{}, files{"a": "1"}, nil},
		{"theirs added", files{}, files{}, files{"a": "1"}, files{"a": "1"}, nil},
		{"both added alike", files{}, files{"a": "1"}, files{"a": "1"}, files{"a": "1"}, nil},
		{"ours deleted", files{"a": "1"}, files{}, files{"a": "1"}, files{}, nil},
		{"theirs deleted", files{"a": "1"}, files{"a": "1"}, files{}, files{}, nil},
		{"both deleted", files{"a": "1"}, files{}, files{}, files{}, nil},
		{"both changed", files{"a": "1", "b": "1"}, files{"a": "2", "b": "2"}, files{"a": "3", "b": "3"}, nil, []string{"a", "b"}},
		{"both added differently", files{}, files{"a": "1"}, files{"a": "2"}, nil, []string{"a"}},
		{"deleted and changed", files{"a": "1"}, files{}, files{"a": "2"}, nil, []string{"a"}},
		{"changed and deleted", files{"a": "1"}, files{"a": "2"}, files{}, nil, []string{"a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			merged, conflicts := mergeFiles(filesFrom(test.base), filesFrom(test.ours), filesFrom(test.theirs))
			if !reflect.DeepEqual(conflicts, test.conflicts) {
				t.Fatalf("conflicts %v, want %v", conflicts, test.conflicts)
			}
			if conflicts == nil && !reflect.DeepEqual(merged, filesFrom(test.want)) {
				t.Errorf("merged %v, want %v", merged, filesFrom(test.want))
			}
		})
	}
}
