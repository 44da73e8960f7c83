package couchstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/couchbase/gocb/v2"

	"liveops/sync/purge"
)

// Candidates lists the ids that a purge selects.
func (s *Store) Candidates(ctx context.Context, p *purge.Purge, each func(id string) error) error {
	switch sel := p.Select; {
	case sel.View != nil:
		read := func(page span, most int) (rows []row, err error) {
			err = again(ctx, func() error {
				rows, err = s.readView(ctx, *sel.View, page, most)
				return err
			})
			return rows, err
		}
		return eachOfView(*sel.View, viewPage, read, each)
	case sel.Query != "":
		return s.eachOfQuery(ctx, p, each)
	case len(sel.IDs) > 0:
		for _, id := range sel.IDs {
			if err := each(id); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("the ids of the workbook have not been read")
}

// viewPage is how many rows of a view are read at once. A purge is slower than a view, which would not wait; and before
// each page the server brings the view's index up to date with what the purge has changed meanwhile.
const viewPage = 4000

// row is a row of a view.
type row struct {
	key json.RawMessage
	id  string
}

// span is a part of a view, from a key, and there from a document's id, on.
type span struct {
	start, end json.RawMessage // nil for open
	startID    string
	inclusive  bool
}

// eachOfView reads a view page by page: each begins at the row that the last one ended before, by its key and id, so
// that rows which go or come meanwhile move no others out of sight
// (https://docs.couchbase.com/server/current/learn/views/views-querying.html#pagination).
func eachOfView(v purge.View, most int, read func(page span, most int) ([]row, error), each func(id string) error) error {
	spans := []span{{}}
	switch {
	case v.Key != nil:
		spans = []span{{start: v.Key, end: v.Key, inclusive: true}}
	case v.Keys != nil:
		spans = nil
		for _, k := range v.Keys {
			spans = append(spans, span{start: k, end: k, inclusive: true})
		}
	case v.Range != nil:
		spans = []span{{start: v.Range.Start, end: v.Range.End, inclusive: v.Range.Inclusive}}
	}
	for _, s := range spans {
		if err := eachOfSpan(s, most, read, each); err != nil {
			return fmt.Errorf("view %s of %s: %w", v.Name, v.Design, err)
		}
	}
	return nil
}

func eachOfSpan(s span, most int, read func(page span, most int) ([]row, error), each func(id string) error) error {
	for {
		rows, err := read(s, most+1)
		if err != nil {
			return err
		}
		whole := len(rows) <= most
		if !whole {
			last := rows[most]
			if bytes.Equal(last.key, rows[0].key) && last.id == rows[0].id {
				return fmt.Errorf("document %s has more than %d rows for one key", last.id, most)
			}
			s.start, s.startID = last.key, last.id
			rows = rows[:most]
		}
		for _, r := range rows {
			if err := each(r.id); err != nil {
				return err
			}
		}
		if whole {
			return nil
		}
	}
}

// readView reads rows of a view, whose index takes in all writes before (stale=false).
func (s *Store) readView(ctx context.Context, v purge.View, page span, most int) ([]row, error) {
	options := &gocb.ViewOptions{ScanConsistency: gocb.ViewScanConsistencyRequestPlus, Limit: uint32(most), Order: gocb.ViewOrderingAscending,
		OnError: gocb.ViewErrorModeStop, StartKeyDocID: page.startID, InclusiveEnd: page.inclusive, Timeout: selectTime, Context: ctx}
	if page.start != nil {
		options.StartKey = page.start
	}
	if page.end != nil {
		options.EndKey = page.end
	}
	result, err := s.bucket.ViewQuery(v.Design, v.Name, options)
	if err != nil {
		return nil, err
	}
	var rows []row
	for result.Next() {
		r := row{id: result.Row().ID}
		current := result.Row()
		if err := current.Key(&r.key); err != nil {
			return nil, errors.Join(err, result.Close())
		}
		rows = append(rows, r)
	}
	return rows, errors.Join(result.Err(), result.Close())
}
