package mysqlstore

import (
	"encoding/json"
	"testing"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// An image is what json.Marshal makes of a map of the row's columns, whatever they hold.
func FuzzImage(f *testing.F) {
	for _, text := range []string{"", "sword", "나무 검", "o'neil", `"q" \ / <b>&amp;`, "a\nb\t\x00\x1f\x7f", "\u2028\u2029", "\xFF", "\xE2\x80", "😀"} {
		f.Add(text, "column")
		f.Add("x", text)
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		if name == "id" || name == "none" {
			return
		}
		w := newTableWork(&plan.Table{Schema: &datasheets.Table{Name: "t", Key: []int{1}, Columns: []datasheets.Column{{Name: name}, {Name: "id"}, {Name: "none"}}}}, nil)
		e, err := newImageEncoder(w)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.encode([]datasheets.Value{datasheets.NewValue("1"), datasheets.NewValue(text), datasheets.Null}, nil)
		if err != nil {
			t.Fatal(err)
		}
		one := "1"
		want, err := json.Marshal(map[string]*string{"id": &one, name: &text, "none": nil})
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
		if nothing, err := e.encode(nil, nil); nothing != nil || err != nil {
			t.Errorf("no row is %v, %v", nothing, err)
		}
	})
}
