package bot

import "testing"

// A default branch that is renamed keeps its commits: what is remembered is of the other name.
func TestPolicyOfARenamedBranch(t *testing.T) {
	var p policies
	p.put("Studio/Game", base{branch: "master", tip: "1"})
	if _, ok := p.get("studio/game", "main", "1"); ok {
		t.Error("the branch has the name that it had")
	}
	if _, ok := p.get("studio/game", "master", "2"); ok {
		t.Error("the policy is that of an earlier commit")
	}
	if b, ok := p.get("studio/game", "master", "1"); !ok || b.tip != "1" {
		t.Errorf("%v, %v", b, ok)
	}
}
