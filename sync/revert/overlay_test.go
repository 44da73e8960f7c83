package revert

import (
	"testing"
	"testing/fstest"
)

func TestOverlay(t *testing.T) {
	base := fstest.MapFS{"liveops.yaml": {Data: []byte("a")}, "datasheets/a.xlsx": {Data: []byte("a")}, "datasheets/b.xlsx": {Data: []byte("b")}}
	o := newOverlay(base)
	o.put("datasheets/a.xlsx", []byte("other"))
	o.put("datasheets/b.xlsx", nil)
	o.put("datasheets/new/deep/c.xlsx", []byte("c"))
	o.put("checks/one.sql", []byte{})
	if err := fstest.TestFS(o, "liveops.yaml", "datasheets/a.xlsx", "datasheets/new/deep/c.xlsx", "checks/one.sql"); err != nil {
		t.Error(err)
	}
	if _, err := o.Open("datasheets/b.xlsx"); err == nil {
		t.Error("a deleted file is there")
	}
	if c, err := content(o, "datasheets/a.xlsx"); err != nil || string(c) != "other" {
		t.Errorf("content %q, %v", c, err)
	}
}
