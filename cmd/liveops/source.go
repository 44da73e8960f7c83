package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// where are the flags that say which checkout and which environments.
type where struct {
	repo         string
	environments []string
}

// flags adds the flags to a command about any number of environments, or about one.
func (w *where) flags(c *cobra.Command, several bool) {
	about := "the `environment` of liveops.yaml"
	if several {
		about = "an `environment` of liveops.yaml; may be repeated (default all)"
	}
	c.Flags().StringVar(&w.repo, "repo", ".", "the data repo's checkout, or a `folder` in it")
	c.Flags().StringArrayVarP(&w.environments, "env", "e", nil, about)
	c.RegisterFlagCompletionFunc("env", w.complete) // fails only where the flag is not there
}

// source is a checkout and what its files want.
type source struct {
	*datarepo.Checkout
	desired *release.Desired
	commit  *datarepo.Commit // nil for the work tree
}

// checkout opens the clone, and says what to do where there is none.
func (w *where) checkout() (*datarepo.Checkout, error) {
	checkout, err := datarepo.OpenCheckout(w.repo)
	if errors.Is(err, datarepo.ErrNotRepository) {
		err = fmt.Errorf("%w: go to a checkout of the data repo, or name it with --repo DIR", err)
	}
	return checkout, err
}

// open reads the checkout: HEAD as it is committed, or the files as they stand.
func (w *where) open(ctx context.Context, committed bool) (*source, error) {
	checkout, err := w.checkout()
	if err != nil {
		return nil, err
	}
	s := &source{Checkout: checkout}
	files, id := checkout.WorkTree(), ""
	if committed {
		if s.commit, err = checkout.Head(); err == nil {
			files, id = s.commit.Files, s.commit.ID
		}
	}
	if err == nil {
		s.desired, err = release.Read(ctx, id, files)
	}
	if err != nil {
		return nil, errors.Join(err, checkout.Close())
	}
	return s, nil
}

// chosen are the environments that were asked for, or all, in promotion order.
func (w *where) chosen(config *datarepo.Config) ([]datarepo.Environment, error) {
	if config == nil {
		return nil, w.noConfig()
	}
	var known []string
	var chosen []datarepo.Environment
	for _, e := range config.Environments {
		known = append(known, e.Name)
		if len(w.environments) == 0 || slices.Contains(w.environments, e.Name) {
			chosen = append(chosen, e)
		}
	}
	for _, name := range w.environments {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("liveops.yaml has no environment %q; it has %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// noConfig says why there is no configuration: the checkout has no liveops.yaml, or one with problems.
func (w *where) noConfig() error {
	checkout, err := w.checkout()
	if err != nil {
		return err
	}
	if _, missing := fs.Stat(checkout.WorkTree(), datarepo.ConfigPath); errors.Is(missing, fs.ErrNotExist) {
		err = fmt.Errorf("there is no liveops.yaml in %s: go to a checkout of the data repo, or name it with --repo DIR; liveops init makes a new one", checkout.Dir)
	} else {
		err = errors.New("liveops.yaml has problems; see liveops validate")
	}
	return errors.Join(err, checkout.Close())
}

// targets opens the databases of the environments that were asked for, or of all, in promotion order. All that
// cannot be opened are told at once.
func (w *where) targets(ctx context.Context, config *datarepo.Config, open *stores) ([]release.Target, error) {
	chosen, err := w.chosen(config)
	if err != nil {
		return nil, err
	}
	return openAll(ctx, chosen, open)
}

func openAll(ctx context.Context, environments []datarepo.Environment, open *stores) ([]release.Target, error) {
	var targets []release.Target
	var failed error
	for _, e := range environments {
		store, err := open.Store(ctx, e.Name)
		failed = errors.Join(failed, err)
		targets = append(targets, release.Target{Name: e.Name, After: e.After, Store: store})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return targets, failed
}

// withPredecessors opens, besides the chosen ones, the environments that must have taken a commit before them.
func (w *where) withPredecessors(ctx context.Context, config *datarepo.Config, open *stores) ([]release.Target, error) {
	chosen, err := w.chosen(config)
	if err != nil {
		return nil, err
	}
	needed := func(e datarepo.Environment) bool {
		return slices.ContainsFunc(chosen, func(c datarepo.Environment) bool { return c.Name == e.Name || c.After == e.Name })
	}
	return openAll(ctx, slices.DeleteFunc(slices.Clone(config.Environments), func(e datarepo.Environment) bool { return !needed(e) }), open)
}

// one opens the single environment that a command is about. Only liveops.yaml is read, as it stands.
func (w *where) one(ctx context.Context, open *stores) (*mysqlstore.Store, error) {
	_, store, err := w.oneOf(ctx, open)
	return store, err
}

// oneOf is one, with what liveops.yaml says.
func (w *where) oneOf(ctx context.Context, open *stores) (*datarepo.Config, *mysqlstore.Store, error) {
	if len(w.environments) != 1 {
		return nil, nil, errNotOne
	}
	config, err := w.config()
	if err != nil {
		return nil, nil, err
	}
	targets, err := w.targets(ctx, config, open)
	if err != nil {
		return nil, nil, err
	}
	return config, targets[0].Store, nil
}

// errNotOne is a command about one environment that was not told which.
var errNotOne = errors.New("say which environment: --env NAME, once")

// config reads liveops.yaml as it stands; nil where it has problems.
func (w *where) config() (*datarepo.Config, error) {
	checkout, err := w.checkout()
	if err != nil {
		return nil, err
	}
	config, _ := datarepo.LoadConfig(checkout.WorkTree())
	return config, checkout.Close()
}

// complete offers the names of liveops.yaml to the shell.
func (w *where) complete(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	config, err := w.config()
	if err != nil || config == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, e := range config.Environments {
		names = append(names, e.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// planAll plans each target.
func planAll(ctx context.Context, desired *release.Desired, targets []release.Target, bar *bar) ([]*release.Plan, error) {
	var plans []*release.Plan
	for _, t := range targets {
		snap, err := t.Store.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		p, err := release.MakePlan(ctx, desired, t.Name, snap, func(done, total int) { bar.show("plan "+t.Name, "sheets", done, total) })
		snap.Close()
		if err == nil {
			err = release.PlanPurges(ctx, p, desired)
		}
		bar.clear()
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// addPurging has plans look at the purges of the files that were read. Those that the commit before them has are past for an
// environment without a release: of a commit its first parent, of the work tree HEAD.
func (s *source) addPurging(ctx context.Context, documents release.Buckets) error {
	if len(s.desired.Purges) == 0 {
		return nil
	}
	purging := &release.PurgeContext{Buckets: documents, Now: time.Now()}
	before, err := s.before()
	switch {
	case errors.Is(err, datarepo.ErrShallow): // any may have been there before
		purging.Past, err = s.desired.Purges, nil
	case err == nil && before != nil:
		purging.Past, _, err = release.ReadPurges(ctx, before.Files, s.desired.Location())
	}
	if err != nil {
		return err
	}
	s.desired.Purging = purging
	return nil
}

// before is the commit before the files that were read; nil where there is none.
func (s *source) before() (before *datarepo.Commit, err error) {
	switch {
	case s.commit == nil:
		before, err = s.Head()
	case len(s.commit.Parents) > 0:
		before, err = s.Commit(s.commit.Parents[0])
	}
	if errors.Is(err, datarepo.ErrNotFound) {
		return nil, nil
	}
	return before, err
}
