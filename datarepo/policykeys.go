package datarepo

// Bounds on the policy, far over what a team writes.
const (
	maxWindows = 100 // of one environment
	maxGuards  = 100
	maxGrants  = 100 // of one action
)

// The patterns of times. What they let through is checked again where it is read.
const (
	clockPattern    = "([01][0-9]|2[0-3]):[0-5][0-9]|24:00"
	momentPattern   = "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]"
	durationPattern = "([0-9]+h)?([0-9]+m)?([0-9]+s)?"
	dayPattern      = "sun|mon|tue|wed|thu|fri|sat"
)

func listUpTo(most int, about string, item shape) shape {
	return shape{kind: aList, about: about, most: most, item: &item}
}

func requiresShape() shape {
	s := listUpTo(1, "What a release must have before it goes to this environment. `approval`: someone allowed who is not its author applies it.", shape{
		kind: aText, about: "A requirement.", pattern: "approval", expects: "`approval`",
	})
	s.mayBeEmpty = true
	return s
}

func durationShape(about, example string) shape {
	return shape{kind: aText, about: about, pattern: durationPattern, expects: "hours, minutes and seconds, such as `" + example + "`", examples: []string{example}}
}

func freezeShape() shape {
	at := func(about string, examples ...string) shape {
		return shape{kind: aText, about: about, pattern: clockPattern + "|" + momentPattern,
			expects: "a time such as `18:00` beside `days`, or a date with a time such as `2026-12-24T00:00`", examples: examples}
	}
	s := listUpTo(maxWindows, "When nothing is applied to this environment: weekly windows, with `days`, and dated ones. "+
		"Each is as long as the clock says and never shorter: where the clock is put back within it, it has that hour twice.", shape{
		kind: aMapping, about: "A window.",
		keys: []key{
			{name: "days", shape: listUpTo(7, "The days on which a weekly window begins.", shape{
				kind: aText, about: "A day of the week.", pattern: dayPattern, expects: "sun, mon, tue, wed, thu, fri or sat", examples: []string{"fri"},
			})},
			{name: "from", required: true, shape: at("When it begins: a time of day with `days`, else a date and a time.", "18:00", "2026-12-24T00:00")},
			{name: "to", required: true, shape: at("When it ends, not included. A time of day that is not after `from` is on the next day; `24:00` is the day's end.", "09:00", "2027-01-02T09:00")},
			{name: "reason", shape: shape{kind: aText, about: "Why, for those whose release waits.", examples: []string{"weekend"}}},
			{name: "timezone", shape: shape{kind: aText, about: "The IANA time zone of the window's times; the file's by default.", examples: []string{"Europe/Berlin"}}},
		},
	})
	s.mayBeEmpty = true
	return s
}

func limitsShape() shape {
	return shape{
		kind:  aMapping,
		about: "How much a release may delete, or purge, in one environment. A release past a limit waits until a second person confirms it.",
		keys: []key{
			{name: "deletedRows", shape: shape{kind: aNumber, about: "Rows deleted, of all tables together.", least: 0, greatest: 1_000_000_000}},
			{name: "deletedShare", shape: shape{kind: aFraction, about: "The part of a table's owned rows that is deleted, from 0 to 1.", least: 0, greatest: 1}},
			{name: "purgedDocuments", shape: shape{kind: aNumber, about: "User documents that new purges change, of all of them together.", least: 0, greatest: 1_000_000_000}},
		},
	}
}

// actions are what `permissions` gives, in the order of documentation.
func actions() []string {
	return []string{"plan", "apply", "export", "rollback", "promote", "lock", "confirm", "purge", "push"}
}

func permissionsShape() shape {
	s := shape{kind: aMapping, about: "Who may do what by comments. What is not named here, only admins may."}
	grants := func(a string) shape {
		return listUpTo(maxGrants, "Who may `"+a+"`: any of these.", shape{
			kind: aText, about: "A role (read, triage, write, maintain, admin: those above it may, too), a team (`@org/team`), a person (`@login`), or `codeowners`.",
			examples: []string{"maintain", "@studio/live-ops", "codeowners"},
		})
	}
	for _, a := range actions() {
		s.keys = append(s.keys, key{name: a, shape: grants(a)})
	}
	return s
}

func guardsShape() shape {
	address := func(about, example string) shape {
		return shape{kind: aText, about: about, pattern: "https?://[^ ]+", expects: "an address that begins with https:// or http://", examples: []string{example}}
	}
	return dictionary("Health checks that environments and campaigns name. By name.", maxGuards, shape{
		kind: aMapping, about: "Healthy is what answers well in time: exactly one of `url` and `prometheus`.",
		keys: []key{
			{name: "url", shape: address("The address to ask: healthy is a status of 200 to 299.", "https://game.example/health")},
			{name: "prometheus", shape: shape{kind: aMapping, about: "A query of Prometheus: healthy is where it finds values, and all are within the bounds.", keys: []key{
				{name: "url", required: true, shape: address("The server.", "http://prometheus.internal:9090")},
				{name: "query", required: true, shape: shape{kind: aText, about: "PromQL.", examples: []string{`sum(rate(http_requests_total{job="game",code=~"5.."}[1m]))`}}},
				{name: "min", shape: shape{kind: aValue, about: "The least healthy value, inclusive: a number."}},
				{name: "max", shape: shape{kind: aValue, about: "The greatest healthy value, inclusive: a number."}},
			}}},
			{name: "timeout", shape: durationShape("How long an answer may take; 5s by default, 30s at most.", "5s")},
		},
	})
}

func driftShape() shape {
	return shape{
		kind: aMapping, about: "When the environments are compared with the commits they were released from.",
		keys: []key{
			{name: "schedule", required: true, shape: shape{kind: aText, about: "Five fields of cron (minute, hour, day of month, month, day of week), in the file's time zone.",
				examples: []string{"0 9 * * *"}}},
		},
	}
}
