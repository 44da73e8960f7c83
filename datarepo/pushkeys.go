package datarepo

// Bounds on `push` and `capacity`, far over what a team writes.
const (
	maxPushLists = 100
	maxListUsers = 1000
	maxTags      = 50
)

const (
	// groupPattern is an Auto Scaling group's name
	// (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html), without what no group has in practice.
	groupPattern = `[A-Za-z0-9_./+@() -]{1,255}`
	// templatePattern is a launch template's id or name
	// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html).
	templatePattern = `[A-Za-z0-9().\-/_]{3,128}`
	regionPattern   = `[a-z]{2}(-[a-z]+)+-[0-9]`
	listPattern     = `[a-z][a-z0-9-]{0,63}`
)

// pushShape is the format of an environment's `push`.
func pushShape() shape {
	column := func(about, example string) shape {
		return shape{kind: aText, about: about, pattern: identifierPattern, expects: "a name of letters, digits, `_` and `$`", examples: []string{example}}
	}
	quota := shape{kind: aText, about: "How many messages a second or minute.", pattern: ratePattern, expects: "a number of messages for each second or minute, such as `600000/m`", examples: []string{"600000/m"}}
	tokens := shape{kind: aMapping, about: "Where the tokens of phones are: a table of the environment's MySQL and its columns, or a query of its Couchbase and the names that it gives.", keys: []key{
		{name: "table", shape: column("The table.", "push_tokens")},
		{name: "query", shape: shape{kind: aText, about: "In place of `table`, a SQL++ SELECT on the environment's Couchbase that gives all tokens as objects with these names. It is run read-only, as a whole for each page, unless it says what an index can find: `$platform`, `$after` (a token) and, at its end, `$limit`.",
			examples: []string{"SELECT t.token, t.platform FROM tokens t WHERE t.platform = $platform AND t.token > $after ORDER BY t.token LIMIT $limit"}}},
		{name: "scope", shape: shape{kind: aText, about: "With `query`, the scope whose collections it names; without it and `collection`, FROM names a bucket.", pattern: keyspacePattern, expects: "a scope's name", examples: []string{"live"}}},
		{name: "collection", shape: shape{kind: aText, about: "With `query`, the collection of the tokens' documents; _default by default.", pattern: keyspacePattern, expects: "a collection's name", examples: []string{"tokens"}}},
		{name: "id", shape: column("With `query`, the name of the key of the document that is the token's alone, as `META(t).id` gives it; `dead` needs it.", "id")},
		{name: "token", required: true, shape: column("The column of the token.", "token")},
		{name: "platform", required: true, shape: column("The column of the platform.", "platform")},
		{name: "user", shape: column("The column of the user's id; lists of users need it.", "user_id")},
		{name: "updatedAt", shape: column("The column of the time at which the token was last renewed; `dead` needs it.", "updated_at")},
		{name: "country", shape: column("The column of the country.", "country")},
		{name: "language", shape: column("The column of the language, by which the message is chosen.", "language")},
		{name: "segment", shape: column("The column of the segment.", "segment")},
		{name: "lastLogin", shape: column("The column of the time of the last login.", "last_login")},
		{name: "timezone", shape: column("The column of the IANA time zone.", "timezone")},
	}}
	mark := shape{kind: aMapping, about: "Dead tokens are marked.", keys: []key{
		{name: "mark", required: true, shape: shape{kind: aMapping, about: "How.", keys: []key{
			{name: "column", required: true, shape: column("The column that gets the time at which the token was found dead. A token that has it gets nothing any more.", "dead_at")},
		}}},
	}}
	platform := func(gateways, about string) shape {
		return shape{kind: aMapping, about: about, keys: []key{
			{name: "values", shape: listUpTo(20, "What the column of the platform says; by default the platform's name, in any case.", shape{kind: aText, about: "A value.", examples: []string{"AOS"}})},
			{name: "gateway", shape: shape{kind: aText, about: "Who brings the pushes.", pattern: gateways, expects: "`" + gateways + "`"}},
		}}
	}
	both := platform("fcm|apns", "iPhones and iPads; by apns by default.")
	both.keys[1].shape.expects = "`fcm` or `apns`"
	return shape{kind: aMapping, about: "How push campaigns are sent in this environment. Without it, none are.", keys: []key{
		{name: "tokens", required: true, shape: tokens},
		{name: "platforms", shape: shape{kind: aMapping, about: "What platforms the tokens have. A row with another gets nothing.", keys: []key{
			{name: "android", shape: platform("fcm", "Android phones.")},
			{name: "ios", shape: both},
		}}},
		{name: "dead", shape: shape{kind: aText, about: "What becomes of tokens that a gateway says are dead and that were not renewed since: `delete`, or `mark: {column}` of a table. `delete` of a query removes a token's document, where the query gives all that is in it. Without it, they are counted only.",
			pattern: "delete", expects: "`delete`, or `mark: {column: dead_at}`", or: &mark}},
		{name: "fcm", shape: shape{kind: aMapping, about: "Firebase Cloud Messaging.", keys: []key{
			{name: "quota", shape: quotaOf(quota, "What Google lets the project send; 600000/m by default (https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas).")},
		}}},
		{name: "apns", shape: shape{kind: aMapping, about: "Apple Push Notification service.", keys: []key{
			{name: "quota", shape: quotaOf(quota, "How much is sent at most; Apple names no quota, and there is none by default.")},
			{name: "sandbox", shape: shape{kind: aFlag, about: "Whether the tokens are those of builds for development, which Apple's sandbox takes."}},
		}}},
		{name: "lists", shape: dictionary("Who may get a push before others, or alone, as a test. By name.", maxPushLists, shape{kind: aMapping, about: "A list.", keys: []key{
			{name: "users", shape: listUpTo(maxListUsers, "Users, by their ids: all of their tokens.", shape{kind: aText, about: "A user's id."})},
			{name: "tokens", shape: listUpTo(maxTestTokens, "Tokens.", tokenShape())},
		}})},
		{name: "only", shape: listUpTo(maxPushLists, "Lists: every campaign goes in this environment to those of its audience alone who are in one of them.", shape{kind: aText, about: "The name of one of `lists`."})},
	}}
}

func quotaOf(s shape, about string) shape {
	s.about = about
	return s
}

// capacityShape is the format of an environment's `capacity`.
func capacityShape() shape {
	return shape{kind: aMapping, about: "The game servers that campaigns may add to, in AWS: an Auto Scaling group's, or plain instances.", keys: []key{
		{name: "autoScalingGroup", shape: shape{kind: aText, about: "The Auto Scaling group, whose desired capacity is raised.", pattern: groupPattern, expects: "the name of an Auto Scaling group", examples: []string{"game-servers"}}},
		{name: "launchTemplate", shape: shape{kind: aText, about: "In place of a group, the launch template that instances are launched from: its name or id.", pattern: templatePattern, expects: "the name or id of a launch template", examples: []string{"game-server"}}},
		{name: "tag", shape: dictionary("With `launchTemplate`, the tags by which the game servers that run are known. By key.", maxTags, shape{kind: aText, about: "The tag's value.", examples: []string{"game"}})},
		{name: "max", required: true, shape: shape{kind: aNumber, about: "Most servers that there may be, those that run in any case included.", least: 1, greatest: 100_000}},
		{name: "region", shape: shape{kind: aText, about: "The AWS region; that of AWS's own settings by default.", pattern: regionPattern, expects: "a region such as `ap-northeast-2`", examples: []string{"ap-northeast-2"}}},
		{name: "dryRun", shape: shape{kind: aFlag, about: "Whether it is only said what would be added."}},
	}}
}
