package report

import (
	"bytes"
	"encoding/json"
	"io"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// JSON writes plans and problems for programs. Its shape is stable: keys may be added, none changes.
//
//	problems[]                  of the files: {at: {path, sheet, cell, line, column}, text, mend}
//	environments[]              in promotion order
//	  name, commit, digest      commit and digest may be ""
//	  hold                      null, or {reason, by, since}
//	  problems[]                of this environment
//	  part                      left out where every owned table was compared, else {compared, checked, of, release, commit}:
//	                            so many were compared, so many only checked for what they refer to in those, of so many;
//	                            the others are taken to be as that release of that commit left them
//	  rehearsal                 null, or {deleted, inserted, updated, tests, milliseconds}: it went well
//	  unrehearsed               why it could not be rehearsed; else left out
//	  tables[]                  every owned table that was compared, by name
//	    name, sources[]         sources: {path, sheet}
//	    rows                    how many rows the sheets want
//	    unowned                 how many rows of the table no sheet owns: they are left alone
//	    deleted, inserted, updated
//	    changes[]               by key
//	      op                    "delete", "insert" or "update"
//	      pending               true where the default branch holds it already; else left out
//	      key                   {column: value}
//	      before, after         {column: value}, or null: whole rows of a delete and an insert; of an update
//	                            the columns that change
//	      at                    where the row stands; null for a delete
//	  campaigns[]               that change, left out where none does: {name, change, pending, preview}; change is "added", "changed" or
//	                            "removed", pending is left out where false, preview is null or as CampaignJSON has it
//	  purges[]                  new ones, left out where there is none: {name, candidates, matches, overBy, seconds, notRun}
//
// A value is a string, the canonical text of its column's type, or null for NULL. A column that an insert
// leaves to the server's default is left out. Columns are in the sheet's order, the key's first.
func JSON(w io.Writer, plans []*release.Plan, problems []datasheets.Problem) error {
	r := jsonReport{Problems: some(problems), Environments: []jsonEnvironment{}}
	for _, p := range plans {
		r.Environments = append(r.Environments, environmentOf(p))
	}
	return writeJSON(w, r)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type jsonReport struct {
	Problems     []datasheets.Problem `json:"problems"`
	Environments []jsonEnvironment    `json:"environments"`
}

type jsonEnvironment struct {
	Name        string               `json:"name"`
	Commit      string               `json:"commit"`
	Digest      string               `json:"digest"`
	Hold        *mysqlstore.Hold     `json:"hold"`
	Problems    []datasheets.Problem `json:"problems"`
	Part        *release.Part        `json:"part,omitempty"`
	Rehearsal   *jsonRehearsal       `json:"rehearsal"`
	Unrehearsed string               `json:"unrehearsed,omitempty"`
	Tables      []jsonTable          `json:"tables"`
	Purges      []jsonPurge          `json:"purges,omitempty"`
	Campaigns   []jsonCampaignChange `json:"campaigns,omitempty"`
}

type jsonPurge struct {
	Name       string  `json:"name"`
	Candidates int     `json:"candidates"`
	Matches    int     `json:"matches"`
	OverBy     int     `json:"overBy"`
	Seconds    float64 `json:"seconds"`
	NotRun     string  `json:"notRun,omitempty"`
}

type jsonTable struct {
	Name    string        `json:"name"`
	Sources []plan.Source `json:"sources"`
	Rows    int           `json:"rows"`
	Unowned int           `json:"unowned"`
	plan.Count
	Changes []jsonChange `json:"changes"`
}

type jsonChange struct {
	Op      string               `json:"op"`
	Pending bool                 `json:"pending,omitempty"`
	Key     jsonRow              `json:"key"`
	Before  jsonRow              `json:"before"`
	After   jsonRow              `json:"after"`
	At      *datasheets.Position `json:"at"`
}

func environmentOf(p *release.Plan) jsonEnvironment {
	e := jsonEnvironment{Name: p.Environment, Commit: p.Commit, Digest: p.Digest, Hold: p.Base.Hold, Problems: some(p.Problems),
		Part: p.Part, Rehearsal: rehearsalOf(p), Unrehearsed: p.Unrehearsed, Tables: []jsonTable{}, Purges: purgesOf(p), Campaigns: campaignsOf(p)}
	for _, t := range p.Tables {
		_, pending := apart(p, t)
		waiting := map[string]bool{}
		for i := range pending {
			waiting[packed(&pending[i])] = true
		}
		table := jsonTable{Name: t.Schema.Name, Sources: some(t.Sources), Rows: t.Rows, Unowned: t.Unowned, Count: t.Count(), Changes: make([]jsonChange, len(t.Changes))}
		for i := range t.Changes {
			table.Changes[i] = changeOf(t, &t.Changes[i])
			table.Changes[i].Pending = len(waiting) > 0 && waiting[packed(&t.Changes[i])]
		}
		e.Tables = append(e.Tables, table)
	}
	return e
}

// purgesOf are an environment's new purges, those that are not run there last.
func purgesOf(p *release.Plan) (all []jsonPurge) {
	for i := range p.Purges {
		one := jsonPurge{Name: p.Purges[i].Purge.Name}
		if pl := p.Purges[i].Plan; pl != nil {
			one.Candidates, one.Matches, one.OverBy, one.Seconds = pl.Candidates, pl.Matches, pl.OverBy, pl.Takes.Seconds()
		}
		all = append(all, one)
	}
	for _, u := range p.Unpurged {
		all = append(all, jsonPurge{Name: u.Name, NotRun: u.Reason})
	}
	return all
}

func changeOf(t *plan.Table, c *plan.Change) jsonChange {
	j := jsonChange{Op: c.Op.String(), Key: jsonRow{}}
	for i := range t.KeyLen() {
		j.Key = append(j.Key, jsonCell{t.Column(i).Name, c.Row()[i]})
	}
	for i := range t.Managed {
		name := t.Column(i).Name
		if c.Op == plan.Update && c.Before[i] == c.After[i] {
			continue
		}
		if c.Op != plan.Insert {
			j.Before = append(j.Before, jsonCell{name, c.Before[i]})
		}
		if c.Op != plan.Delete && !c.After[i].IsDefault() {
			j.After = append(j.After, jsonCell{name, c.After[i]})
		}
	}
	if c.Op != plan.Delete {
		j.At = &c.At
	}
	return j
}

// jsonRow is an object whose keys keep their order.
type jsonRow []jsonCell

type jsonCell struct {
	column string
	value  datasheets.Value
}

// MarshalJSON writes the cells as an object; null where there is no row.
func (r jsonRow) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, c := range r {
		b.WriteByte("{,"[min(i, 1)])
		if err := e.Encode(c.column); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		var v any
		if !c.value.IsNull() {
			v = c.value.Text()
		}
		if err := e.Encode(v); err != nil {
			return nil, err
		}
	}
	if len(r) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// some is s, or an empty list where there is none: JSON's readers expect a list.
func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
