package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

func (w *where) flags(c *cobra.Command, environments bool) {
	c.Flags().StringVar(&w.repo, "repo", ".", "the data repo's checkout, or a folder in it")
	if environments {
		c.Flags().StringArrayVarP(&w.environments, "env", "e", nil, "an environment of liveops.yaml; may be repeated (default all)")
	}
}

// source is a checkout and what its files want.
type source struct {
	*datarepo.Checkout
	desired *release.Desired
	commit  *datarepo.Commit // nil for the work tree
}

// open reads the checkout: HEAD as it is committed, or the files as they stand.
func (w *where) open(ctx context.Context, committed bool) (*source, error) {
	checkout, err := datarepo.OpenCheckout(w.repo)
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

// targets opens the databases of the environments that were asked for, or of all, in promotion order.
func (w *where) targets(ctx context.Context, config *datarepo.Config, open *stores) ([]release.Target, error) {
	if config == nil {
		return nil, errors.New("liveops.yaml has problems; see liveops validate")
	}
	known := make([]string, len(config.Environments))
	var targets []release.Target
	for i, e := range config.Environments {
		known[i] = e.Name
		if len(w.environments) > 0 && !slices.Contains(w.environments, e.Name) {
			continue
		}
		store, err := open.Store(ctx, e.Name)
		if err != nil {
			return nil, err
		}
		targets = append(targets, release.Target{Name: e.Name, After: e.After, Store: store})
	}
	for _, name := range w.environments {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("liveops.yaml has no environment %q; it has %v", name, known)
		}
	}
	return targets, nil
}

// one opens the single environment that a command is about; liveops.yaml is read as it stands.
func (w *where) one(ctx context.Context, open *stores) (*mysqlstore.Store, error) {
	if len(w.environments) != 1 {
		return nil, errors.New("say which environment: --env NAME")
	}
	s, err := w.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	targets, err := w.targets(ctx, s.desired.Config, open)
	if err != nil {
		return nil, err
	}
	return targets[0].Store, nil
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
		bar.clear()
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}
