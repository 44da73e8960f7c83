package runs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// The open batches of what is under way are counted, by the gateway that no worker can send by; while nobody leads none is.
func TestStuck(t *testing.T) {
	onEach(t, func(t *testing.T, s *runs.Store) {
		own := lead(t, s)
		r := begin(t, s, own)
		batches := []runs.Batch{{1, audience.Cursor{Platform: campaign.Android}, "b", 2}, {2, audience.Cursor{Platform: campaign.IOS}, "b", 2}, {3, audience.Cursor{Platform: campaign.IOS, Token: "b"}, "c", 1}}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		do(s.Extend(t.Context(), own, r.ID, batches, audience.Cursor{}, true))
		is := func(what string, want ...runs.Stuck) {
			t.Helper()
			all, err := s.Newest(t.Context(), "", 10)
			do(err)
			do(s.Stuck(t.Context(), all))
			if diff := cmp.Diff(want, all[0].Stuck); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		is("nothing is lacking")
		do(s.RecordLacking(t.Context(), own, map[campaign.Platform]campaign.Gateway{campaign.IOS: campaign.APNs, campaign.Android: campaign.FCM}))
		is("both are", runs.Stuck{Gateway: campaign.APNs, Batches: 2}, runs.Stuck{Gateway: campaign.FCM, Batches: 1})
		do(s.RecordLacking(t.Context(), own, map[campaign.Platform]campaign.Gateway{campaign.IOS: campaign.APNs}))
		do(s.Settle(t.Context(), own, r.ID, []runs.Result{{Seq: 2, Counts: runs.Counts{Accepted: 2}}}))
		is("one is", runs.Stuck{Gateway: campaign.APNs, Batches: 1})
		_, err := s.Wish(t.Context(), r.ID, runs.Paused, "by jun")
		do(err)
		is("it is paused", runs.Stuck{Gateway: campaign.APNs, Batches: 1})
		do(s.Resign(t.Context(), own))
		is("nobody leads")
		if own, err = s.Lead(t.Context(), "two", 0, 1e12); err != nil {
			t.Fatal(err)
		}
		_, err = s.Wish(t.Context(), r.ID, runs.Canceling, "by jun")
		do(err)
		is("it is canceling")
		do(s.RecordLacking(t.Context(), own, nil))
		is("no more")
	})
}
