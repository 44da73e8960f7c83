package bot

import (
	"context"
	"testing"
	"time"
)

// Every minute has its turn with the schedule of drift, though a job before it takes longer than one: the minute that the
// schedule names would else be missed. What is missed is looked for once.
func TestRegularJobs(t *testing.T) {
	b := &Bot{}
	if j := b.regularJob(kindDriftDue, "studio/game", time.Unix(0, 0), time.Minute); j.Supersede != "" {
		t.Errorf("a later one takes the place of %s", j.ID)
	}
	if j := b.regularJob(kindCatchUp, "studio/game", time.Unix(0, 0), time.Hour); j.Supersede == "" {
		t.Errorf("%s is done beside a later one", j.ID)
	}
}

// The last word of a release may take as long as it needs while the process runs, and a moment when it is stopped.
func TestOutlasting(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	longer, cancel := outlasting(ctx, time.Millisecond)
	defer cancel()
	if _, limited := longer.Deadline(); limited || longer.Err() != nil {
		t.Error("it is limited while the process runs")
	}
	stop()
	<-longer.Done()

	longer, cancel = outlasting(ctx, time.Hour)
	if longer.Err() != nil {
		t.Error("it has no time to say its last word")
	}
	cancel()
	<-longer.Done()
}
