package couchstore

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/couchbase/gocb/v2"

	"liveops/sync/purge"
)

// eachOfQuery runs a purge's query, which sees all writes before (request_plus) and may write nothing (readonly), and
// gives the ids of its rows. A query does not wait for a purge, so the ids stand in a file meanwhile.
func (s *Store) eachOfQuery(ctx context.Context, p *purge.Purge, each func(id string) error) (err error) {
	spool, err := os.CreateTemp("", "liveops-purge-*")
	if err != nil {
		return fmt.Errorf("keep the ids that the query gives: %w", err)
	}
	defer func() {
		err = errors.Join(err, spool.Close(), os.Remove(spool.Name()))
	}()
	err = again(ctx, func() error {
		if err := errors.Join(spool.Truncate(0), rewind(spool)); err != nil {
			return err
		}
		return s.spoolQuery(ctx, p, spool)
	})
	if err != nil {
		return fmt.Errorf("run the query: %w", err)
	}
	if err := rewind(spool); err != nil {
		return err
	}
	ids := json.NewDecoder(bufio.NewReader(spool))
	for {
		var id string
		if err := ids.Decode(&id); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := each(id); err != nil {
			return err
		}
	}
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

func (s *Store) spoolQuery(ctx context.Context, p *purge.Purge, to io.Writer) error {
	options := &gocb.QueryOptions{ScanConsistency: gocb.QueryScanConsistencyRequestPlus, Readonly: true, Adhoc: true, Timeout: selectTime, Context: ctx}
	query := s.cluster.Query
	if p.Scope != purge.DefaultName || p.Collection != purge.DefaultName { // then FROM names a collection, else a bucket
		query = s.bucket.Scope(p.Scope).Query
	}
	result, err := query(p.Select.Query, options)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(to)
	for result.Next() {
		var raw json.RawMessage
		err := result.Row(&raw)
		var id string
		if err == nil {
			id, err = rowID(raw)
		}
		if err == nil {
			err = json.NewEncoder(w).Encode(id)
		}
		if err != nil {
			return errors.Join(err, result.Close())
		}
	}
	return errors.Join(result.Err(), w.Flush())
}

// rowID is the id in a row: the row itself, or its `id`.
func rowID(raw json.RawMessage) (string, error) {
	var id string
	if json.Unmarshal(raw, &id) == nil && id != "" {
		return id, nil
	}
	var object struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &object) == nil && object.ID != "" {
		return object.ID, nil
	}
	const most = 80
	return "", fmt.Errorf("a row is no document's id (write SELECT RAW META().id): %.*s", most, raw)
}
