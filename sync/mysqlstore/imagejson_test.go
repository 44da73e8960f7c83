package mysqlstore

import (
	"bytes"
	"encoding/json"
	"testing"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// An image is what json.Marshal makes of it, whatever the row holds, and is read back; a piece that is cut is not.
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
		row, other := []datasheets.Value{datasheets.NewValue("1"), datasheets.NewValue(text), datasheets.Null}, []datasheets.Value{datasheets.NewValue("1"), datasheets.Null, datasheets.Null}
		lines, err := e.appendLine(nil, row, nil)
		if err == nil {
			lines, err = e.appendLine(lines, row, other)
		}
		if err == nil {
			lines, err = e.appendLine(lines, row, row)
		}
		if err != nil {
			t.Fatal(err)
		}
		one := "1"
		whole := map[string]*string{"id": &one, name: &text, "none": nil}
		var want bytes.Buffer
		for _, i := range []image{{"t", whole, nil}, {"t", whole, map[string]*string{name: nil}}, {"t", whole, map[string]*string{}}} {
			if err := json.NewEncoder(&want).Encode(i); err != nil {
				t.Fatal(err)
			}
		}
		if string(lines) != want.String() {
			t.Errorf("got %s, want %s", lines, &want)
		}
		piece, err := compress(lines)
		if err != nil {
			t.Fatal(err)
		}
		images, err := unpackImages(piece)
		if err != nil || len(images) != 3 || images[0].After != nil || len(images[1].After) != 3 || images[1].After[name] != nil || *images[2].After["id"] != "1" {
			t.Errorf("read back %+v, %v", images, err)
		}
		for cut := range piece {
			if _, err := unpackImages(piece[:cut]); err == nil {
				t.Errorf("%d of %d bytes are read without an error", cut, len(piece))
			}
		}
	})
}
