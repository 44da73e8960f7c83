package datarepo

import "liveops/sync/purge"

// Bounds on a purge's file. More ids than these stand in a workbook.
const (
	maxPurgeIDs   = 5000
	maxPurgeKeys  = 1000
	maxPurgeMasks = 100
	maxPurges     = 1000 // in the data repo
)

const (
	// documentPattern is a document's id: Couchbase takes 246 bytes in a collection
	// (https://docs.couchbase.com/server/current/learn/clusters-and-availability/size-limitations.html).
	documentPattern = `[^\x00-\x1f\x7f]{1,246}`
	// keyspacePattern is a scope's or collection's name
	// (https://docs.couchbase.com/server/current/learn/data/scopes-and-collections.html).
	keyspacePattern = `_default|[A-Za-z0-9-][A-Za-z0-9_%-]{0,250}`
	ratePattern     = `[1-9][0-9]{0,6}/[sm]`
	datePattern     = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
)

// purgeShape is the format of a purge's file.
func purgeShape() shape {
	text := func(about string, examples ...string) shape {
		return shape{kind: aText, about: about, examples: examples}
	}
	jsonKey := shape{kind: aJSON, about: "A key of the view: any JSON value."}
	view := shape{kind: aMapping, about: "Rows of a view, read with stale=false. Of `key`, `keys` and `range` at most one; without them, all rows.", keys: []key{
		{name: "design", required: true, shape: text("The design document.", "inventory")},
		{name: "name", required: true, shape: text("The view.", "by_item")},
		{name: "key", shape: jsonKey},
		{name: "keys", shape: listUpTo(maxPurgeKeys, "Several keys.", jsonKey)},
		{name: "range", shape: shape{kind: aMapping, about: "Keys from `start` to `end`, in the view's order.", keys: []key{
			{name: "start", shape: jsonKey},
			{name: "end", shape: jsonKey},
			{name: "inclusiveEnd", shape: shape{kind: aFlag, about: "Whether `end` itself belongs to it; true by default."}},
		}}},
	}}
	workbook := shape{kind: aMapping, about: "A column of ids in a workbook of the data repo.", keys: []key{
		{name: "path", required: true, shape: text("The workbook, from the data repo's root.", "purges/abuse.xlsx")},
		{name: "sheet", required: true, shape: text("The sheet.")},
		{name: "column", required: true, shape: text("The header, in the first row.", "user_id")},
	}}
	return shape{kind: aMapping, about: "A purge: user documents that are changed once in each environment.", keys: []key{
		{name: "description", required: true, shape: prose("What it is for, for those who review it.", "Take the Santa cookie back from accounts that got it by abuse.")},
		{name: "select", required: true, shape: shape{kind: aMapping, about: "Where candidates come from. Exactly one of these.", limits: limits{oneOf: []string{"view", "query", "ids", "workbook"}}, keys: []key{
			{name: "view", shape: view},
			{name: "query", shape: text("A SQL++ SELECT that gives the ids of documents, with RAW or as `id`. It is run read-only, with request_plus.", "SELECT RAW META().id FROM users WHERE coins > 1000000")},
			{name: "ids", shape: listUpTo(maxPurgeIDs, "The documents' ids.", shape{kind: aText, about: "An id.", pattern: documentPattern, expects: "a document's id: 1 to 246 characters"})},
			{name: "workbook", shape: workbook},
		}}},
		{name: "scope", shape: shape{kind: aText, about: "The scope of the documents; _default by default.", pattern: keyspacePattern, expects: "a scope's name"}},
		{name: "collection", shape: shape{kind: aText, about: "The collection of the documents; _default by default.", pattern: keyspacePattern, expects: "a collection's name"}},
		{name: "match", shape: text("jq that gives true for the documents to change, asked of each as it is at that moment; all candidates by default.", `any(.inventory[]; .item == "santa_cookie")`)},
		{name: "update", shape: text("jq that gives what the document becomes.", `del(.inventory[] | select(.item == "santa_cookie"))`)},
		{name: "delete", shape: shape{kind: aFlag, about: "Removes the documents, in place of `update`."}},
		{name: "limits", shape: shape{kind: aMapping, about: "How much the purge may do in one environment.", keys: []key{
			{name: "documents", required: true, shape: shape{kind: aNumber, about: "Most documents that may match.", least: 1, greatest: 1_000_000_000}},
		}}},
		{name: "rate", shape: shape{kind: aText, about: "How many documents are changed a second or minute; 500/s by default.", pattern: ratePattern, expects: "a number of documents for each second or minute, such as `500/s`", examples: []string{"500/s"}}},
		{name: "expires", shape: shape{kind: aText, about: "The last day, or the moment, in the time zone of liveops.yaml, after which the purge is refused.", pattern: datePattern + "|" + momentPattern,
			expects: "a date such as `2026-12-31`, or a date with a time such as `2026-12-31T19:00`", examples: []string{"2026-12-31"}}},
		{name: "mask", shape: listUpTo(maxPurgeMasks, "Paths of personal fields, which no report shows.", shape{kind: aText, about: "A path.", pattern: purge.MaskPattern,
			expects: "keys after dots, and [] for every element: `.profile.email`, `.payments[].card`", examples: []string{".profile.email"}})},
	}}
}
