package release

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/datasheets/workbook"
)

// shelfBytes is how large the workbooks that are kept open are together, as files. One is kept whatever its size.
const shelfBytes = 64 << 20

// followedAtOnce is how many workbooks are looked at for Git LFS pointers together: a server is asked for that many in
// one request, and as many contents are held at a time.
const followedAtOnce = 16

// shelf opens the workbooks of a commit when their cells are asked for, and keeps those open that were used last. The
// files of a commit can be read again; others, which someone may be saving right now, are kept as they were first.
type shelf struct {
	ctx   context.Context // of whoever reads the commit; it outlasts the use of its sheets
	files fs.FS
	kept  map[string][]byte // by path, where the files may change
	most  int               // how large those that are open may be together

	mu   sync.Mutex
	open []openBook // the one that was used last at the end
}

type openBook struct {
	book *datasheets.Book
	size int
}

func newShelf(ctx context.Context, files fs.FS) *shelf {
	s := &shelf{ctx: ctx, files: files, most: shelfBytes}
	if _, is := files.(datarepo.Identified); !is {
		s.kept = map[string][]byte{}
	}
	return s
}

// contents lists the sheets of workbooks, in the order of paths, without reading a cell: their Rows open the workbook.
// A workbook whose sheets cannot be told is a problem, and is not in the list.
func (s *shelf) contents(paths []string) (books []*datasheets.Book, problems []datasheets.Problem, err error) {
	for some := range slices.Chunk(paths, followedAtOnce) {
		large, missing, err := datarepo.FollowPointers(s.ctx, s.files, some)
		if err != nil {
			return nil, nil, err
		}
		problems = append(problems, missing...)
		for _, path := range some {
			if slices.ContainsFunc(missing, func(p datasheets.Problem) bool { return p.At.Path == path }) {
				continue
			}
			book, problem, err := s.list(path, large)
			switch {
			case err != nil:
				return nil, nil, err
			case problem != nil:
				problems = append(problems, *problem)
			default:
				books = append(books, book)
			}
		}
	}
	return books, problems, nil
}

// OpenWorkbook opens a workbook of a commit, Git LFS included. One that cannot be read fails with a *datasheets.Problem,
// at once or when its Rows are read; files and ctx must last until then.
func OpenWorkbook(ctx context.Context, files fs.FS, path string) (*datasheets.Book, error) {
	books, problems, err := newShelf(ctx, files).contents([]string{path})
	switch {
	case err != nil:
		return nil, err
	case len(problems) > 0:
		return nil, &problems[0]
	}
	return books[0], nil
}

// list lists the sheets of one workbook; large is what Git LFS has of it and others.
func (s *shelf) list(path string, large map[string][]byte) (*datasheets.Book, *datasheets.Problem, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, nil, err
	}
	data, isLarge := large[path]
	if !isLarge {
		var err error
		if data, err = fs.ReadFile(s.files, path); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	book, err := workbook.Contents(path, data)
	if err != nil {
		problem, err := problemOf(err)
		return nil, problem, err
	}
	if s.kept != nil {
		s.kept[path] = data
	}
	for i := range book.Sheets {
		book.Sheets[i].Rows = s.rows(path, i)
	}
	return book, nil, nil
}

// rows are those of a workbook's sheet. Where it cannot be opened, they end with the error at once.
func (s *shelf) rows(path string, sheet int) iter.Seq2[datasheets.Row, error] {
	return func(yield func(datasheets.Row, error) bool) {
		book, err := s.book(path)
		if err != nil {
			yield(datasheets.Row{}, err)
			return
		}
		book.Sheets[sheet].Rows(yield)
	}
}

// book opens a workbook, or gives the one that is open.
func (s *shelf) book(path string) (*datasheets.Book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.open, func(o openBook) bool { return o.book.Path == path }); i >= 0 {
		used := s.open[i]
		s.open = append(slices.Delete(s.open, i, i+1), used)
		return used.book, nil
	}
	data, err := s.read(path)
	if err != nil {
		return nil, err
	}
	size := len(data)
	for _, o := range s.open {
		size += o.size
	}
	for len(s.open) > 0 && size > s.most {
		size -= s.open[0].size
		s.open = slices.Delete(s.open, 0, 1)
	}
	book, err := workbook.Open(path, data)
	if err != nil {
		return nil, err
	}
	s.open = append(s.open, openBook{book, len(data)})
	return book, nil
}

// read is a workbook's file, or what Git LFS has in its place.
func (s *shelf) read(path string) ([]byte, error) {
	if data, is := s.kept[path]; is {
		return data, nil
	}
	large, missing, err := datarepo.FollowPointers(s.ctx, s.files, []string{path})
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, &missing[0]
	}
	if data, is := large[path]; is {
		return data, nil
	}
	data, err := fs.ReadFile(s.files, path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}
