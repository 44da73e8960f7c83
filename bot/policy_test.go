package bot_test

import (
	"testing"

	"liveops/sync/mysqlstore"
)

// The policy of the base holds, also for a change that would take it away: what was confirmed before the merge goes,
// and what needs approval waits, without a hold, until it is given to the plan that was shown.
func TestPolicyOfTheBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true, files: map[string][]byte{"liveops.yaml": []byte(config + "    requires: [approval]\nlimits: {deletedRows: 0}\n")}})
	w.releaseFirst()
	w.start()
	n := w.planned("winter", files{itemsPath: items(winterItems), "liveops.yaml": []byte(config)})
	w.says(w.plan(n), "**Past a limit:** each of the plans for staging and production deletes 1 row (the limit is 0).", "someone allowed (`admin`) who is not the author comments `/liveops confirm`",
		"On merge: staging after a second person comments `/liveops confirm`, then production after a second person comments `/liveops apply production` and after")
	w.status(w.repo.Tip("winter"), "success", "past a limit")

	for _, e := range []string{"staging", "production"} {
		store, err := w.Store(t.Context(), e)
		w.must(err)
		review, err := store.Review(t.Context(), repository, n)
		w.must(err)
		w.must(store.SaveConfirmation(t.Context(), mysqlstore.Confirmation{Kind: mysqlstore.Limits, Repository: repository, Pull: n, Digest: review.Digest, By: "jun"}))
	}
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging, waits at production", "**Waiting:** production is as it was.", "Someone allowed who is not the author comments `/liveops apply production`.", "not: second person must confirm")
	w.status(merged, "pending", "production waits: production takes it once someone who is not its author has approved it")
	w.rows(winterItems, firstItems)
	w.releases("1", "0")
	w.equal("production's hold", w.envs["production"].hold(t), "")

	production, err := w.Store(t.Context(), "production")
	w.must(err)
	shown, err := production.Shown(t.Context(), repository, n)
	w.must(err)
	review, err := production.Review(t.Context(), repository, n)
	w.must(err)
	if shown == nil || shown.Commit != merged || shown.Digest != review.Digest {
		t.Errorf("shown %+v, reviewed %+v", shown, review)
	}
}
