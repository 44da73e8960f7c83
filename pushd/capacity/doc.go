// Package capacity has game servers added before a campaign, and gives them back after it. The servers are those of an
// Auto Scaling group, whose desired capacity is set, or plain EC2 instances that are found by a tag and launched from a
// launch template.
//
// A run of a campaign wants its factor times the servers that run when it asks, not counting those that liveops added
// for others: its base. What it needs is at least that many servers in all, so that runs at the same time have
// the larger need met and not the product. It has a lease until it gives back, recorded in the ledger before anything is
// asked of AWS; so that whatever fails, and wherever, Reconcile finds what was added.
//
// The number goes up once for a run. After that it is the group's own policy that says: a number which is not the one
// that liveops set was set by the policy, or by a person, who knew of the servers that were there. It is a floor that liveops never goes
// below again while a lease lives. So after a run the way back ends at the largest of:
//
//   - what the remaining runs need,
//   - what somebody else set last, if that was after liveops first added to it, and else what there was without liveops,
//   - the group's minimum.
//
// A policy that moved the number away and back to the very one that liveops had set cannot be told from one that did
// nothing.
//
// Of plain instances, only those are ever terminated that have liveops's tags, for this environment and beside the tag
// that marks the servers.
package capacity
