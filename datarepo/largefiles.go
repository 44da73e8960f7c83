package datarepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"liveops/datasheets"
)

// LargeFiles is a file system whose Git LFS pointers can be followed: those of commits and work trees are. The error of
// a pointer that cannot be followed is a *LargeFileError.
type LargeFiles interface {
	// Large is the content of each pointer, or why it is not to be had; both are as long as pointers.
	Large(ctx context.Context, pointers []Pointer) ([][]byte, []error)
}

// LargeFileError is why a pointer cannot be followed, and the mend.
type LargeFileError struct{ Reason, Mend string }

// Error is the reason.
func (e *LargeFileError) Error() string { return e.Reason }

// FollowPointers reads what the Git LFS pointers among the files of paths stand for, by path. One that cannot be
// followed is a problem of its file. An error is that nothing can be said now, such as a server that gives no answer.
func FollowPointers(ctx context.Context, fsys fs.FS, paths []string) (map[string][]byte, []datasheets.Problem, error) {
	pointers, err := Pointers(fsys, paths)
	if err != nil || len(pointers) == 0 {
		return nil, nil, err
	}
	var names []string
	var asked []Pointer
	for _, name := range paths {
		if p, is := pointers[name]; is {
			names, asked = append(names, name), append(asked, p)
		}
	}
	large, ok := fsys.(LargeFiles)
	if !ok {
		large = &largeStore{}
	}
	contents, wrong := large.Large(ctx, asked)
	found := map[string][]byte{}
	var problems []datasheets.Problem
	for i, name := range names {
		var reason *LargeFileError
		switch {
		case wrong[i] == nil:
			found[name] = contents[i]
		case errors.As(wrong[i], &reason):
			problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: name},
				Text: "this is a Git LFS pointer, and the workbook it stands for cannot be read: " + reason.Reason, Mend: reason.Mend})
		default:
			err = errors.Join(err, fmt.Errorf("read %s from Git LFS: %w", name, wrong[i]))
		}
	}
	return found, problems, err
}

// largeStore keeps the contents of Git LFS in a directory, as git-lfs does: oid[0:2]/oid[2:4]/oid. What is not there
// is fetched, where there is a server.
type largeStore struct {
	dir    string        // "" for none
	unused time.Duration // how long what nobody asks for is kept; 0 for ever
	server *lfsServer    // nil for none
}

const mendPull = "run `git lfs pull`, or take the workbook out of Git LFS (`git lfs untrack`)"

// Large implements LargeFiles.
func (s *largeStore) Large(ctx context.Context, pointers []Pointer) ([][]byte, []error) {
	contents, wrong := make([][]byte, len(pointers)), make([]error, len(pointers))
	var missing []int
	for i, p := range pointers {
		switch {
		case p.ID == "":
			wrong[i] = &LargeFileError{"the pointer is malformed", "run `git lfs pull` and commit the file anew"}
		case p.Size > maxFileBytes:
			wrong[i] = &LargeFileError{fmt.Sprintf("it has %d bytes; at most %d are read", p.Size, maxFileBytes), "split it"}
		default:
			if contents[i] = s.read(p); contents[i] == nil {
				missing = append(missing, i)
			}
		}
	}
	if s.server == nil {
		for _, i := range missing {
			wrong[i] = &LargeFileError{"it has not been fetched", mendPull}
		}
		return contents, wrong
	}
	if len(missing) > 0 {
		s.prune()
	}
	s.server.fetch(ctx, pointers, missing, func(i int, content []byte, err error) {
		if contents[i], wrong[i] = content, err; err == nil {
			s.keep(pointers[i], content)
		}
	})
	return contents, wrong
}

func (s *largeStore) path(p Pointer) string {
	return filepath.Join(s.dir, p.ID[:2], p.ID[2:4], p.ID)
}

// read is what the store has; nil for nothing. What is damaged is nothing.
func (s *largeStore) read(p Pointer) []byte {
	if s.dir == "" {
		return nil
	}
	content, err := os.ReadFile(s.path(p))
	if err != nil || !p.matches(content) {
		return nil
	}
	if s.unused > 0 {
		now := time.Now()
		_ = os.Chtimes(s.path(p), now, now) // asked for; where it fails, it is fetched again one day
	}
	return content
}

// prune removes what nobody has asked for in a long time. What it cannot remove stays for the next time.
func (s *largeStore) prune() {
	if s.dir == "" || s.unused == 0 {
		return
	}
	_ = filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if at, err := e.Info(); err == nil && time.Since(at.ModTime()) > s.unused {
			os.Remove(path)
		}
		return nil
	})
}

// keep keeps a content for the next time. That it cannot is no error: it is fetched again then.
func (s *largeStore) keep(p Pointer, content []byte) {
	if s.dir == "" {
		return
	}
	to := s.path(p)
	if os.MkdirAll(filepath.Dir(to), 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(to), "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}

// matches says whether a content is what the pointer stands for.
func (p Pointer) matches(content []byte) bool {
	sum := sha256.Sum256(content)
	return int64(len(content)) == p.Size && hex.EncodeToString(sum[:]) == p.ID
}
