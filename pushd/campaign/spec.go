package campaign

import (
	"encoding/json"
	"time"

	"liveops/datasheets"
)

// What counts where a campaign's file does not say.
const (
	DefaultDeadline   = 15 * time.Minute
	DefaultTimeToLive = 24 * time.Hour
	DefaultHold       = 30 * time.Minute
	DefaultLead       = 10 * time.Minute
)

// Spec is what a campaign's file says, as it is written.
type Spec struct {
	Name        string // the file's name without its extension; the campaign's identity
	Path        string // of the file, from the data repo's root
	Description string

	Cron     string         // five fields; "" where At is set
	At       time.Time      // the one time, as a clock shows it, as if that were UTC; zero where Cron is set
	Zone     *time.Location // in which Cron and At are; nil is UTC
	EachUser bool           // they are in each user's own zone; Zone is then of users who have none

	Deadline time.Duration // how late a run may begin
	Missed   Missed        // what becomes of a time that is missed by more
	Jitter   time.Duration // a run begins up to this much after its time; 0 for not at all
	Apart    time.Duration `json:",omitzero"` // the least between two times of Cron; 0 for DefaultApart

	Audience Audience
	Messages map[string]Text // by language as it is written; Default must be there
	Push     Push

	Rate     Rate      // over all workers and gateways; zero for what the gateways' quotas allow
	Capacity *Capacity // nil where no servers are added
	Guard    string    // the name of one of liveops.yaml's guards; "" for none
	Test     *Test     // nil where nobody gets it first

	Places Places
}

// Default is the name of the message that users get whose language has none.
const Default = "default"

// Missed says what becomes of a time that nobody was there to begin a run at.
type Missed string

const (
	SkipMissed Missed = "skip" // it is not sent
	SendMissed Missed = "send" // the newest of them is sent late, if it is not over a week old
)

// Platform is what a token's phone runs.
type Platform string

const (
	IOS     Platform = "ios"
	Android Platform = "android"
)

// Platforms are all of them, sorted.
func Platforms() []Platform { return []Platform{Android, IOS} }

// Gateway is who brings a push to a phone.
type Gateway string

const (
	FCM  Gateway = "fcm"
	APNs Gateway = "apns"
)

// Audience says whom a campaign is for. All conditions must hold; SQL and SQLPP stand alone.
type Audience struct {
	Platforms []Platform // nil for all
	Countries []string   // as the column has them
	Languages []string
	Segments  []string
	Within    time.Duration // the last login is not longer ago than this, at the run's time; 0 for whenever
	NotWithin time.Duration // the last login is longer ago than this, or there was none; 0 for whenever
	Columns   []Condition   // on further columns of the table of tokens, in the file's order

	SQL   string // a SELECT on the environment's MySQL, read-only; "" for none
	SQLPP string // a SQL++ SELECT on its Couchbase, read-only; "" for none
}

// Condition is on one column of the table of tokens. Values are as cells say them; an empty cell is NULL.
type Condition struct {
	Column    string
	In, NotIn []datasheets.Cell // one of the two, at least; NotIn takes NULL too unless it has it
	Min, Max  *datasheets.Cell  // both inclusive; nil for open
}

// Text is what a push says in one language. Image and DeepLink stand in for those of Push where they are set.
type Text struct {
	Title, Body     string
	Image, DeepLink string
}

// Push is what is the same in all languages.
type Push struct {
	Data       map[string]string
	Image      string // an https address; "" for none
	DeepLink   string // an address of the app's own scheme, or https
	Collapse   string // a push takes the place of the one before with the same; "" for the run's own
	TimeToLive time.Duration
	Normal     bool   // normal priority: it may wait for the phone to wake up
	Sound      string // "default", or a file's name in the app; "" for none
	Badge      *int   // nil leaves it as it is
	Channel    string // Android's notification channel; "" for the app's default
}

// Rate is a number of pushes in a time.
type Rate struct {
	Count int
	Per   time.Duration
}

// PerSecond is the rate by the second; 0 for a zero Rate.
func (r Rate) PerSecond() float64 {
	if r.Count <= 0 || r.Per <= 0 {
		return 0
	}
	return float64(r.Count) / r.Per.Seconds()
}

// Takes is how long n pushes take at the rate; 0 for a zero Rate, at which nobody waits.
func (r Rate) Takes(n int) time.Duration {
	if r.Count <= 0 || r.Per <= 0 {
		return 0
	}
	return time.Duration(float64(n) / r.PerSecond() * float64(time.Second))
}

// Capacity says how many game servers there are to be when players come.
type Capacity struct {
	Factor float64       // times those that run when it is recorded; above 1
	Lead   time.Duration // before the run begins
	Hold   time.Duration // after it has ended
	IfLate Late
}

// Late says what a run does whose servers are not in service when it is to begin.
type Late string

const (
	Proceed  Late = "proceed" // it begins all the same, with an alarm
	HoldBack Late = "hold"    // it waits for them, with an alarm
)

// Test is who gets a run first.
type Test struct {
	List   string // of the environment's `push.lists`; "" for none
	Tokens []Token
	Before time.Duration // how long before the run begins; 0 for right before the others
}

// Token is one phone's address at its gateway.
type Token struct {
	Platform Platform
	Token    string
}

// Places are where in the file things stand, by the path of their keys: "schedule", "audience.country",
// "message.ko.title". "" is the file's beginning.
type Places map[string]datasheets.Position

// At is where a key stands, or the nearest mapping around it that is known.
func (p Places) At(path, key string) datasheets.Position {
	for {
		if at, ok := p[key]; ok {
			return at
		}
		if key == "" {
			return datasheets.Position{Path: path}
		}
		i := len(key) - 1
		for i >= 0 && key[i] != '.' {
			i--
		}
		key = key[:max(i, 0)]
	}
}

// MarshalJSON leaves places out of what identifies a campaign.
func (Places) MarshalJSON() ([]byte, error) { return json.Marshal(nil) }
