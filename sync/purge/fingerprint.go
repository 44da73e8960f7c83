package purge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Fingerprint tells whether two purges do the same to the same candidates: it is of what they select, match, update or
// delete and where, and neither of the file's path and looks nor of what it says for people, its pace, its limits and
// its date. Of a purge that selects from a workbook it covers the ids and not where they stand.
func (p *Purge) Fingerprint() string { return p.fingerprint }

func (p *Purge) makeFingerprint() string {
	s := p.Select
	if len(s.IDs) > 0 {
		ids := slices.Clone(s.IDs)
		slices.Sort(ids)
		s = Select{IDs: slices.Compact(ids)}
	}
	s.Query = strings.TrimSpace(s.Query)
	if s.View != nil {
		v := *s.View
		v.Keys = slices.Clone(v.Keys)
		slices.SortFunc(v.Keys, func(a, b json.RawMessage) int { return strings.Compare(string(a), string(b)) })
		s.View = &v
	}
	b, err := json.Marshal(struct {
		Select            Select
		Scope, Collection string
		Match, Update     string
		Delete            bool
	}{s, p.Scope, p.Collection, p.match.plain(), p.update.plain(), p.Delete})
	if err != nil {
		panic(fmt.Sprintf("purge: keys that were decoded from JSON encode: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// ChangedError is a purge whose file does something else than what was released under its name.
type ChangedError struct {
	Name     string
	Released string // the fingerprint in the environment's record
}

// Error says what to do about it.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("purge %s was released already and does something else now; put the file back and write a new file, with a name of its own", e.Name)
}
