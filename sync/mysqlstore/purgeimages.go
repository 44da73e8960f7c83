package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/sync/purge"
)

// The before-images of purges: one row a document, whose body is compressed as the images of releases are (images.go),
// so that a person can read it:
//
//	SELECT UNCOMPRESS(body) FROM liveops_purge_images WHERE run_id = 'r1' AND document_id = 'user-7'

// Find reads what there is of some documents, by id, without bodies.
func (p *Purges) Find(ctx context.Context, r purge.Run, ids []string) (map[string]purge.Image, error) {
	found := map[string]purge.Image{}
	for some := range slices.Chunk(ids, rowsBatch) {
		err := p.images(ctx, "''", "run_id = ? AND document_id IN ("+marks(len(some))+")", func(i purge.Image) { found[i.ID] = i }, args(r.ID, some)...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Page reads the next images in a state, with bodies, in the order of ids.
func (p *Purges) Page(ctx context.Context, r purge.Run, state purge.ImageState, after string, most int) (page []purge.Image, err error) {
	err = p.images(ctx, "body", "run_id = ? AND document_id > ? AND state = ? ORDER BY document_id LIMIT ?",
		func(i purge.Image) { page = append(page, i) }, r.ID, []byte(after), string(state), most)
	return page, err
}

func (p *Purges) images(ctx context.Context, body, where string, take func(purge.Image), args ...any) error {
	err := each(ctx, p.store.db, `SELECT document_id, state, unsure, cas, flags, expiry, after_hash, `+body+` FROM liveops_purge_images WHERE `+where, func(rows *sql.Rows) error {
		var i purge.Image
		var expiry int64
		var packed sql.RawBytes
		if err := rows.Scan(&i.ID, &i.State, &i.Unsure, &i.CAS, &i.Flags, &expiry, &i.After, &packed); err != nil {
			return err
		}
		if expiry > 0 {
			i.Expiry = time.Unix(expiry, 0).UTC()
		}
		if body == "body" {
			var err error
			if i.Body, err = uncompress(packed); err != nil {
				return fmt.Errorf("document %s: %w", i.ID, err)
			}
		}
		take(i)
		return nil
	}, args...)
	if err != nil {
		return p.store.unanswered(ctx, fmt.Errorf("read the images of a purge of %s: %w", p.store.environment, err))
	}
	return nil
}

// Keep writes images durably, as pending.
func (p *Purges) Keep(ctx context.Context, r purge.Run, images []purge.Image) error {
	rows, err := p.pack(r, images)
	if err != nil {
		return fmt.Errorf("keep the images of purge %s in %s: %w", r.Name, p.store.environment, err)
	}
	return p.in(ctx, "keep the images of purge "+r.Name, func(tx *sql.Tx) error {
		if _, err := p.held(ctx, tx, r, " LOCK IN SHARE MODE"); err != nil {
			return err
		}
		for _, some := range rows {
			n := len(some) / imageColumns
			if _, err := tx.ExecContext(ctx, keepImages+strings.TrimSuffix(strings.Repeat("(?, ?, 'pending', 0, ?, ?, ?, ?, ?), ", n), ", ")+overImages, some...); err != nil {
				return err
			}
		}
		return nil
	})
}

// imageColumns is how many values an image has in a statement.
const imageColumns = 7

// pack makes the values of each statement that writes images; bodies are compressed before anything is locked.
func (p *Purges) pack(r purge.Run, images []purge.Image) (rows [][]any, err error) {
	err = p.store.withCompressor(func(packer *compressor) error {
		var values []any
		size := 0
		for _, i := range images {
			body, err := packer.compress(i.Body)
			if err != nil {
				return err
			}
			expiry := int64(0)
			if !i.Expiry.IsZero() {
				expiry = i.Expiry.Unix()
			}
			values = append(values, r.ID, []byte(i.ID), body, i.CAS, i.Flags, expiry, i.After)
			if size += len(body); size >= statementBytes {
				rows, values, size = append(rows, values), nil, 0
			}
		}
		if len(values) > 0 {
			rows = append(rows, values)
		}
		return nil
	})
	return rows, err
}

const (
	keepImages = `INSERT INTO liveops_purge_images (run_id, document_id, state, unsure, body, cas, flags, expiry, after_hash) VALUES `
	// An image is written over as long as its document is not changed. The state comes last: what stands before is decided by it.
	overImages = ` ON DUPLICATE KEY UPDATE
		body = IF(state IN ('pending', 'skipped'), VALUES(body), body),
		cas = IF(state IN ('pending', 'skipped'), VALUES(cas), cas),
		flags = IF(state IN ('pending', 'skipped'), VALUES(flags), flags),
		expiry = IF(state IN ('pending', 'skipped'), VALUES(expiry), expiry),
		after_hash = IF(state IN ('pending', 'skipped'), VALUES(after_hash), after_hash),
		state = IF(state = 'skipped', 'pending', state)`
)

// Settle writes what became of documents, and how far the run is.
func (p *Purges) Settle(ctx context.Context, r purge.Run, images []purge.Image) (purge.Run, error) {
	var after purge.Run
	err := p.in(ctx, "record purge "+r.Name, func(tx *sql.Tx) error {
		var err error
		if after, err = p.held(ctx, tx, r, " FOR UPDATE"); err != nil {
			return err
		}
		done, skipped := after.Counts.Done, after.Counts.Skipped
		after.Counts, after.Updated = r.Counts, p.store.now()
		after.Counts.Done, after.Counts.Skipped = done, skipped
		for _, kind := range []struct {
			state  purge.ImageState
			unsure bool
			from   string
			count  *int
		}{
			{purge.ImageDone, false, "state = 'pending'", &after.Counts.Done},
			{purge.ImageDone, true, "state = 'pending'", &after.Counts.Done},
			{purge.ImageSkipped, false, "state = 'pending'", &after.Counts.Skipped},
			{purge.ImageUndone, false, "state <> 'undone'", new(int)},
		} {
			var ids []string
			for _, i := range images {
				if i.State == kind.state && i.Unsure == kind.unsure {
					ids = append(ids, i.ID)
				}
			}
			for some := range slices.Chunk(ids, rowsBatch) {
				res, err := tx.ExecContext(ctx, `UPDATE liveops_purge_images SET state = ?, unsure = ? WHERE run_id = ? AND `+kind.from+
					` AND document_id IN (`+marks(len(some))+`)`, append([]any{string(kind.state), kind.unsure}, args(r.ID, some)...)...)
				if err != nil {
					return err
				}
				n, err := res.RowsAffected()
				if err != nil {
					return err
				}
				*kind.count += int(n)
			}
		}
		return p.write(ctx, tx, after)
	})
	return after, err
}

// marks are n placeholders.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// args are a run's id and documents' ids as arguments.
func args(run string, ids []string) []any {
	all := []any{run}
	for _, id := range ids {
		all = append(all, []byte(id))
	}
	return all
}
