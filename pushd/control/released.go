package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/campaign"
	"liveops/sync/mysqlstore"
)

// Files are what a release left to those who follow its environment; *mysqlstore.Store has them.
type Files interface {
	Environment() string
	Files(ctx context.Context) (commit string, files []mysqlstore.File, err error)
}

// Release is what was released to an environment, as far as pushes go by it.
type Release struct {
	Environment string
	Commit      string
	Config      *datarepo.Config
	ConfigFile  []byte     // liveops.yaml, of which Config was read
	Campaigns   []Campaign // by name
}

// Campaign is one of a release.
type Campaign struct {
	*campaign.Campaign
	File []byte // as a run keeps it, for Decode
}

// Raw is what was released as it lies there: also where this version of liveops cannot read it.
type Raw struct {
	Environment string
	Commit      string
	files       map[string][]byte // by path
}

// ReadRaw reads what was released without looking into it. It has no files where no release left any.
func ReadRaw(ctx context.Context, f Files) (*Raw, error) {
	commit, files, err := f.Files(ctx)
	if err != nil {
		return nil, err
	}
	r := &Raw{Environment: f.Environment(), Commit: commit, files: map[string][]byte{}}
	for _, one := range files {
		r.files[one.Path] = one.Data
	}
	return r, nil
}

// ConfigFile is liveops.yaml; nil where there is none.
func (r *Raw) ConfigFile() []byte { return r.files[datarepo.ConfigPath] }

// Read reads what was released; ErrNoPush where no release left anything. A file that is not in order gives an error that is
// a *datasheets.Problem.
func Read(ctx context.Context, f Files) (*Release, error) {
	raw, err := ReadRaw(ctx, f)
	if err != nil {
		return nil, err
	}
	return raw.Read()
}

// Read is Read of what lies there. It asks nobody, and so fails each time or never.
func (r *Raw) Read() (*Release, error) {
	if len(r.files) == 0 {
		return nil, fmt.Errorf("environment %s: %w", r.Environment, ErrNoPush)
	}
	fsys, err := datarepo.Memory(r.files)
	if err != nil {
		return nil, err
	}
	config, problems := datarepo.LoadConfig(fsys)
	if len(problems) > 0 {
		return nil, fmt.Errorf("liveops.yaml as it was released to %s: %w", r.Environment, &problems[0])
	}
	campaigns, problems, err := datarepo.ReleasedCampaigns(fsys, config.Timezone)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the campaigns as they were released to %s: %w", r.Environment, &problems[0])
	}
	all := &Release{Environment: r.Environment, Commit: r.Commit, Config: config, ConfigFile: r.ConfigFile()}
	for _, c := range campaigns {
		data, err := json.Marshal(file{Name: c.Name, Path: c.Path, Zone: config.Timezone.String(), Data: r.files[c.Path]})
		if err != nil {
			return nil, err
		}
		all.Campaigns = append(all.Campaigns, Campaign{c, data})
	}
	slices.SortFunc(all.Campaigns, func(a, b Campaign) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Push is the environment's `push`; ErrNoPush where it has none.
func (r *Release) Push() (*datarepo.Push, error) {
	i := slices.IndexFunc(r.Config.Environments, func(e datarepo.Environment) bool { return e.Name == r.Environment })
	if i < 0 || r.Config.Environments[i].Push == nil {
		return nil, ErrNoPush
	}
	return r.Config.Environments[i].Push, nil
}

// Rehearses says whether another environment comes after this one, and what is sent here is not held to lists: then it
// would be a rehearsal that reaches everybody whose token is here.
func (r *Release) Rehearses() (bool, error) {
	push, err := r.Push()
	if err != nil {
		return false, err
	}
	after := slices.ContainsFunc(r.Config.Environments, func(e datarepo.Environment) bool { return e.After == r.Environment })
	return after && push.Only == nil, nil
}

// Campaign is the released campaign of a name; an *UnknownError where there is none.
func (r *Release) Campaign(name string) (*Campaign, error) {
	for i := range r.Campaigns {
		if r.Campaigns[i].Name == name {
			return &r.Campaigns[i], nil
		}
	}
	return nil, &UnknownError{Campaign: name, Environment: r.Environment, Near: datasheets.Nearest(name, r.names())}
}

// Specs are the released campaigns, by name.
func (r *Release) Specs() (all []*campaign.Campaign) {
	for i := range r.Campaigns {
		all = append(all, r.Campaigns[i].Campaign)
	}
	return all
}

func (r *Release) names() []string {
	var names []string
	for _, c := range r.Campaigns {
		names = append(names, c.Name)
	}
	return names
}

// file is a campaign's file as a run keeps it: a worker that knows neither the repo nor the database reads it.
type file struct {
	Name string
	Path string
	Zone string // of liveops.yaml
	Data []byte
}

// Decode reads what Campaign.File holds.
func Decode(name string, data []byte) (*campaign.Campaign, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("campaign %s: %w", name, err)
	}
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", name, err)
	}
	fsys, err := datarepo.Memory(map[string][]byte{f.Path: f.Data})
	if err != nil {
		return nil, err
	}
	all, problems, err := datarepo.ReleasedCampaigns(fsys, zone)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, &problems[0]
	}
	if len(all) != 1 || all[0].Name != name {
		return nil, fmt.Errorf("campaign %s: its file holds another one", name)
	}
	return all[0], nil
}
