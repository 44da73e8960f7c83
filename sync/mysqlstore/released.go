package mysqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// File is a file of the data repo that a release leaves to those who follow the environment without the repo: the daemon
// that sends push campaigns.
type File struct {
	Path string // from the data repo's root
	Data []byte
}

// filesKept is of how many of the newest releases' commits the files are kept, so that a rollback finds them.
const filesKept = 50

// writeFiles keeps the files of a release's commit, and forgets those of old ones.
func writeFiles(ctx context.Context, q querier, commit string, files []File) error {
	if len(files) == 0 {
		return nil
	}
	if _, err := q.ExecContext(ctx, "DELETE FROM liveops_files WHERE commit_id = ?", commit); err != nil {
		return fmt.Errorf("write the files of %s: %w", commit, err)
	}
	for _, f := range files {
		if _, err := q.ExecContext(ctx, "INSERT INTO liveops_files (commit_id, path, data) VALUES (?, ?, ?)", commit, f.Path, f.Data); err != nil {
			return fmt.Errorf("write the files of %s: %s: %w", commit, f.Path, err)
		}
	}
	_, err := q.ExecContext(ctx, `DELETE FROM liveops_files WHERE commit_id <> ? AND commit_id NOT IN
		(SELECT commit_id FROM (SELECT commit_id FROM liveops_releases ORDER BY id DESC LIMIT ?) AS newest)`, commit, filesKept)
	if err != nil {
		return fmt.Errorf("forget the files of old commits: %w", err)
	}
	return nil
}

// Files are the files of the commit that the environment is at, by path; none where no release left any.
func (s *Store) Files(ctx context.Context) (commit string, files []File, err error) {
	err = each(ctx, s.db, `SELECT e.commit_id, f.path, f.data FROM liveops_environment e LEFT JOIN liveops_files f ON f.commit_id = e.commit_id
		WHERE e.id = 1 ORDER BY f.path`, func(rows *sql.Rows) error {
		var path sql.NullString
		var f File
		if err := rows.Scan(&commit, &path, &f.Data); err != nil {
			return err
		}
		if f.Path = path.String; path.Valid {
			files = append(files, f)
		}
		return nil
	})
	if isNoSuchTable(err) { // nothing was released yet
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the released files of %s: %w", s.environment, err)
	}
	return commit, files, nil
}

// DB is the store's database, for what keeps tables of its own in it (push runs). Its sessions run in UTC and strict mode.
func (s *Store) DB() *sql.DB { return s.db }
