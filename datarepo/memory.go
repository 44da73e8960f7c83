package datarepo

import (
	"fmt"
	"io/fs"

	"github.com/go-git/go-billy/v5/helper/iofs"
	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-billy/v5/util"
)

// Memory is a file tree of some files, by their paths from the data repo's root.
func Memory(files map[string][]byte) (fs.FS, error) {
	m := memfs.New()
	for path, data := range files {
		if err := util.WriteFile(m, path, data, 0o644); err != nil {
			return nil, fmt.Errorf("keep %s in memory: %w", path, err)
		}
	}
	return iofs.New(m), nil
}
