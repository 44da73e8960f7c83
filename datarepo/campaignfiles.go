package datarepo

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"liveops/pushd/campaign"
)

// CampaignFile is the file of a campaign.
type CampaignFile struct {
	Name string // the campaign's
	Path string
	Data []byte
}

// CampaignFiles are the files of the campaigns of a commit, by name, as they stand: for whoever sends what was
// released, where each was in order. Of a name that two files have, neither is given.
func CampaignFiles(fsys fs.FS) ([]CampaignFile, error) {
	paths, _, err := yamlPaths(fsys, campaignsDir, maxCampaigns, "campaigns", "")
	if err != nil {
		return nil, err
	}
	var all []CampaignFile
	names := map[string]int{}
	for _, path := range paths {
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		names[fileName(path)]++
		all = append(all, CampaignFile{Name: fileName(path), Path: path, Data: data})
	}
	all = slices.DeleteFunc(all, func(f CampaignFile) bool { return names[f.Name] > 1 })
	slices.SortFunc(all, func(a, b CampaignFile) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// DecodeCampaign reads the file of one campaign that was released (see ReleasedCampaigns). zone is that of the commit's liveops.yaml (LoadReading); nil is UTC. The
// error has every problem of the file, each a *datasheets.Problem.
func DecodeCampaign(name string, file []byte, zone *time.Location) (*campaign.Campaign, error) {
	r := &report{path: campaignsDir + "/" + name + ".yaml", lenient: true}
	switch {
	case len(file) > maxYAMLBytes:
		r.add(nil, "write less", "the file is over %d bytes", maxYAMLBytes)
	case !isName(name, namePattern):
		r.add(nil, "rename the file", "%s is not a campaign's name", quoted(name))
	default:
		if c := readCampaign(file, r, zone); c != nil && len(r.problems) == 0 {
			return c, nil
		}
	}
	var all error
	for i := range r.problems {
		all = errors.Join(all, &r.problems[i])
	}
	return nil, all
}
