package mysqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// One INSERT writes as many images as fit in imagesBytes, far below the packets that servers take, but no more
// than imagesBatch.
const (
	imagesBytes = 512 << 10
	imagesBatch = 1000
)

// image is a changed row before and after a release, by column; nil where there was no row, a nil text for NULL.
type image struct {
	table         string
	before, after map[string]*string
}

// writeImages keeps the rows that a release changed, in the order of the work: whole, but of an updated row's
// after-image only the columns that differ.
func writeImages(ctx context.Context, q querier, release int64, work []*tableWork) error {
	writer := &imageWriter{querier: q, release: release}
	for _, w := range work {
		encoder, err := newImageEncoder(w)
		if err != nil {
			return err
		}
		for i := range w.Changes {
			if w.before[i] == nil && w.after[i] == nil {
				continue
			}
			before, err := encoder.encode(w.before[i], nil)
			if err != nil {
				return err
			}
			after, err := encoder.encode(w.after[i], w.before[i])
			if err != nil {
				return err
			}
			if err := writer.add(ctx, w.Schema.Name, before, after); err != nil {
				return err
			}
		}
	}
	return writer.flush(ctx)
}

// imageWriter inserts images in batches.
type imageWriter struct {
	querier
	release int64
	seq     int
	rows    int // of the batch
	size    int // of its images
	args    []any
}

func (w *imageWriter) add(ctx context.Context, table string, images ...any) error {
	w.args = append(w.args, w.release, w.seq, table)
	for _, image := range images {
		text, _ := image.(string)
		w.args, w.size = append(w.args, image), w.size+len(text)
	}
	w.seq++
	if w.rows++; w.rows < imagesBatch && w.size < imagesBytes {
		return nil
	}
	return w.flush(ctx)
}

func (w *imageWriter) flush(ctx context.Context) error {
	if w.rows == 0 {
		return nil
	}
	_, err := w.ExecContext(ctx, `INSERT INTO liveops_images (release_id, seq, table_name, before_image, after_image) VALUES `+
		strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?), ", w.rows), ", "), w.args...)
	if err != nil {
		return fmt.Errorf("write the images of release %d: %w", w.release, err)
	}
	w.rows, w.size, w.args = 0, 0, w.args[:0]
	return nil
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
		i.complete()
		images = append(images, i)
		return nil
	}, release)
	if err != nil {
		return nil, fmt.Errorf("read the images of release %d: %w", release, err)
	}
	return images, nil
}

// complete gives an updated row's after-image the columns that it shares with the before-image.
func (i *image) complete() {
	if i.before == nil || i.after == nil {
		return
	}
	for column, text := range i.before {
		if _, differs := i.after[column]; !differs {
			i.after[column] = text
		}
	}
}
