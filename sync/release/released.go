package release

import (
	"errors"
	"fmt"
	"io/fs"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
)

// released reads the files that a release leaves to who follows its environment without the data repo.
func released(files fs.FS) ([]mysqlstore.File, error) {
	paths, err := datarepo.CampaignPaths(files)
	if err != nil {
		return nil, fmt.Errorf("list the campaigns: %w", err)
	}
	var all []mysqlstore.File
	for _, path := range append([]string{datarepo.ConfigPath}, paths...) {
		data, err := fs.ReadFile(files, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // liveops.yaml need not be there
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		all = append(all, mysqlstore.File{Path: path, Data: data})
	}
	return all, nil
}
