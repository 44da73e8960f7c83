package mysqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/sync/errgroup"
)

// The images of a release stand in the ledger as lines of JSON, one a changed row, many lines together in one
// piece, compressed as the server's COMPRESS does (four bytes of length, low one first, and a zlib stream:
// https://dev.mysql.com/doc/refman/8.0/en/encryption-functions.html#function_compress), so that a person can
// read them without liveops:
//
//	SELECT UNCOMPRESS(piece) FROM liveops_images WHERE release_id = 7 ORDER BY seq
//
// Rows of one table are much alike: compressed they are written several times faster, and keep the ledger small.

// imagesBytes is about how much one piece has before it is compressed.
const imagesBytes = 512 << 10

// statementBytes is about how long a statement that writes many rows may get: far below the packets that servers
// take (max_allowed_packet, 16 MiB by default), since the longest cell alone is below it.
const statementBytes = 512 << 10

// image is a changed row before and after a release, by column; nil where there was no row, a nil text for NULL.
// Of an updated row's After, the ledger holds only the columns that differ.
type image struct {
	Table  string             `json:"table"`
	Before map[string]*string `json:"before"`
	After  map[string]*string `json:"after"`
}

// complete gives an updated row's after-image the columns that it shares with the before-image.
func (i *image) complete() {
	if i.Before == nil || i.After == nil {
		return
	}
	for column, text := range i.Before {
		if _, differs := i.After[column]; !differs {
			i.After[column] = text
		}
	}
}

// writeImages keeps the rows that a release changed, in the order of the work. The next piece is made while the
// server takes the last one.
func writeImages(ctx context.Context, q querier, release int64, work []*tableWork) error {
	pieces := make(chan []byte)
	g, group := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(pieces)
		return packImages(work, func(piece []byte) error {
			select {
			case pieces <- piece:
				return nil
			case <-group.Done():
				return group.Err()
			}
		})
	})
	g.Go(func() error {
		seq := 0
		for piece := range pieces {
			if _, err := q.ExecContext(group, `INSERT INTO liveops_images (release_id, seq, piece) VALUES (?, ?, ?)`, release, seq, piece); err != nil {
				return err
			}
			seq++
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return fmt.Errorf("write the images of release %d: %w", release, err)
	}
	return nil
}

// packImages hands over the pieces of all images.
func packImages(work []*tableWork, write func(piece []byte) error) error {
	var lines []byte
	flush := func() error {
		if len(lines) == 0 {
			return nil
		}
		piece, err := compress(lines)
		lines = lines[:0]
		if err != nil {
			return err
		}
		return write(piece)
	}
	for _, w := range work {
		encoder, err := newImageEncoder(w)
		if err != nil {
			return err
		}
		for i := range w.Changes {
			if w.before[i] == nil && w.after[i] == nil {
				continue
			}
			if lines, err = encoder.appendLine(lines, w.before[i], w.after[i]); err != nil {
				return err
			}
			if len(lines) >= imagesBytes {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

func compress(lines []byte) ([]byte, error) { return new(compressor).compress(lines) }

// compressor compresses one piece after the other, since making what zlib works with costs more than a small piece does.
type compressor struct{ z *zlib.Writer }

// withCompressor lends a compressor, which another may have used before: it is a megabyte to make.
func (s *Store) withCompressor(do func(*compressor) error) error {
	c, there := s.compressors.Get().(*compressor)
	if !there {
		c = new(compressor)
	}
	defer s.compressors.Put(c)
	return do(c)
}

func (c *compressor) compress(lines []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(lines))))
	if c.z == nil {
		var err error
		if c.z, err = zlib.NewWriterLevel(&b, zlib.BestSpeed); err != nil {
			return nil, err
		}
	} else {
		c.z.Reset(&b)
	}
	if _, err := c.z.Write(lines); err != nil {
		return nil, err
	}
	err := c.z.Close()
	return b.Bytes(), err
}

// readImages reads the images of a release in the order in which they were written.
func readImages(ctx context.Context, q querier, release int64) ([]image, error) {
	var images []image
	err := each(ctx, q, `SELECT piece FROM liveops_images WHERE release_id = ? ORDER BY seq`, func(rows *sql.Rows) error {
		var piece sql.RawBytes
		if err := rows.Scan(&piece); err != nil {
			return err
		}
		unpacked, err := unpackImages(piece)
		images = append(images, unpacked...)
		return err
	}, release)
	if err != nil {
		return nil, fmt.Errorf("read the images of release %d: %w", release, err)
	}
	return images, nil
}

// uncompress is the opposite of compress. It fails on a piece that is cut short or damaged.
func uncompress(piece []byte) ([]byte, error) {
	if len(piece) < 4 {
		return nil, io.ErrUnexpectedEOF
	}
	z, err := zlib.NewReader(bytes.NewReader(piece[4:]))
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(piece)
	lines, err := io.ReadAll(io.LimitReader(z, int64(size)+1))
	if err != nil {
		return nil, err
	}
	if uint32(len(lines)) != size {
		return nil, fmt.Errorf("a piece has %d bytes and should have %d", len(lines), size)
	}
	return lines, nil
}

// unpackImages reads one piece.
func unpackImages(piece []byte) ([]image, error) {
	lines, err := uncompress(piece)
	if err != nil {
		return nil, err
	}
	var images []image
	for d := json.NewDecoder(bytes.NewReader(lines)); ; {
		var i image
		if err := d.Decode(&i); errors.Is(err, io.EOF) {
			return images, nil
		} else if err != nil {
			return nil, err
		}
		i.complete()
		images = append(images, i)
	}
}
