package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/release"
)

// purgePasses are what a purge that is run by itself passes over.
type purgePasses struct {
	yes, anyNumber bool
	reasons        [3]string // for passing over what purgePassable lists
}

// purgePassable are what may be passed over with a reason.
func purgePassable() [3]release.WaitKind {
	return [...]release.WaitKind{release.Frozen, release.Unapproved, release.Unordered}
}

func (p *purgePasses) flags(c *cobra.Command) {
	c.Flags().BoolVar(&p.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&p.anyNumber, "over-limit", false, "change more documents than the file's limit, or limits.purgedDocuments")
	for i, about := range []string{"a freeze", "the approval that is missing", "the environment before, which has not done it"} {
		c.Flags().StringVar(&p.reasons[i], "despite-"+string(purgePassable()[i]), "", "go on despite "+about+", for this `reason`")
	}
}

// check refuses a gate passed over without a reason.
func (p *purgePasses) check(c *cobra.Command) error {
	for i, kind := range purgePassable() {
		if flag := "despite-" + string(kind); c.Flags().Changed(flag) && strings.TrimSpace(p.reasons[i]) == "" {
			return fmt.Errorf("say why: --%s REASON", flag)
		}
	}
	return nil
}

// purgeGates fails where a release would wait, unless that is passed over: it says what is, and why. run is what there is of
// the purge; zero before it has begun.
func (a *app) purgeGates(ctx context.Context, policy *release.Policy, db *mysqlstore.Store, open *stores, run purge.Run, p *purge.Purge, past purgePasses) (passed []string, err error) {
	g := release.PurgeGate{Policy: policy, Environment: db.Environment(), Name: p.Name, Begun: run.Name != ""}
	if after := policy.Environment(db.Environment()).After; after != "" && !g.Begun {
		url, err := a.settings.get(environmentSetting(after, "COUCHBASE_URL"))
		if err != nil {
			return nil, err
		}
		if url != "" {
			before, err := open.Store(ctx, after)
			if err != nil {
				return nil, err
			}
			g.Before = before.Purges()
		}
	}
	waits, err := g.Waits(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	var refused error
	for _, w := range waits {
		reason := ""
		for i, kind := range purgePassable() {
			if kind == w.Kind {
				reason = past.reasons[i]
			}
		}
		if reason != "" {
			passed = append(passed, "despite the "+string(w.Kind)+": "+reason)
			continue
		}
		until := ""
		if !w.Until.IsZero() {
			until = " until " + w.Until.UTC().Format("2006-01-02 15:04 UTC")
		}
		refused = errors.Join(refused, fmt.Errorf("%s%s; --despite-%s REASON passes over it", strings.ReplaceAll(w.Reason, "`", ""), until, w.Kind))
	}
	return passed, refused
}
