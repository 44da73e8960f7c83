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
	campaigns, err := datarepo.CampaignFiles(files)
	if err != nil {
		return nil, err
	}
	var all []mysqlstore.File
	config, err := fs.ReadFile(files, datarepo.ConfigPath)
	switch {
	case err == nil:
		all = append(all, mysqlstore.File{Path: datarepo.ConfigPath, Data: config})
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read %s: %w", datarepo.ConfigPath, err)
	}
	for _, c := range campaigns {
		all = append(all, mysqlstore.File{Path: c.Path, Data: c.Data})
	}
	return all, nil
}
