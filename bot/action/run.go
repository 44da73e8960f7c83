package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"liveops/bot"
	"liveops/engine"
	"liveops/engine/memory"
	"liveops/sync/release"
)

// Options of a run. The last group has defaults.
type Options struct {
	Event      string // of GITHUB_EVENT_NAME
	Payload    []byte // of the file at GITHUB_EVENT_PATH
	Repository string // of GITHUB_REPOSITORY: owner/name
	RunID      int64  // of GITHUB_RUN_ID
	Commit     string // of GITHUB_SHA: what the run is of
	Attempt    string // of GITHUB_RUN_ATTEMPT: what is run again is asked anew

	Only      string // the one environment that releases go to; "" for all
	Drift     bool   // environments are compared with their commits, and nothing is released
	Approvals bool   // an approval by GitHub's environment counts where liveops.yaml requires one
	Artifacts string // the directory for files that the workflow uploads; "" for none
	Summary   string // the path of GITHUB_STEP_SUMMARY; "" for none
	Output    string // the path of GITHUB_OUTPUT; "" for none

	Hub     bot.Hub
	Stores  bot.Stores
	Buckets release.Buckets    // of the user documents; nil leaves purges alone
	Phones  release.Phones     // whom campaigns are for; nil leaves audiences uncounted
	Servers release.ServersNow // how many game servers run, for previews of campaigns; nil asks nobody
	Out     io.Writer          // the step's log

	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
}

// planTries is how often a pull request is planned anew whose environment gives no answer.
const planTries = 3

// Run works off one event, and all that it leads to. unwell says that it came to no good end, which has been told:
// problems in files, a release that stopped or waits, a job that was given up. An error has not been told yet.
func Run(ctx context.Context, o Options) (unwell bool, err error) {
	e, err := readEvent(o.Event, o.Payload)
	if err != nil {
		return false, err
	}
	f, kept := workflow{o.Out}, &shelf{dir: o.Artifacts}
	r := &record{number: e.number, only: o.Only}
	if e.skip != "" {
		f.command("notice", []property{{"title", "liveops"}}, e.skip)
		return false, errors.Join(appendTo(o.Summary, "### liveops: nothing to do\n\n"+e.skip+"\n"), writeOutputs(o.Output, r, nil))
	}
	queue, err := work(ctx, o, e, r, kept, f)
	if queue == nil {
		return false, err
	}
	parked, parkedErr := queue.Parked(context.WithoutCancel(ctx))
	return slices.ContainsFunc(r.told, r.unwell) || len(parked) > 0, errors.Join(err, parkedErr, tell(o, f, r, parked, kept))
}

// work runs the bot on the event until nothing is left to do. The queue is nil where it could not begin.
func work(ctx context.Context, o Options, e event, r *record, kept *shelf, f workflow) (*memory.Queue, error) {
	defer f.group("liveops at work")()
	log := slog.New(slog.NewTextHandler(o.Out, nil))
	queue := memory.New(memory.Options{Log: log, Now: o.Now, Wait: o.Wait})
	run := &bot.OneRun{PlanTries: planTries, Told: func(t bot.Told) {
		r.hear(t)
		if o.Artifacts == "" || r.beside(t) {
			return
		}
		if err := kept.putPage(t); err != nil {
			log.Warn("report not kept", "error", err)
		}
	}}
	if o.Approvals {
		run.Approvals, run.Commit = o.RunID, o.Commit
	}
	if o.Artifacts != "" {
		run.Artifact = kept.put
	}
	b, err := bot.New(ctx, bot.Options{Repositories: []string{o.Repository}, Hub: o.Hub, Queue: queue, Stores: o.Stores, Buckets: o.Buckets, Phones: o.Phones, Servers: o.Servers, Log: log, Run: run, Now: o.Now, Wait: o.Wait})
	if err != nil {
		return nil, err
	}
	id := "run-" + strconv.FormatInt(o.RunID, 10) + "-" + o.Attempt
	if o.Only != "" {
		id += "-" + o.Only
	}
	if e.deliver {
		if _, err := queue.Deliver(ctx, engine.Delivery{ID: id, Event: o.Event, Repository: o.Repository, Body: o.Payload}); err != nil {
			return nil, err
		}
	}
	if e.bring && !o.Drift {
		if err := b.Bring(ctx, id, o.Repository, o.Only); err != nil {
			return nil, err
		}
	}
	if o.Drift {
		if err := b.LookForDrift(ctx, id+"-drift", o.Repository); err != nil {
			return nil, err
		}
	}
	return queue, queue.Work(ctx, engine.Handlers{Dispatch: b.Dispatch, Do: b.Do})
}

// tell tells the workflow run what the event came to.
func tell(o Options, f workflow, r *record, parked []engine.Parked, kept *shelf) error {
	for _, t := range r.told {
		end := f.group(title(t))
		f.text(cmp.Or(t.Note, withoutMarker(t)))
		end()
	}
	unshown := annotate(f, r.annotations(parked))
	had, err := size(o.Summary)
	if err != nil {
		return fmt.Errorf("write the job's summary: %w", err)
	}
	if err := appendTo(o.Summary, r.summary(parked, unshown, kept.names, maxSummary-had)); err != nil {
		return fmt.Errorf("write the job's summary: %w", err)
	}
	return writeOutputs(o.Output, r, kept.names)
}

// annotate writes the annotations, of each kind as many as GitHub shows, the others as lines of the log, and returns how
// many these are.
func annotate(f workflow, all []annotation) (unshown int) {
	shown := map[string]int{}
	var rest []annotation
	for _, a := range all {
		if shown[a.kind]++; shown[a.kind] > mostShown {
			rest = append(rest, a)
			continue
		}
		f.command(a.kind, []property{{"file", a.Path}, {"line", number(a.Line)}, {"col", number(a.Column)}, {"title", a.Title}}, a.Message)
	}
	if len(rest) == 0 {
		return 0
	}
	defer f.group(fmt.Sprintf("%d more problems", len(rest)))()
	for _, a := range rest {
		f.text(a.Title + ": " + a.Message)
	}
	return len(rest)
}

// number is a number from 1, or "".
func number(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func writeOutputs(path string, r *record, artifacts []string) error {
	values, err := r.outputs(artifacts)
	if err == nil {
		err = appendTo(path, values)
	}
	if err != nil {
		return fmt.Errorf("write the step's outputs: %w", err)
	}
	return nil
}
