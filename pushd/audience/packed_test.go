package audience_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
)

func TestPackDead(t *testing.T) {
	for name, dead := range map[string][]audience.Dead{
		"none": nil,
		"one":  {{Platform: campaign.IOS, Token: "abc", Since: time.Date(2026, 11, 25, 19, 3, 0, 123456000, time.UTC)}},
		"some": {{Platform: campaign.Android, Token: "a"}, {Platform: campaign.IOS, Token: "b:c", Since: time.Unix(0, 0).UTC()}},
	} {
		got, err := audience.UnpackDead(audience.PackDead(dead))
		if err != nil || cmp.Diff(dead, got) != "" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// FuzzUnpackDead reads what others wrote.
func FuzzUnpackDead(f *testing.F) {
	f.Add(audience.PackDead([]audience.Dead{{Platform: campaign.IOS, Token: "abc", Since: time.Unix(1, 0)}}))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		dead, err := audience.UnpackDead(b)
		if err != nil {
			return
		}
		again, err := audience.UnpackDead(audience.PackDead(dead))
		if err != nil || cmp.Diff(dead, again) != "" {
			t.Errorf("%v, then %v, %v", dead, again, err)
		}
	})
}
