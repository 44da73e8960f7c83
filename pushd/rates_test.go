package pushd

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

// heeding is a sender that is told a rate.
type heeding struct{ rate float64 }

func (h *heeding) Send(context.Context, *gateway.Batch, []gateway.Result) error { return nil }
func (h *heeding) SetRate(perSecond float64)                                    { h.rate = perSecond }

// Each worker's senders are told its share of what the runs and the quotas allow.
func TestRatesAreTold(t *testing.T) {
	per := func(n int) campaign.Rate { return campaign.Rate{Count: n, Per: time.Second} }
	for _, test := range []struct {
		name      string
		running   []int // the rates of runs; 0 for none
		paused    []int
		workers   int
		fcm, apns float64 // FCM has a quota of 10,000 a second
	}{
		{"nothing to send", nil, []int{100}, 1, 0, 0},
		{"one run", []int{1000}, nil, 1, 1000, 1000},
		{"two runs, and two workers", []int{1000, 500}, []int{70_000}, 2, 750, 750},
		{"more than the quota", []int{25_000}, nil, 2, 5000, 12_500},
		{"as fast as it goes", []int{0}, nil, 4, 2500, 0},
		{"as fast as it goes, beside another", []int{100, 0}, nil, 1, 10_000, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLeader(Options{Clock: SystemClock{}, Quotas: map[campaign.Gateway]campaign.Rate{campaign.FCM: per(10_000)},
				Gateways: map[campaign.Platform]campaign.Gateway{"android": campaign.FCM, "ios": campaign.APNs}}, 1)
			for state, rates := range map[runs.State][]int{runs.Running: test.running, runs.Paused: test.paused} {
				for _, rate := range rates {
					l.led[int64(len(l.led))] = &led{Run: runs.Run{State: state}, pace: &pace{rate: per(rate)}}
				}
			}
			for i := range test.workers {
				l.workers[string(rune('a'+i))] = &worker{}
			}
			fcm, apns := &heeding{-1}, &heeding{-1}
			w := &hands{o: WorkOptions{Senders: map[campaign.Gateway]Sender{campaign.FCM: fcm, campaign.APNs: apns, "none": &waiting{}}}}
			w.rate(l.rates())
			if diff := cmp.Diff([]float64{test.fcm, test.apns}, []float64{fcm.rate, apns.rate}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
