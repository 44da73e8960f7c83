package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/runs"
)

// second is a time to the second in UTC, since a run is known by it.
func second(t time.Time) string { return t.UTC().Format("Mon 2006-01-02 15:04:05 UTC") }

// CampaignRun tells a run of a campaign in one line, for a terminal. Its reason, and who asked for it, are as they were given, whatever they hold.
func CampaignRun(r runs.Run, now time.Time) string {
	line := second(r.Time) + " " + string(r.State)
	if r.Test != "" {
		line = second(r.Time) + " test " + string(r.State)
	}
	if r.Reason != "" {
		line += " (" + r.Reason + ")"
	}
	if r.Actor != "" {
		line += ", asked for by " + r.Actor
	}
	return line + runCounts(r, now) + stuck(r) + othersFollow(r)
}

// CampaignStanding tells a campaign, the tests that are ahead of its runs, and its newest run in one line, for a terminal.
func CampaignStanding(s control.Standing, now time.Time) string {
	line := s.Name + ": "
	if !s.Next.IsZero() {
		line += "next "
	}
	line += nextTime(s)
	for _, r := range s.Runs() {
		line += "; " + CampaignRun(r, now)
	}
	return line
}

// nextTime is when a campaign is due next, and by whose clocks.
func nextTime(s control.Standing) string {
	const others = "; other zones have their own times"
	zone := "the fallback zone " + s.Zone.String()
	switch {
	case s.Next.IsZero() && !s.Until.IsZero():
		return "past in " + zone + others + ", until " + moment(s.Until, time.UTC) + " at the latest"
	case s.Next.IsZero():
		return "not due any more"
	case s.Clocks == control.UserClocks:
		return moment(s.Next, time.UTC) + ", in the first of its users' own zones"
	case s.Clocks == control.OtherClocks:
		return moment(s.Next, s.Zone) + " in " + zone + others
	}
	return moment(s.Next, s.Zone)
}

// CampaignRunSentence is a run of a campaign in a sentence, as Markdown.
func CampaignRunSentence(environment string, r runs.Run, now time.Time) string {
	s := "The run of campaign "
	if r.Test != "" {
		s = "The test of campaign "
	}
	s += codeSpan(r.Campaign, 130) + " of " + second(r.Time) + " is " + string(r.State) + " in " + name(environment)
	if r.Reason != "" {
		s += " (" + prose(r.Reason) + ")"
	}
	if r.Actor != "" {
		s += ", asked for by " + codeSpan(r.Actor, 60)
	}
	return stop(s + runCounts(r, now) + stuck(r) + othersFollow(r))
}

// stuck is what waits of a run for a worker that can send it: "; no worker can send by APNs, and 12 batches wait for one"; "" where nothing does.
func stuck(r runs.Run) (words string) {
	for _, s := range r.Stuck {
		wait := "1 batch waits"
		if s.Batches != 1 {
			wait = grouped(s.Batches) + " batches wait"
		}
		words += "; no worker can send by " + map[campaign.Gateway]string{campaign.FCM: "FCM", campaign.APNs: "APNs"}[s.Gateway] + ", and " + wait + " for one"
	}
	return words
}

// othersFollow is when those who are not in a test get its run; "" where that is over, or there is none.
func othersFollow(r runs.Run) string {
	if r.Follows.IsZero() || r.State.Ended() || r.State == runs.Canceling {
		return ""
	}
	return "; the others follow at " + second(r.Follows)
}

// runCounts is what became of a run's messages: ": 1,200 of 5,000 tokens (24 %), 1,190 accepted, …". A run that was missed has none.
func runCounts(r runs.Run, now time.Time) string {
	if r.State == runs.Missed {
		return ""
	}
	line := ": " + grouped(int(r.Settled()))
	if r.Read {
		line += " of " + grouped(int(r.Tokens)) + " tokens" + percent(r)
	} else {
		line += " tokens so far"
	}
	line += fmt.Sprintf(", %s accepted, %s dead, %s rejected, %s failed", grouped(int(r.Accepted)), grouped(int(r.Dead)), grouped(int(r.Rejected)), grouped(int(r.GaveUp)))
	if r.Unknown > 0 {
		line += ", " + grouped(int(r.Unknown)) + " without an answer"
	}
	if r.Repeats > 0 {
		line += ", " + grouped(int(r.Repeats)) + " perhaps twice"
	}
	if rate, took := pace(r, now); rate > 0 {
		line += "; " + grouped(int(rate)) + "/s, " + lasting(took)
	}
	if left := remaining(r, now); left > 0 {
		line += ", about " + lasting(left) + " left"
	}
	return line
}

func percent(r runs.Run) string {
	if r.Tokens == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d %%)", 100*r.Settled()/r.Tokens)
}

// pace is how many messages of a run had their end in a second so far, and how long it has taken; 0 where none has.
func pace(r runs.Run, now time.Time) (perSecond float64, took time.Duration) {
	until := now
	if !r.Finished.IsZero() {
		until = r.Finished
	}
	if took = until.Sub(r.Started); took <= 0 || r.Settled() == 0 {
		return 0, 0
	}
	return float64(r.Settled()) / took.Seconds(), took
}

// remaining is how long a run that is running will still take at its pace so far, in whole seconds; 0 where that is not known.
func remaining(r runs.Run, now time.Time) time.Duration {
	rate, _ := pace(r, now)
	left := r.Tokens - r.Settled()
	if r.State != runs.Running || !r.Read || rate == 0 || left <= 0 {
		return 0
	}
	return max(time.Second, time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
}

// CampaignRunsMarkdown is how runs of one campaign stand in an environment: a line of a table for each.
func CampaignRunsMarkdown(environment, campaign string, all []runs.Run, now time.Time) string {
	if len(all) == 0 {
		return "Campaign " + codeSpan(campaign, 130) + " was never sent in " + name(environment) + "."
	}
	var b strings.Builder
	b.WriteString("Campaign " + codeSpan(campaign, 130) + " in " + name(environment) + ":\n\n" +
		"| due | state | done | accepted | dead | rejected | failed | no answer | perhaps twice | rate | took | left | asked for by |\n" +
		"| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |\n")
	for i := range all {
		b.WriteString(runRow(&all[i], now))
	}
	return b.String()
}

func runRow(r *runs.Run, now time.Time) string {
	state := "**" + string(r.State) + "**"
	if r.Test != "" {
		state = "test **" + string(r.State) + "**"
	}
	if r.Reason != "" {
		state += ": " + prose(r.Reason)
	}
	state += stuck(*r) + othersFollow(*r)
	by := ""
	if r.Actor != "" {
		by = codeSpan(r.Actor, 60)
	}
	row := []string{second(r.Time), state, "", "", "", "", "", "", "", "", "", "", by}
	if r.State != runs.Missed {
		row[2] = grouped(int(r.Settled()))
		if r.Read {
			row[2] += " of " + grouped(int(r.Tokens)) + percent(*r)
		}
		for i, n := range []int64{r.Accepted, r.Dead, r.Rejected, r.GaveUp, r.Unknown, r.Repeats} {
			row[3+i] = grouped(int(n))
		}
		if rate, took := pace(*r, now); rate > 0 {
			row[9], row[10] = grouped(int(rate))+"/s", lasting(took)
		}
		if left := remaining(*r, now); left > 0 {
			row[11] = lasting(left)
		}
	}
	for i := range row {
		row[i] = tableCell(row[i])
	}
	return "| " + strings.Join(row, " | ") + " |\n"
}

// CampaignsMarkdown is the campaigns that were released to an environment, with their next times, the tests that are ahead of their runs, and newest runs.
func CampaignsMarkdown(environment string, all []control.Standing, now time.Time) string {
	if len(all) == 0 {
		return "No campaign was released to " + name(environment) + "."
	}
	var b strings.Builder
	b.WriteString(several(len(all), "campaign") + " in " + name(environment) + ":\n\n| campaign | next | newest run |\n| --- | --- | --- |\n")
	for _, s := range all {
		var stands []string
		for _, r := range s.Runs() {
			stands = append(stands, runMarkdown(r, now))
		}
		stand := cmp.Or(strings.Join(stands, "; "), "never sent")
		b.WriteString("| " + tableCell(codeSpan(s.Name, 130)) + " | " + tableCell(nextTime(s)) + " | " + tableCell(stand) + " |\n")
	}
	return b.String()
}

// runMarkdown is a run, or a test, as CampaignRun tells it.
func runMarkdown(r runs.Run, now time.Time) string {
	s := second(r.Time) + " **" + string(r.State) + "**"
	if r.Test != "" {
		s = second(r.Time) + " test **" + string(r.State) + "**"
	}
	if r.Reason != "" {
		s += " (" + prose(r.Reason) + ")"
	}
	return s + runCounts(r, now) + stuck(r) + othersFollow(r)
}
