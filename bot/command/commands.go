package command

import "slices"

// The flags of a rollback: take all later releases back too, and leave rows alone that others have changed since. That of
// an undo of a purge: bring also removed documents back that the game may have removed itself.
const (
	through     = "--through"
	keepChanged = "--keep-changed"
	unsure      = "--unsure"
)

// Commands are the commands of liveops.
func Commands() Table {
	env := Arg{Name: "ENV", Kind: Environment}
	purge := []Arg{{Name: "NAME", Kind: PurgeName}, env}
	push := []Arg{{Name: "NAME", Kind: CampaignName}, env}
	return Table{
		{
			Name: "help", Args: []Arg{{Name: "COMMAND", Kind: Topic, Optional: true, Many: true}},
			Help:  "lists the commands, and marks those that you may use",
			About: "With a command's name it says what that one does and who may use it.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name:  "plan",
			Help:  "plans the pull request anew",
			About: "Reads the workbooks and every environment again and updates the plan's comment. On a pull request from a fork it is the only way to a plan: what the fork brings is read by the base's policy, and never run.",
			Needs: MayPlan, Where: PullRequest,
		},
		{
			Name: "apply", Args: []Arg{env},
			Help:  "applies the merged pull request to an environment that waits for it",
			About: "For an environment with `requires: [approval]`, and for one where the release was stopped and the hold lifted. Whoever gives the approval must not have written the pull request; what is applied is the plan that was shown last, or nothing.",
			Needs: MayApply, Where: PullRequest,
		},
		{
			Name:  "confirm",
			Help:  "lets a release go on that is over a limit, or a push be sent now",
			About: "A second person says that so many deleted rows, or purged user documents, or a push besides its times, are meant. It counts for what was shown last and for nothing else: once that changes, it is asked for again.",
			Needs: MayConfirm, Where: Anywhere,
		},
		{
			Name:  "retry",
			Help:  "tries again what failed here",
			About: "Takes up again what was given up here, the release of a merged pull request, or the plan of an open one. What was done already is not done twice.",
			Needs: MayApply, Where: Anywhere,
		},
		{
			Name: "rollback", Args: []Arg{env, {Name: "RELEASE", Kind: Release, Optional: true}}, Flags: []string{through, keepChanged},
			Help:  "takes back a release: the newest, or the one with the number",
			About: "Restores the rows as they were before it, holds the environment, and opens the pull request that brings Git to the same state. It refuses where rows have changed since, and names them with who changed them: `--through` takes all later releases back too, `--keep-changed` leaves rows alone that the game or a hand changed.",
			Needs: MayRollback, Where: Anywhere,
		},
		{
			Name: "promote", Args: []Arg{{Name: "FROM", Kind: Source}, {Name: "TO", Kind: Environment}, {Name: "TABLE", Kind: TableName, Optional: true, Many: true}},
			Help:  "brings tables from one environment to a later one",
			About: "Tables that no sheet owns are written at once, as a release with a way back. For those that sheets own it opens a pull request with the workbooks, since the next merge would undo anything else.",
			Needs: MayPromote, Where: Anywhere,
		},
		{
			Name: "export", Args: []Arg{env, {Name: "TABLE", Kind: TableName, Many: true}},
			Help:  "brings tables of an environment into the workbooks, as a pull request",
			About: "Changes only the cells that differ. Nothing is written to a database.",
			Needs: MayExport, Where: Anywhere,
		},
		{
			Name:  "status",
			Help:  "shows where every environment is: commit, hold, newest releases, rows",
			About: "Only looks.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name:  "drift",
			Help:  "compares every environment with the commit that it has",
			About: "Shows rows that were changed by hand, and brings the issues about them up to date. Nothing is written to a database.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name: "lock", Args: []Arg{env, {Name: "REASON", Kind: Text, Many: true}},
			Help:  "holds an environment: nothing is released to it",
			About: "The reason and your name are shown to everyone whose release waits. A hold that is there already stays.",
			Needs: MayLock, Where: Anywhere,
		},
		{
			Name: "unlock", Args: []Arg{env},
			Help:  "lifts the hold of an environment",
			About: "What waits is not released by that: the next merge brings it, or `/liveops apply`.",
			Needs: MayLock, Where: Anywhere,
		},
		{
			Name: "purge plan", Args: purge,
			Help:  "shows what a purge would change in an environment",
			About: "Reads the candidates as they are now, for the file as the default branch has it. Nothing is written.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name: "purge run", Args: purge,
			Help:  "runs a purge that the default branch has in an environment",
			About: "A merge does so by itself; this is for an environment that was left out. It begins none in a freeze, where a release needs approval, or before the environment that comes first. What was done is not done again.",
			Needs: MayPurge, Where: Anywhere,
		},
		{
			Name: "purge pause", Args: purge,
			Help:  "stops a purge after the documents at hand",
			About: "A release that runs it stops there, with a hold.",
			Needs: MayPurge, Where: Anywhere,
		},
		{
			Name: "purge resume", Args: purge,
			Help:  "goes on with a purge that was paused or has failed",
			About: "It begins none, and refuses in a freeze. Lift the hold of the environment first; `/liveops apply` then takes on the rest of the release.",
			Needs: MayPurge, Where: Anywhere,
		},
		{
			Name: "purge cancel", Args: purge,
			Help:  "ends a purge for good in an environment",
			About: "What was changed stays changed, and `purge undo` brings it back.",
			Needs: MayPurge, Where: Anywhere,
		},
		{
			Name: "purge undo", Args: append(slices.Clone(purge), Arg{Name: "ID", Kind: DocumentID, Optional: true, Many: true}), Flags: []string{unsure},
			Help:  "brings back the documents that a purge changed, or only some",
			About: "Those that somebody has changed since stay as they are, and are listed. It ends the purge there for good; said again, it does what is left. With ids it brings back these documents alone: the purge stays what it is there, and changes them no more. Pause one that runs first. A removed document whose removal got no answer may have been removed by the game: `--unsure` brings it back, too.",
			Needs: MayPurge, Where: Anywhere,
		},
		{
			Name: "purge status", Args: purge,
			Help:  "shows where a purge stands in an environment",
			About: "Only looks, and does not ask Couchbase.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name: "push list", Args: []Arg{env},
			Help:  "lists the push campaigns that were released to an environment, with their next times",
			About: "Each with how its newest run stands, and a test that was sent ahead of a run. Only looks.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name: "push status", Args: push,
			Help:  "shows how the newest runs of a campaign stand in an environment",
			About: "Progress, rate, what became of the messages, and how long it will still take; of a test that was sent ahead of its run, when the others follow. Only looks.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name: "push preview", Args: push,
			Help:  "shows what a campaign would do that was released to an environment",
			About: "As in pull requests: its next times, how many phones, how long it takes, the servers that would be added, each message, and the other campaigns that it meets. Only looks.",
			Needs: MayPlan, Where: Anywhere,
		},
		{
			Name: "push test", Args: append(slices.Clone(push), Arg{Name: "LIST", Kind: ListName, Optional: true}),
			Help:  "sends the message of a campaign that was released to an environment to its test list now",
			About: "To the list of the campaign's `test`, or to another one of the environment's `push.lists`, and to nobody else. It answers with what became of each message. It is no run of the campaign: the next one is as it was. Also while the environment is held or frozen.",
			Needs: MayPush, Where: Anywhere,
		},
		{
			Name: "push pause", Args: push,
			Help:  "stops sending a campaign in an environment, for now",
			About: "It is of every run of the campaign that is under way, and takes effect within a second. Messages that are on their way arrive.",
			Needs: MayPush, Where: Anywhere,
		},
		{
			Name: "push resume", Args: push,
			Help:  "goes on with what is paused of a campaign",
			About: "It goes on where it stood; no token gets a second message by it. A run whose test comes first is sent after that all the same.",
			Needs: MayPush, Where: Anywhere,
		},
		{
			Name: "push cancel", Args: push,
			Help:  "ends what is under way of a campaign for good",
			About: "It answers when every worker has stopped: after that nothing of the runs is sent. What was sent stays sent, and the campaign's next times stay as they are. After a test that was sent ahead of its run, it is of that run.",
			Needs: MayPush, Where: Anywhere,
		},
		{
			Name: "push send-now", Args: push,
			Help:  "sends a campaign that was released to an environment now, besides its times",
			About: "It shows first what it would send, to all of the campaign's audience. Someone else says `/liveops confirm`, and then it is said again: once for each confirmation, within a day of it. It refuses while the environment is held or frozen.",
			Needs: MayPush, Where: Anywhere,
		},
		{
			Name:  "cancel",
			Help:  "drops what waits here for its turn or its time",
			About: "What has begun is not broken off. A release that waits for a freeze, a soak or a guard does not go on by itself any more; `/liveops apply` takes it up again, and the next merge brings it too.",
			Needs: MayApply, Where: Anywhere,
		},
	}
}
