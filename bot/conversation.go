package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/bot/command"
	"liveops/engine"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// kindCommands has the commands of a comment carried out.
const kindCommands = "commands"

// commandJob is the body of such a job: the comment as it was when it was written, since one that is edited is not run
// again.
type commandJob struct {
	Number  int    `json:"number"`
	Pull    bool   `json:"pull"` // of a pull request, and not an issue
	Comment int64  `json:"comment"`
	Author  string `json:"author"`
	Body    string `json:"body"`
}

func (c *commandJob) place() command.Place {
	if c.Pull {
		return command.PullRequest
	}
	return command.Issue
}

// commentJob is the job of an issue_comment event (https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment);
// nil where the comment has no command, or a bot wrote it.
func commentJob(d engine.Delivery) (*engine.Job, error) {
	var e github.IssueCommentEvent
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, fmt.Errorf("read the issue_comment event: %w", err)
	}
	author := e.GetComment().GetUser()
	if e.GetAction() != "created" || author.GetType() == "Bot" || e.GetSender().GetType() == "Bot" || len(command.Parse(e.GetComment().GetBody())) == 0 {
		return nil, nil
	}
	if e.GetIssue().GetNumber() <= 0 || e.GetComment().GetID() == 0 {
		return nil, errors.New("read the issue_comment event: it names no comment")
	}
	c := commandJob{Number: e.GetIssue().GetNumber(), Pull: e.GetIssue().IsPullRequest(), Comment: e.GetComment().GetID(), Author: author.GetLogin(), Body: e.GetComment().GetBody()}
	job := commandsJob(engine.Commands, d.Repository, c)
	return &job, nil
}

// commandsJob carries commands out in a lane: what only looks or is done in no time in that of commands, what changes
// environments behind the releases, a plan behind those of its pull request, what waits for others where no command waits behind it. Its id is the comment's, however it was
// heard of.
func commandsJob(l engine.Lane, repository string, c commandJob) engine.Job {
	body, _ := json.Marshal(c) // numbers and texts
	about := fmt.Sprintf("%s#%d", repository, c.Number)
	job := engine.Job{ID: fmt.Sprintf("comment-%d", c.Comment), Lane: l, Key: strings.ToLower(about), Kind: kindCommands, Repository: repository, About: about, Body: body}
	if l == engine.Releases {
		job.Key = strings.ToLower(repository)
	}
	return job
}

// laneOf is where the commands of a comment belong, all in one: they are carried out one after the other.
func laneOf(lines []command.Line) engine.Lane {
	lane := engine.Commands
	for _, l := range lines {
		if len(l.Words) == 0 {
			continue
		}
		switch strings.ToLower(l.Words[0]) {
		case "apply", "rollback", "promote", "export", "drift":
			return engine.Releases
		case "plan":
			lane = engine.Plans
		case "purge": // what pauses or cancels must not wait for what runs
			if len(l.Words) < 2 {
				continue
			}
			switch strings.ToLower(l.Words[1]) {
			case "run", "resume", "undo":
				return engine.Releases
			case "plan":
				lane = engine.Plans
			}
		case "push": // a pause or a cancel must not wait for a test to arrive, nor for an audience to be counted
			if len(l.Words) > 1 && lane == engine.Commands && slices.Contains([]string{"test", "preview"}, strings.ToLower(l.Words[1])) {
				lane = engine.Waits
			}
		}
	}
	return lane
}

// Answers to a command that finds no answer somewhere are tried again so often before the answer is that it failed.
const mostCommandTries = 4

// talk is the carrying out of a comment's commands.
type talk struct {
	*job
	commandJob
	base    // the default branch, with its policy
	lane    engine.Lane
	asked   time.Time // when the job was asked for
	last    bool      // no further try: what fails now has failed
	line    int       // which of the comment's commands is being carried out
	answer  report.Answer
	desired *release.Desired                  // of the default branch; nil until it is asked for
	role    *github.RepositoryPermissionLevel // of the author; nil until it is asked for
	denied  int                               // how many of the commands were refused for want of a permission
	shown   []shownPlan                       // what the answer shows, to be recorded once it does
}

// shownPlan is a plan that an answer shows, which a later command is bound to.
type shownPlan struct {
	line  int // which reply shows it
	store *mysqlstore.Store
	mysqlstore.Shown
}

// converse carries out the commands of a comment. Whatever happens, the comment has 👀 at once, and then 🚀 or 😕 and one
// answer, which says of each command what came of it. It may be run again after any interruption.
func (j *job) converse(ctx context.Context, w engine.Job, attempt int) error {
	t := &talk{job: j, lane: w.Lane, asked: w.Asked, last: attempt >= mostCommandTries}
	if err := json.Unmarshal(w.Body, &t.commandJob); err != nil {
		return engine.Park(fmt.Errorf("read the job: %w", err))
	}
	if strings.EqualFold(t.Author, j.self) {
		return nil
	}
	before, err := t.findComment(ctx, t.Number, report.AnswerMarker(t.Comment))
	if err != nil {
		return fmt.Errorf("look for the answer on #%d: %w", t.Number, err)
	}
	if report.AnswerFinished(t.Comment, before.GetBody()) { // the last reaction may be missing
		return t.reactLast(ctx, report.AnswerWell(before.GetBody()))
	}
	if j.denials.tooMany(t.Author, j.Now()) {
		j.log.Warn("commands are not looked at: their author was told often that they may do nothing", "author", t.Author)
		return nil
	}
	if err := t.react(ctx, "eyes"); err != nil {
		return err
	}
	lines := command.Parse(t.Body)
	t.answer = report.Answer{Comment: t.Comment, Asker: t.Author}
	for _, l := range lines {
		t.answer.Replies = append(t.answer.Replies, report.Reply{Command: l.Text})
	}
	t.answer.Resume(before.GetBody())
	if l := laneOf(lines); l != t.lane {
		if err := t.tellAnswer(ctx); err != nil {
			return err
		}
		return j.enqueue(ctx, commandsJob(l, j.repository, t.commandJob))
	}
	if err := t.carryOut(ctx, lines); err != nil {
		return err
	}
	if err := t.tellAnswer(ctx); err != nil {
		return err
	}
	for _, s := range t.shown { // only now has anybody seen it; a process that dies in between leaves it to be shown again
		if !t.answer.Whole(s.line) {
			continue
		}
		if err := s.store.SaveShown(ctx, s.Shown); err != nil {
			t.log.Warn("what was shown is not recorded; it will be shown again", "error", err)
		}
	}
	if t.denied == len(lines) {
		j.denials.add(t.Author, j.Now())
	}
	return t.reactLast(ctx, t.answer.Well())
}

// reactLast says by a reaction whether all went well.
func (t *talk) reactLast(ctx context.Context, well bool) error {
	if well {
		return t.react(ctx, "rocket")
	}
	return t.react(ctx, "confused")
}

// carryOut fills the answer. An error is only that it is to be tried again.
func (t *talk) carryOut(ctx context.Context, lines []command.Line) error {
	if err := t.prepare(ctx); err != nil {
		return t.again(ctx, 0, err)
	}
	for i, l := range lines {
		if t.answer.Replies[i].State != report.Working {
			continue // by an earlier try
		}
		t.line = i
		reply, err := t.run(ctx, l)
		if err != nil {
			return t.again(ctx, i, err)
		}
		t.answer.Replies[i].State, t.answer.Replies[i].Text = reply.state, reply.text
		if reply.state == report.Done && i < len(lines)-1 && changes(l) {
			if err := t.tellAnswer(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// changes says whether a command changes something, so that it must not be carried out again when a later one of the
// comment is.
func changes(l command.Line) bool {
	if len(l.Words) == 0 {
		return false
	}
	switch strings.ToLower(l.Words[0]) {
	case "help", "status", "plan", "drift":
		return false
	}
	return true
}

// again returns the error, so that the whole comment is tried again, and says so in the answer; at the last try the
// command has failed, and those after it are not begun: they were written for what it leaves behind.
func (t *talk) again(ctx context.Context, i int, err error) error {
	t.log.Warn("a command found no answer", "command", t.answer.Replies[i].Command, "error", err)
	if ctx.Err() != nil {
		return err
	}
	if !t.last {
		t.answer.Replies[i].Text = "Trying again: " + report.Sentence(reason(err), "")
		return errors.Join(err, t.tellAnswer(ctx))
	}
	t.answer.Replies[i].State, t.answer.Replies[i].Text = report.Failed, report.Sentence(reason(err), "say it again once that is settled")
	for k := i + 1; k < len(t.answer.Replies); k++ {
		t.answer.Replies[k].State, t.answer.Replies[k].Text = report.Refused, report.Sentence("a command before it failed, so that it was not begun", "")
	}
	return nil
}

// prepare reads the policy: that of the default branch as it is now.
func (t *talk) prepare(ctx context.Context) (err error) {
	t.base, err = t.job.base(ctx)
	return err
}

func (t *talk) tellAnswer(ctx context.Context) error {
	marker, comment := report.AnswerMarker(t.Comment), report.AnswerComment(t.answer)
	t.hear(Told{Number: t.Number, Marker: marker, Comment: comment})
	return t.upsert(ctx, t.Number, marker, comment)
}

// react puts a reaction on the comment (https://docs.github.com/en/rest/reactions/reactions). A comment that is gone
// needs none; where GitHub takes none, as in a locked conversation, the answer has to do.
func (t *talk) react(ctx context.Context, content string) error {
	_, _, err := t.GitHub.Reactions.CreateIssueCommentReaction(ctx, t.owner, t.name, t.Comment, content)
	if err != nil && !refused(err, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity) {
		return fmt.Errorf("react to the comment %d: %w", t.Comment, err)
	}
	return nil
}
