package datarepo

// Bounds on a campaign's file.
const (
	maxCampaigns  = 1000 // in the data repo
	maxMessages   = 100  // languages
	maxData       = 100  // keys
	maxTestTokens = 1000
)

const (
	spanPattern        = "([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?"
	campaignRate       = `[0-9]{1,9}/[sm]`
	soundPattern       = `[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}`
	channelPattern     = `[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}`
	identifierPattern  = `[A-Za-z0-9_$]{1,64}` // https://dev.mysql.com/doc/refman/8.4/en/identifiers.html, unquoted
	languagePattern    = `[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*`
	deviceTokenPattern = `[A-Za-z0-9_:.%-]+`
)

// campaignShape is the format of a campaign's file.
func campaignShape() shape {
	text := func(about string, examples ...string) shape {
		return shape{kind: aText, about: about, examples: examples}
	}
	return shape{kind: aMapping, about: "A push campaign. It is due at one time or by a schedule, in each environment that has `push`.", limits: limits{oneOf: []string{"schedule", "at"}}, keys: []key{
		{name: "description", shape: prose("What it is for, for those who review it.", "Crystals for everyone who comes back on Friday.")},
		{name: "schedule", shape: text("When it is due: five fields of cron (minute, hour, day of month, month, day of week). A time that the clocks jump over is due as they jump, and one that they show twice is due the first time.", "3 19 * * FRI")},
		{name: "at", shape: shape{kind: aText, about: "In place of `schedule`, the one time at which it is due.", pattern: momentPattern, expects: "a date with a time such as `2026-12-24T19:00`", examples: []string{"2026-12-24T19:00"}}},
		{name: "timezone", shape: text("The IANA time zone of `schedule` or `at`; that of liveops.yaml by default. `user` is each user's own zone: every zone has its turn when it is that time there.", "Asia/Seoul", "user")},
		{name: "fallbackTimezone", with: "timezone", shape: text("With `timezone: user`, the zone of users whose own is not known; that of liveops.yaml by default.", "Asia/Seoul")},
		{name: "startingDeadline", shape: spanShape("How late a run may begin, where nobody was there to begin it in time; 15m by default, 1d at most.", "15m")},
		{name: "missed", shape: shape{kind: aText, about: "What becomes of a time that was missed by more than that: `skip` (by default) does not send it, `send` sends the newest of them all the same, up to a week late.", pattern: "skip|send", expects: "`skip` or `send`"}},
		{name: "jitter", shape: spanShape("A run begins up to this much after its time, and never at :00, :15, :30 or :45; 1h at most. Without it a run begins at its time.", "5m")},
		{name: "apart", with: "schedule", shape: spanShape("The least time between two times of `schedule`; 1h by default. A shorter one must be said, lest `* 19 * * FRI` send sixty times in an hour.", "15m")},
		{name: "audience", shape: audienceShape()},
		{name: "message", required: true, shape: messageShape()},
		{name: "data", shape: dictionary("What the app gets with the push, by name.", maxData, text("A text.", "friday"))},
		{name: "image", shape: text("The address of an image beside the text, of every language that has none of its own. On iOS the app's notification service extension shows it.", "https://cdn.example/crystals.png")},
		{name: "deepLink", shape: text("What opens when the push is tapped, of every language that has none of its own: the app finds it in the data as `deepLink`.", "mygame://shop")},
		{name: "collapse", shape: text("A push takes the place on the phone of an earlier one with the same id, 64 bytes at most. By default each run has an id of its own.", "weekly-crystals")},
		{name: "timeToLive", shape: spanShape("How long a phone that cannot be reached may get it later; 1d by default, 28d at most. `0s`: now or never.", "6h")},
		{name: "priority", shape: shape{kind: aText, about: "`high` (by default) wakes the phone; `normal` may wait until it wakes up.", pattern: "high|normal", expects: "`high` or `normal`"}},
		{name: "sound", shape: shape{kind: aText, about: "`default`, or the name of a sound's file in the app. Android knows it without its extension.", pattern: soundPattern, expects: "`default` or a file's name", examples: []string{"default"}}},
		{name: "badge", shape: shape{kind: aNumber, about: "The number at the app's icon; 0 takes it away on iOS.", least: 0, greatest: 99_999}},
		{name: "channel", shape: shape{kind: aText, about: "The notification channel on Android.", pattern: channelPattern, expects: "the id of a channel in the app", examples: []string{"events"}}},
		{name: "rate", shape: shape{kind: aText, about: "How many pushes a second or minute, over all workers. The gateways' quotas hold in any case.", pattern: campaignRate, expects: "a number of pushes for each second or minute, such as `25000/s`", examples: []string{"25000/s", "600000/m"}}},
		{name: "capacity", shape: shape{kind: aMapping, about: "Game servers that are added for a run. Runs that overlap take the larger need.", keys: []key{
			{name: "factor", required: true, shape: shape{kind: aFraction, about: "How many times as many as run then: above 1, and 20 at most.", least: 1, greatest: 20, limits: limits{above: true}}},
			{name: "lead", shape: spanShape("How long before the run; 10m by default.", "10m")},
			{name: "hold", shape: spanShape("How long after the run's end they stay; 30m by default.", "30m")},
			{name: "ifLate", shape: shape{kind: aText, about: "What the run does if they are not in service by its time: `proceed` (by default) or `hold`, with an alarm.", pattern: "proceed|hold", expects: "`proceed` or `hold`"}},
		}}},
		{name: "guard", shape: text("The name of one of liveops.yaml's `guards`: the run pauses while it is not healthy.", "game-health")},
		{name: "test", shape: shape{kind: aMapping, about: "Who gets each run first.", limits: limits{anyOf: []string{"list", "tokens"}}, keys: []key{
			{name: "list", shape: text("The name of one of the `lists` of `push` in liveops.yaml, which each environment with `push` must have.", "qa")},
			{name: "tokens", shape: listUpTo(maxTestTokens, "Tokens, the same in each environment.", tokenShape())},
			{name: "before", shape: spanShape("How long before the run's time, so that somebody may still cancel it; right before the others by default.", "10m")},
		}}},
	}}
}

func spanShape(about, example string) shape {
	return shape{kind: aText, about: about, pattern: spanPattern, expects: "days, hours, minutes and seconds, such as `" + example + "`", examples: []string{example}}
}

func tokenShape() shape {
	return shape{kind: aMapping, about: "One phone.", keys: []key{
		{name: "platform", required: true, shape: platformShape()},
		{name: "token", required: true, shape: shape{kind: aText, about: "Its token at FCM or APNs.", pattern: deviceTokenPattern, expects: "a token of FCM or APNs"}},
	}}
}

func platformShape() shape {
	return shape{kind: aText, about: "A platform.", pattern: "ios|android", expects: "`ios` or `android`"}
}

func messageShape() shape {
	text := func(about string, examples ...string) shape {
		return shape{kind: aText, about: about, examples: examples}
	}
	s := dictionary("What it says, by the user's language (`ko`, `pt-BR`, `zh-Hant`). `default` must be there: it is for users whose language is not.", maxMessages, shape{
		kind: aMapping, about: "The message in one language.",
		keys: []key{
			{name: "title", shape: prose("One line.", "Come back!")},
			{name: "body", required: true, shape: prose("The text.", "Log in now for 100 crystals")},
			{name: "image", shape: text("In place of the campaign's.", "https://cdn.example/crystals-ko.png")},
			{name: "deepLink", shape: text("In place of the campaign's.", "mygame://shop/ko")},
		},
	})
	s.names, s.has = languagePattern, "default"
	return s
}

func audienceShape() shape {
	values := func(about string, examples ...string) shape {
		return unique(listOf(about, shape{kind: aText, about: "A value, as the column has it.", examples: examples}))
	}
	cell := func(about string) shape { return shape{kind: aValue, about: about} }
	bound := func(about string) shape {
		return shape{kind: aValue, about: about, limits: limits{bound: true}}
	}
	condition := shape{kind: aMapping, about: "A condition on this column.", limits: limits{some: true}, keys: []key{
		{name: "in", shape: listOf("It has one of these values.", cell("A value, as a cell would say it; null is NULL."))},
		{name: "notIn", shape: listOf("It has none of these values. NULL is another value, unless the list has null.", cell("A value, as a cell would say it; null is NULL."))},
		{name: "min", shape: bound("The least value, inclusive: a number or text.")},
		{name: "max", shape: bound("The greatest value, inclusive: a number or text.")},
	}}
	columns := dictionary("Conditions on further columns of the table of tokens. By column.", maxConditions, condition)
	columns.names = identifierPattern
	return shape{kind: aMapping, about: "Whom it is for: all of these conditions hold; everyone where it is left out. `sql` and `sqlpp` stand alone.", limits: limits{some: true, alone: []string{"sql", "sqlpp"}}, keys: []key{
		{name: "platform", shape: unique(listUpTo(2, "Platforms.", platformShape()))},
		{name: "country", shape: values("Countries.", "KR")},
		{name: "language", shape: unique(listOf("Languages. `en` is those of every region, too.", shape{kind: aText, about: "A language.", pattern: languagePattern, expects: "a language's tag such as `ko` or `pt-BR`", examples: []string{"ko"}}))},
		{name: "segment", shape: values("Segments.", "whale")},
		{name: "lastLogin", shape: shape{kind: aMapping, about: "When the user last logged in, counted back from the run's time.", limits: limits{some: true}, keys: []key{
			{name: "within", shape: spanShape("Not longer ago than this.", "30d")},
			{name: "notWithin", shape: spanShape("Longer ago than this, or never.", "7d")},
		}}},
		{name: "columns", shape: columns},
		{name: "sql", shape: shape{kind: aText, about: "A SELECT that gives the tokens, by the columns that `push.tokens` names. It is run on the environment's MySQL, read-only.",
			examples: []string{"SELECT token, platform, language FROM push_tokens JOIN guilds USING (user_id) WHERE guild_rank <= 10"}}},
		{name: "sqlpp", shape: shape{kind: aText, about: "A SQL++ SELECT that gives the tokens, by the names that `push.tokens` gives. It is run on the environment's Couchbase, read-only, where the tokens are there. It may say `$platform`, `$after` and `$limit` as `push.tokens.query` may.",
			examples: []string{"SELECT t.token, t.platform FROM tokens t WHERE t.vip"}}},
	}}
}

// unique is a list in which nothing stands twice.
func unique(s shape) shape {
	s.unique = true
	return s
}
