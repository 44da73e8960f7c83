package datarepo

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
)

func TestCampaignFiles(t *testing.T) {
	files := fstest.MapFS{"pushes/b.yaml": {Data: []byte("b")}, "pushes/2026/a.yml": {Data: []byte("a")}, "pushes/note.txt": {}, "pushes/x.yaml": {}, "pushes/y/x.yaml": {}}
	got, err := CampaignFiles(files)
	want := []CampaignFile{{"a", "pushes/2026/a.yml", []byte("a")}, {"b", "pushes/b.yaml", []byte("b")}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := CampaignFiles(fstest.MapFS{}); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// One file is read as all are.
func TestDecodeCampaign(t *testing.T) {
	file := []byte("at: 2026-12-24T19:00\nmessage: {default: {body: Hello}}\n")
	all, problems, err := Campaigns(fstest.MapFS{"pushes/eve.yaml": {Data: file}}, zoneOf(t, "Asia/Seoul"))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	one, err := DecodeCampaign("eve", file, zoneOf(t, "Asia/Seoul"))
	if err != nil || one.Fingerprint() != all[0].Fingerprint() || one.Zone.String() != "Asia/Seoul" {
		t.Errorf("%v, %v", one, err)
	}
	problem := (*datasheets.Problem)(nil)
	if c, err := DecodeCampaign("eve", []byte("message: {default: {}}\n"), nil); c != nil || !errors.As(err, &problem) || problem.At.Line != 1 {
		t.Errorf("%v, %v", c, err)
	}
	for name, file := range map[string][]byte{"../eve": file, "large": make([]byte, maxYAMLBytes+1)} {
		if c, err := DecodeCampaign(name, file, nil); c != nil || err == nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}
