package purge

import (
	"encoding/json"
	"time"

	"liveops/datasheets"
)

// DefaultRate is how many documents a second a purge changes whose file does not say.
const DefaultRate = 500

// DefaultName is the scope and the collection that every bucket has
// (https://docs.couchbase.com/server/current/learn/data/scopes-and-collections.html).
const DefaultName = "_default"

// Spec is what a purge's file says, as it is written.
type Spec struct {
	Name        string // the file's name without its extension; the purge's identity
	Path        string // of the file, from the data repo's root
	Description string

	Select     Select
	Scope      string // DefaultName where the file does not say
	Collection string

	Match  string // jq; "" takes every candidate
	Update string // jq; "" where Delete is set
	Delete bool   // the document is removed

	Limit   int       // most documents that may match; 0 for no limit
	Rate    float64   // documents changed a second
	Expires time.Time // from then on the purge is not run; zero for never
	Mask    []string  // paths whose values no person is shown
}

// Select says where candidates come from. Exactly one of its fields is set.
type Select struct {
	View     *View     `json:"view,omitempty"`
	Query    string    `json:"query,omitempty"` // SQL++ that gives ids; run read-only
	IDs      []string  `json:"ids,omitempty"`
	Workbook *Workbook `json:"workbook,omitempty"`
}

// View selects the rows of a view: by one key, by several, by a range, or all. Keys are JSON values.
type View struct {
	Design string            `json:"design"`
	Name   string            `json:"name"`
	Key    json.RawMessage   `json:"key,omitempty"`
	Keys   []json.RawMessage `json:"keys,omitempty"`
	Range  *Range            `json:"range,omitempty"`
}

// Range is the rows from Start on up to End, in the order of the view's keys; a side that is nil is open. End itself
// belongs to it where Inclusive is set.
type Range struct {
	Start     json.RawMessage `json:"start,omitempty"`
	End       json.RawMessage `json:"end,omitempty"`
	Inclusive bool            `json:"inclusiveEnd,omitempty"`
}

// Workbook is a column of ids in a sheet of the data repo.
type Workbook struct {
	Path   string              `json:"path"`
	Sheet  string              `json:"sheet"`
	Column string              `json:"column"`
	At     datasheets.Position `json:"-"` // where the purge's file names it
}

// Fault is what is wrong with an expression of a Spec.
type Fault struct {
	Field  string // "match", "update" or "mask"
	Index  int    // of the path in Mask
	Offset int    // bytes from the expression's begin
	Text   string
	Mend   string
}

// Purge is a Spec that can be run. It is safe for concurrent use.
type Purge struct {
	Spec

	match, update *expression
	masks         []mask
	fingerprint   string
}

// New compiles a spec. It gives either the purge or all faults of its expressions. The candidates of a purge that
// selects from a workbook are not known until WithIDs.
func New(s Spec) (*Purge, []Fault) {
	var faults []Fault
	p := &Purge{Spec: s}
	compile := func(field, text string) *expression {
		if text == "" {
			return nil
		}
		e, fault := compileExpression(text)
		if fault != nil {
			fault.Field = field
			faults = append(faults, *fault)
		}
		return e
	}
	p.match, p.update = compile("match", s.Match), compile("update", s.Update)
	for i, path := range s.Mask {
		m, ok := parseMask(path)
		if !ok {
			faults = append(faults, Fault{Field: "mask", Index: i, Text: "this is not a path", Mend: "write it as `.profile.email` or `.payments[].card`"})
		}
		p.masks = append(p.masks, m)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	p.fingerprint = p.makeFingerprint()
	return p, nil
}

// WithIDs is the purge of a workbook's column with the ids that stand there.
func (p *Purge) WithIDs(ids []string) *Purge {
	q := *p
	q.Select.IDs = ids
	q.fingerprint = q.makeFingerprint()
	return &q
}

// ExpiredAt says whether the purge is not to be run any more.
func (p *Purge) ExpiredAt(now time.Time) bool { return !p.Expires.IsZero() && !now.Before(p.Expires) }

// Takes is how long n documents take at the purge's rate.
func (p *Purge) Takes(n int) time.Duration {
	if p.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(n) / p.Rate * float64(time.Second))
}
