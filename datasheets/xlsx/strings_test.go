package xlsx

import "testing"

func TestSharedStringsStandInBlocks(t *testing.T) {
	texts := []string{"", "abc", "", "12345", "", "x", "12345678", "", "1234567", "ab", "abcdef", ""} // to the end of a block, over it, and as long as one
	s := sharedStrings{block: 8}
	for _, text := range texts {
		if err := s.add([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range texts {
		if got, ok := s.at(i); !ok || string(got) != want {
			t.Errorf("text %d is %q, %v; want %q", i, got, ok, want)
		}
	}
	for _, i := range []int{-1, len(texts)} {
		if got, ok := s.at(i); ok {
			t.Errorf("text %d is %q", i, got)
		}
	}
}
