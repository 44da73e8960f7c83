package datarepo

// kind is what a value in liveops.yaml is.
type kind uint8

const (
	aText kind = iota
	aList
	aMapping
	aDictionary // a mapping whose keys are names of the writer's own
	aNumber     // a whole number
	aFlag
	aValue    // what a cell can hold: text, a number, true, false or null
	aFraction // a number that need not be whole
	aJSON     // any JSON value
)

// String is how a person is told of the kind.
func (k kind) String() string {
	return [...]string{"text", "a list", "a mapping", "a mapping", "a whole number", "true or false", "a value", "a number", "a JSON value"}[k]
}

// shape is what a value must look like. It is data for both the reader and the JSON Schema, so that the two
// cannot differ.
type shape struct {
	kind     kind
	about    string
	pattern  string // text: the regular expression that the whole of it matches; "" for any
	expects  string // text: the pattern in words
	prose    bool   // text: it is for people, so a comment behind it is most likely its rest
	examples []string
	item     *shape // list: each of its elements; dictionary: what stands behind each name
	most     int    // list, dictionary: most elements; it has at least one, unless mayBeEmpty
	keys     []key  // mapping, in the order of documentation

	mayBeEmpty      bool // list, dictionary
	least, greatest int  // number, fraction
	limits
	// or is what may stand in its place: a mapping in place of a text; nil for nothing.
	or *shape
}

// limits are what the schema says beside the shape, so that an editor tells of it. Whoever reads the file's meaning reports it in words of its own: a
// test holds the two to each other.
type limits struct {
	above  bool     // fraction: least itself is too little
	unique bool     // list: no element stands twice
	bound  bool     // value: a number or a text
	names  string   // dictionary: the pattern of its names
	has    string   // dictionary: the name that must be there
	some   bool     // mapping: it has one key at least
	oneOf  []string // mapping: it has exactly one of these keys
	anyOf  []string // mapping: it has one of these keys at least
	alone  []string // mapping: where it has one of these keys it has no other
}

// key is one key of a mapping.
type key struct {
	name     string
	required bool
	// later marks a key that the format has but this version does not enforce: using it is a problem, and
	// the schema lacks it. It may have the shape that it will be read by.
	later bool
	// with is another key that must be there where this one is; "" for none. It is told as limits are.
	with  string
	shape shape
}

const (
	maxEnvironments    = 16
	environmentPattern = "[a-z][a-z0-9-]{0,31}"
)

// configShape is the format of liveops.yaml.
func configShape() shape {
	name := shape{
		kind:    aText,
		about:   "The environment's name. In the names of its settings, `-` becomes `_`.",
		pattern: environmentPattern,
		expects: "1 to 32 lower-case letters, digits and hyphens, the first a letter",
	}
	after := name
	after.about = "The environment that must have taken a commit before this one does."
	environment := shape{
		kind:  aMapping,
		about: "One environment: a database that the tables are brought to.",
		keys: []key{
			{name: "name", required: true, shape: name},
			{name: "after", shape: after},
			{name: "requires", shape: requiresShape()},
			{name: "freeze", shape: freezeShape()},
			{name: "soak", shape: durationShape("How long the environment before this one must have had a commit before this one takes it.", "30m")},
			{name: "guard", shape: shape{kind: aText, about: "The name of one of `guards`: nothing is applied while it is not healthy."}},
			{name: "push", shape: pushShape()},
			{name: "capacity", shape: capacityShape()},
		},
	}
	return shape{
		kind:  aMapping,
		about: "The data repo's configuration, liveops.yaml.",
		keys: []key{
			{name: "timezone", shape: shape{
				kind:     aText,
				about:    "The IANA time zone in which TIMESTAMP columns and schedules are written; UTC by default.",
				examples: []string{"Asia/Seoul"},
			}},
			{name: "environments", required: true, shape: shape{
				kind:  aList,
				about: "The environments that commits are applied to.",
				item:  &environment,
				most:  maxEnvironments,
			}},
			{name: "tables", shape: tablesShape()},
			{name: "limits", shape: limitsShape()},
			{name: "permissions", shape: permissionsShape()},
			{name: "guards", shape: guardsShape()},
			{name: "drift", shape: driftShape()},
			{name: "language", later: true},
		},
	}
}

// prose is a text for people.
func prose(about string, examples ...string) shape {
	return shape{kind: aText, about: about, examples: examples, prose: true}
}
