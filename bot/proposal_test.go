package bot

import (
	"strings"
	"testing"
)

func TestShortTitle(t *testing.T) {
	if s := shortTitle("Bring items"); s != "Bring items" {
		t.Error(s)
	}
	if s := shortTitle(strings.Repeat("가", 300)); len([]rune(s)) != longestTitle || !strings.HasSuffix(s, "…") {
		t.Error(s)
	}
}
