package bot_test

// The objects of webhooks' payloads, with the fields that
// https://docs.github.com/en/webhooks/webhook-events-and-payloads names for them.

func user(login, kind string) doc {
	return doc{"login": login, "id": 11, "node_id": "U_11", "avatar_url": "https://avatars.example/11", "gravatar_id": "", "name": nil, "email": nil,
		"html_url": "https://github.com/" + login, "type": kind, "site_admin": false}
}

func repo() doc {
	return doc{"id": 21, "node_id": "R_21", "name": "game-data", "full_name": repository, "private": true, "owner": user("studio", "Organization"),
		"html_url": "https://github.com/" + repository, "description": nil, "fork": false, "created_at": stamp, "pushed_at": 1764061200, "size": 108,
		"language": nil, "license": nil, "visibility": "private", "default_branch": "main", "topics": []any{}, "archived": false, "disabled": false,
		"open_issues_count": 2, "custom_properties": doc{}}
}

// side is a pull request's head or base.
func pullSide(branch, sha string) doc {
	return doc{"label": "studio:" + branch, "ref": branch, "sha": sha, "user": user("studio", "Organization"), "repo": repo()}
}

func pull() doc {
	return doc{"id": 31, "node_id": "PR_31", "number": 1, "state": "open", "locked": false, "title": "Winter", "user": user("mina", "User"), "body": nil,
		"created_at": stamp, "updated_at": stamp, "closed_at": nil, "merged_at": nil, "merge_commit_sha": shaOf('c'), "assignee": nil, "assignees": []any{},
		"requested_reviewers": []any{user("jun", "User")}, "requested_teams": []any{}, "labels": []any{doc{"id": 1, "name": "event", "color": "ff0000", "default": false}},
		"milestone": nil, "draft": false, "head": pullSide("winter", shaOf('b')), "base": pullSide("main", shaOf('a')), "author_association": "MEMBER",
		"auto_merge": nil, "active_lock_reason": nil, "merged": false, "mergeable": nil, "rebaseable": nil, "mergeable_state": "unknown", "merged_by": nil,
		"comments": 0, "review_comments": 0, "maintainer_can_modify": false, "commits": 1, "additions": 0, "deletions": 0, "changed_files": 1,
		"_links": doc{"self": doc{"href": "https://api.github.com/repos/" + repository + "/pulls/1"}}}
}

// pullRequest is what a pull_request event has of its own, by its action.
func pullRequest(action string) doc {
	d := doc{"number": 1, "pull_request": pull()}
	switch action {
	case "closed":
		d["pull_request"].(doc)["state"] = "closed"
	case "synchronize":
		d["before"], d["after"] = shaOf('9'), shaOf('b')
	case "edited":
		d["changes"] = doc{"title": doc{"from": "Wintr"}, "base": doc{"ref": doc{"from": "next"}, "sha": doc{"from": shaOf('8')}}}
	case "labeled", "unlabeled":
		d["label"] = doc{"id": 1, "name": "event", "color": "ff0000"}
	case "assigned", "unassigned":
		d["assignee"] = user("jun", "User")
	case "review_requested", "review_request_removed":
		d["requested_reviewer"] = user("jun", "User")
	case "milestoned", "demilestoned":
		d["milestone"] = doc{"id": 4, "number": 1, "title": "Winter", "state": "open"}
	case "dequeued":
		d["reason"] = "MERGE"
	case "auto_merge_disabled":
		d["reason"] = ""
	}
	return d
}

func pushCommit(sha string) doc {
	who := doc{"name": "Mina Kim", "email": "mina@example.com", "username": "mina"}
	return doc{"id": sha, "tree_id": shaOf('7'), "distinct": true, "message": "Winter\n\nAll of it", "timestamp": stamp, "author": who, "committer": who,
		"url": "https://github.com/" + repository + "/commit/" + sha, "added": []any{}, "removed": []any{}, "modified": []any{"datasheets/items.xlsx", "README.md"}}
}

func push() doc {
	return doc{"ref": "refs/heads/main", "before": shaOf('a'), "after": shaOf('d'), "base_ref": nil, "created": false, "deleted": false, "forced": false,
		"compare": "https://github.com/" + repository + "/compare/a...d", "pusher": doc{"name": "mina", "email": "mina@example.com"},
		"commits": []any{pushCommit(shaOf('d'))}, "head_commit": pushCommit(shaOf('d'))}
}

func issue() doc {
	return doc{"id": 41, "node_id": "I_41", "number": 1, "title": "Winter", "user": user("mina", "User"), "labels": []any{}, "state": "open", "locked": false,
		"assignee": nil, "assignees": []any{}, "milestone": nil, "comments": 1, "created_at": stamp, "updated_at": stamp, "closed_at": nil,
		"author_association": "MEMBER", "active_lock_reason": nil, "body": nil, "performed_via_github_app": nil, "state_reason": nil,
		"pull_request": doc{"url": "https://api.github.com/repos/" + repository + "/pulls/1", "merged_at": nil}}
}

func comment(body string) doc {
	return doc{"id": 51, "node_id": "IC_51", "user": user("mina", "User"), "created_at": stamp, "updated_at": stamp, "author_association": "MEMBER", "body": body,
		"html_url": "https://github.com/" + repository + "/pull/1#issuecomment-51", "performed_via_github_app": nil, "reactions": doc{"total_count": 0, "+1": 0}}
}

func checkSuite() doc {
	return doc{"id": 61, "node_id": "CS_61", "head_branch": "winter", "head_sha": shaOf('b'), "status": "completed", "conclusion": "success", "before": shaOf('a'),
		"after": shaOf('b'), "pull_requests": []any{checkPull()}, "app": app(), "created_at": stamp, "updated_at": stamp, "latest_check_runs_count": 1,
		"head_commit": pushCommit(shaOf('b')), "rerequestable": true, "runs_rerequestable": true}
}

func checkRun() doc {
	return doc{"id": 62, "node_id": "CR_62", "name": "liveops", "head_sha": shaOf('b'), "external_id": "", "status": "completed", "conclusion": "success",
		"started_at": stamp, "completed_at": stamp, "output": doc{"title": nil, "summary": nil, "text": nil, "annotations_count": 0}, "check_suite": checkSuite(),
		"app": app(), "pull_requests": []any{checkPull()}, "details_url": "https://liveops.example"}
}

// checkPull is a pull request as check runs and suites name it.
func checkPull() doc {
	in := doc{"id": 21, "name": "game-data", "url": "https://api.github.com/repos/" + repository}
	return doc{"id": 31, "number": 1, "url": "https://api.github.com/repos/" + repository + "/pulls/1",
		"head": doc{"ref": "winter", "sha": shaOf('b'), "repo": in}, "base": doc{"ref": "main", "sha": shaOf('a'), "repo": in}}
}

func app() doc {
	return doc{"id": 71, "slug": "liveops-app", "node_id": "A_71", "owner": user("studio", "Organization"), "name": "liveops", "description": nil,
		"external_url": "https://liveops.example", "created_at": stamp, "updated_at": stamp, "permissions": doc{"contents": "read"}, "events": []any{"push"}}
}

func installation() doc {
	one := doc{"id": 21, "node_id": "R_21", "name": "game-data", "full_name": repository, "private": true}
	return doc{"installation": doc{"id": 77, "account": user("studio", "Organization"), "repository_selection": "selected", "app_id": 71, "app_slug": "liveops-app",
		"target_id": 3, "target_type": "Organization", "permissions": doc{"contents": "read"}, "events": []any{"push"}, "created_at": 1764061200,
		"updated_at": 1764061200, "single_file_name": nil, "suspended_at": nil, "suspended_by": nil},
		"repositories": []any{one}, "repositories_added": []any{one}, "repositories_removed": []any{one}, "repository_selection": "selected", "requester": nil,
		"account": user("studio", "Organization"), "target_type": "Organization", "changes": doc{"login": doc{"from": "atelier"}}}
}
