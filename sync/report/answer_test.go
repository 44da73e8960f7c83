package report

import (
	"strings"
	"testing"

	"liveops/sync/mysqlstore"
)

func TestAnswer(t *testing.T) {
	kept := mysqlstore.Changed{{Table: "stuff", Count: 61, Rows: []mysqlstore.ChangedRow{{Table: "stuff", Key: "id=30021", What: "price", By: 43, Pull: 12}, {Table: "stuff", Key: "id=30022", What: "is gone"}}}}
	a := Answer{Comment: 4711, Asker: "jun", Replies: []Reply{
		{Command: "/liveops rollback production", State: Done, Text: RollbackMarkdown("production", mysqlstore.Rollback{
			Release: mysqlstore.Release{ID: 42, Undoes: 41, Deleted: 2, Inserted: 1, Updated: 4}, Kept: kept,
			Hold: mysqlstore.Hold{Reason: "release 41 was rolled back", By: "jun", Since: now}})},
		{Command: "/liveops lock prod wait", State: Refused, Text: Sentence("`prod` is no environment", "did you mean `production`?")},
	}}
	golden(t, "answer.md", AnswerComment(a))
	if !a.Finished() || a.Well() || !AnswerFinished(4711, AnswerComment(a)) || AnswerFinished(471, AnswerComment(a)) {
		t.Error("the answer is final, and yet not")
	}
	a.Replies[0].State = Working
	if body := AnswerComment(a); a.Finished() || AnswerFinished(4711, body) || !strings.HasPrefix(body, AnswerMarker(4711)) {
		t.Errorf("the answer is not final, and yet:\n%s", body)
	}
	// Whoever writes the mark into a command does not end the answer.
	a.Replies[1].Command = finished
	a.Replies = a.Replies[1:]
	a.Replies[0].State = Working
	if AnswerFinished(4711, AnswerComment(a)) {
		t.Error("a command's text ends the answer")
	}
	a.Replies[0] = Reply{Command: "/liveops status", State: Done, Text: strings.Repeat("가", longestComment)}
	if n := length(AnswerComment(a)); n > longestComment {
		t.Errorf("%d long", n)
	}
}

// Of a reply that is too long its first paragraph stays, and the answer knows that it was not shown whole.
func TestLongReplyIsCut(t *testing.T) {
	a := Answer{Comment: 1, Replies: []Reply{
		{Command: "/liveops rollback production", State: Done, Text: "**Release `2` is taken back.**\n\n" + strings.Repeat("- row\n", 10_000)},
		{Command: "/liveops help", State: Done, Text: "short"},
	}}
	if a.Whole(0) || !a.Whole(1) {
		t.Errorf("whole: %v and %v", a.Whole(0), a.Whole(1))
	}
	if s := AnswerComment(a); !strings.Contains(s, "**Release `2` is taken back.**\n\nThe answer is too long for a comment.") || strings.Contains(s, "- row") {
		t.Error(s)
	}
}

// What an earlier try has carried out is taken over, up to the first command that it has not.
func TestAnswerResumes(t *testing.T) {
	commands := func() Answer {
		return Answer{Comment: 7, Replies: []Reply{{Command: "/liveops unlock staging"}, {Command: "/liveops x"}, {Command: "/liveops apply staging"}, {Command: "/liveops help"}}}
	}
	told := commands()
	told.Replies[0] = Reply{Command: told.Replies[0].Command, State: Done, Text: "It is lifted.\n\nReason: `<!-- liveops:failed -->`."}
	told.Replies[1] = Reply{Command: told.Replies[1].Command, State: Refused, Text: "What?"}
	a := commands()
	a.Resume(AnswerComment(told))
	for i, want := range []Reply{told.Replies[0], told.Replies[1], {Command: "/liveops apply staging"}, {Command: "/liveops help"}} {
		if a.Replies[i] != want {
			t.Errorf("reply %d is %+v, want %+v", i, a.Replies[i], want)
		}
	}
	for _, other := range []string{"", AnswerComment(Answer{Comment: 8, Replies: told.Replies}), AnswerMarker(7) + "\n", AnswerMarker(7)} {
		a := commands()
		if a.Resume(other); a.Replies[0].State != Working {
			t.Errorf("taken over from %q", other)
		}
	}
}
