package bot_test

import (
	"encoding/json"
	"strings"
)

// documented are the webhook events and their actions as https://docs.github.com/en/webhooks/webhook-events-and-payloads
// names them; "" is an event without actions.
const documented = `
branch_protection_configuration disabled enabled
branch_protection_rule created deleted edited
check_run completed created requested_action rerequested
check_suite completed requested rerequested
code_scanning_alert appeared_in_branch closed_by_user created fixed reopened reopened_by_user
commit_comment created
create
custom_property created deleted promote_to_enterprise updated
custom_property_values updated
delete
dependabot_alert auto_dismissed auto_reopened created dismissed fixed reintroduced reopened
deploy_key created deleted
deployment created
deployment_protection_rule requested
deployment_review approved rejected requested
deployment_status created
discussion answered category_changed closed created deleted edited labeled locked pinned reopened transferred unanswered unlabeled unlocked unpinned
discussion_comment created deleted edited
fork
github_app_authorization revoked
gollum
installation created deleted new_permissions_accepted suspend unsuspend
installation_repositories added removed
installation_target renamed
issue_comment created deleted edited
issues assigned closed deleted demilestoned edited labeled locked milestoned opened pinned reopened transferred typed unassigned unlabeled unlocked unpinned untyped
label created deleted edited
marketplace_purchase cancelled changed pending_change pending_change_cancelled purchased
member added edited removed
membership added removed
merge_group checks_requested destroyed
meta deleted
milestone closed created deleted edited opened
org_block blocked unblocked
organization deleted member_added member_invited member_removed renamed
package published updated
page_build
personal_access_token_request approved cancelled created denied
ping
project closed created deleted edited reopened
project_card converted created deleted edited moved
project_column created deleted edited moved
projects_v2 closed created deleted edited reopened
projects_v2_item archived converted created deleted edited reordered restored
projects_v2_status_update created deleted edited
public
pull_request assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned dequeued edited enqueued labeled locked milestoned opened ready_for_review reopened review_request_removed review_requested synchronize unassigned unlabeled unlocked
pull_request_review dismissed edited submitted
pull_request_review_comment created deleted edited
pull_request_review_thread resolved unresolved
push
registry_package published updated
release created deleted edited prereleased published released unpublished
repository archived created deleted edited privatized publicized renamed transferred unarchived
repository_advisory published reported
repository_dispatch sample.collected
repository_import
repository_ruleset created deleted edited
repository_vulnerability_alert create dismiss reopen resolve
secret_scanning_alert created publicly_leaked reopened resolved validated
secret_scanning_alert_location created
secret_scanning_scan completed
security_advisory published updated withdrawn
security_and_analysis
sponsorship cancelled created edited pending_cancellation pending_tier_change tier_changed
star created deleted
status
sub_issues parent_issue_added parent_issue_removed sub_issue_added sub_issue_removed
team added_to_repository created deleted edited removed_from_repository
team_add
watch started
workflow_dispatch
workflow_job completed in_progress queued waiting
workflow_run completed in_progress requested
`

// doc is an object of JSON.
type doc = map[string]any

// webhook is a payload in the shape that GitHub documents.
type webhook struct {
	event, action string
	body          doc
}

// name is EVENT.ACTION, or the event alone.
func (h webhook) name() string { return strings.TrimSuffix(h.event+"."+h.action, ".") }

func (h webhook) json() []byte {
	b, err := json.Marshal(h.body)
	if err != nil {
		panic(err)
	}
	return b
}

// webhooks are payloads of every documented event and action, of the repository of the tests: a closed pull request
// comes merged and not, a push goes to the default branch, to another one, to a tag, and away.
func webhooks() []webhook {
	var all []webhook
	for line := range strings.Lines(strings.TrimSpace(documented)) {
		f := strings.Fields(line)
		actions := f[1:]
		if len(actions) == 0 {
			actions = []string{""}
		}
		for _, action := range actions {
			all = append(all, webhook{f[0], action, payload(f[0], action)})
		}
	}
	merged := payload("pull_request", "closed")
	pr := merged["pull_request"].(doc)
	pr["state"], pr["merged"], pr["merged_at"], pr["merged_by"] = "closed", true, stamp, user("jun", "User")
	pr["merge_commit_sha"] = shaOf('e')
	all = append(all, webhook{"pull_request", "closed", merged})
	for _, change := range []doc{{"ref": "refs/heads/winter"}, {"ref": "refs/tags/v1"}, {"after": strings.Repeat("0", 40), "deleted": true, "head_commit": nil, "commits": []any{}}} {
		push := payload("push", "")
		for k, v := range change {
			push[k] = v
		}
		all = append(all, webhook{"push", "", push})
	}
	return all
}

const stamp = "2026-11-25T09:00:00Z"

func shaOf(c byte) string { return strings.Repeat(string(c), 40) }

// payload is what every event has, and what is its own.
func payload(event, action string) doc {
	body := doc{"sender": user("mina", "User"), "repository": repo(), "organization": doc{"login": "studio", "id": 3, "node_id": "O_3", "description": nil},
		"installation": doc{"id": 77, "node_id": "MDIz"}}
	if action != "" {
		body["action"] = action
	}
	for k, v := range own(event, action) {
		body[k] = v
	}
	switch event { // which are not about a repository
	case "github_app_authorization", "installation", "installation_repositories", "installation_target", "marketplace_purchase", "membership", "org_block",
		"organization", "personal_access_token_request", "projects_v2", "projects_v2_item", "projects_v2_status_update", "security_advisory", "sponsorship":
		delete(body, "repository")
	}
	return body
}

// own are the fields of an event that are its own.
func own(event, action string) doc {
	switch event {
	case "pull_request":
		return pullRequest(action)
	case "push":
		return push()
	case "issue_comment":
		return doc{"issue": issue(), "comment": comment("/liveops status"), "changes": doc{"body": doc{"from": "?"}}}
	case "pull_request_review":
		return doc{"pull_request": pull(), "review": doc{"id": 80, "node_id": "PRR_80", "user": user("jun", "User"), "body": nil, "commit_id": shaOf('b'),
			"submitted_at": stamp, "state": "approved", "author_association": "MEMBER", "_links": doc{}}}
	case "pull_request_review_comment":
		return doc{"pull_request": pull(), "comment": comment("here")}
	case "check_run":
		return doc{"check_run": checkRun(), "requested_action": doc{"identifier": "fix"}}
	case "check_suite":
		return doc{"check_suite": checkSuite()}
	case "ping":
		return doc{"zen": "Design for failure.", "hook_id": 5, "hook": doc{"type": "Repository", "id": 5, "name": "web", "active": true, "events": []any{"*"},
			"config": doc{"content_type": "json", "insecure_ssl": "0", "url": "https://liveops.example/webhook"}}}
	case "installation", "installation_repositories", "installation_target":
		return installation()
	case "issues":
		return doc{"issue": issue(), "label": doc{"id": 1, "name": "bug", "color": "ff0000"}, "changes": doc{"title": doc{"from": "?"}}}
	case "create", "delete":
		return doc{"ref": "winter", "ref_type": "branch", "master_branch": "main", "description": nil, "pusher_type": "user"}
	case "status":
		return doc{"id": 1, "sha": shaOf('b'), "name": repository, "target_url": nil, "context": "liveops", "description": nil, "state": "success",
			"commit": doc{"sha": shaOf('b')}, "branches": []any{doc{"name": "winter", "commit": doc{"sha": shaOf('b')}, "protected": false}}}
	case "repository_dispatch":
		return doc{"branch": "main", "client_payload": doc{"ref": "refs/heads/main", "number": 1}}
	case "workflow_dispatch":
		return doc{"inputs": nil, "ref": "refs/heads/main", "workflow": ".github/workflows/liveops.yml"}
	}
	return doc{event: doc{"id": 9, "node_id": "X_9", "number": 1, "name": "a name", "title": "a title", "state": "open", "created_at": stamp, "updated_at": nil,
		"user": user("mina", "User"), "html_url": "https://github.com/" + repository, "head_sha": shaOf('b'), "head_branch": "winter"}}
}
