package mysqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"liveops/datasheets"
)

// imagesBatch is how many images one INSERT writes at most.
const imagesBatch = 200

// statementBytes is about how long a statement that writes many rows may get: far below the packets that servers
// take (max_allowed_packet, 16 MiB by default), since the longest cell alone is below it.
const statementBytes = 512 << 10

// image is a changed row before and after a release, by column; nil where there was no row, a nil text for NULL.
type image struct {
	table         string
	before, after map[string]*string
}

// writeImages keeps the rows that a release changed, in the order of the work.
func writeImages(ctx context.Context, q querier, release int64, work []*tableWork) error {
	var rows []string
	var args []any
	seq, size := 0, 0
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := q.ExecContext(ctx, `INSERT INTO liveops_images (release_id, seq, table_name, before_image, after_image) VALUES `+
			strings.Join(rows, ", "), args...)
		rows, args, size = rows[:0], args[:0], 0
		if err != nil {
			return fmt.Errorf("write the images of release %d: %w", release, err)
		}
		return nil
	}
	for _, w := range work {
		for i := range w.Changes {
			if w.before[i] == nil && w.after[i] == nil {
				continue
			}
			before, err := w.encode(w.before[i])
			if err != nil {
				return err
			}
			after, err := w.encode(w.after[i])
			if err != nil {
				return err
			}
			rows = append(rows, "(?, ?, ?, ?, ?)")
			args = append(args, release, seq, w.Schema.Name, before, after)
			seq++
			for _, image := range []any{before, after} {
				if text, ok := image.(string); ok {
					size += len(text)
				}
			}
			if len(rows) == imagesBatch || size >= statementBytes {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// encode is a whole row as JSON; nil for no row.
func (w *tableWork) encode(row []datasheets.Value) (any, error) {
	if row == nil {
		return nil, nil
	}
	m := make(map[string]*string, len(row))
	for i, v := range row {
		m[w.Schema.Columns[w.full[i]].Name] = nil
		if !v.IsNull() {
			text := v.Text()
			m[w.Schema.Columns[w.full[i]].Name] = &text
		}
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// readImages reads the images of a release in the order in which they were written.
func readImages(ctx context.Context, q querier, release int64) ([]image, error) {
	var images []image
	err := each(ctx, q, `SELECT table_name, before_image, after_image FROM liveops_images
		WHERE release_id = ? ORDER BY seq`, func(rows *sql.Rows) error {
		var i image
		var before, after []byte
		if err := rows.Scan(&i.table, &before, &after); err != nil {
			return err
		}
		for from, to := range map[*[]byte]*map[string]*string{&before: &i.before, &after: &i.after} {
			if *from != nil {
				if err := json.Unmarshal(*from, to); err != nil {
					return err
				}
			}
		}
		images = append(images, i)
		return nil
	}, release)
	if err != nil {
		return nil, fmt.Errorf("read the images of release %d: %w", release, err)
	}
	return images, nil
}
