package bot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// holders are two environments, each with a snapshot.
type holders struct{ from, to release.Holder }

func holdersOf(ctx context.Context, from, to release.Target) (*holders, error) {
	h := &holders{release.Holder{Environment: from.Name}, release.Holder{Environment: to.Name}}
	var err, other error
	h.from.Snapshot, err = from.Store.Snapshot(ctx)
	h.to.Snapshot, other = to.Store.Snapshot(ctx)
	if err = errors.Join(err, other); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *holders) close() {
	for _, one := range []release.Holder{h.from, h.to} {
		if one.Snapshot != nil {
			one.Snapshot.Close()
		}
	}
}

// nearestTable advises the table that may have been meant; "" where none is near.
func nearestTable(name string, snap *mysqlstore.Snapshot) string {
	if near := datasheets.Nearest(name, slices.Sorted(maps.Keys(snap.Tables))); near != "" {
		return "did you mean `" + near + "`?"
	}
	return ""
}

// mostOwners is how large a CODEOWNERS file GitHub reads
// (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-file-size).
const mostOwners = 3 << 20

// readSome reads a file of at most mostOwners.
func readSome(files fs.FS, path string) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, mostOwners+1))
	if err == nil && len(content) > mostOwners {
		err = errors.New("the file is too large")
	}
	return content, err
}
