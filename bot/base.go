package bot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"liveops/datarepo"
)

// base is the default branch of a repository as it is at one moment, with the policy that it has.
type base struct {
	branch string
	tip    string
	config *datarepo.Config // nil where the branch has no liveops.yaml, or a broken one
}

// policies remembers the policy of each repository's newest commit: it is asked for at every command, and every minute.
type policies struct {
	mu    sync.Mutex
	known map[string]base
}

func (p *policies) get(repository, branch, tip string) (base, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.known[strings.ToLower(repository)]
	return b, ok && b.tip == tip && b.branch == branch
}

func (p *policies) put(repository string, b base) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]base{}
	}
	p.known[strings.ToLower(repository)] = b
}

// base reads the default branch's policy by the API: liveops.yaml alone, and not a commit.
func (j *job) base(ctx context.Context) (base, error) {
	r, _, err := j.GitHub.Repositories.Get(ctx, j.owner, j.name)
	if err != nil {
		return base{}, fmt.Errorf("read the repository: %w", err)
	}
	b := base{branch: r.GetDefaultBranch()}
	if b.tip, err = j.tip(ctx, b.branch); err != nil {
		return base{}, err
	}
	if known, ok := j.policies.get(j.repository, b.branch, b.tip); ok {
		return known, nil
	}
	tree, _, err := j.GitHub.Git.GetTree(ctx, j.owner, j.name, b.tip, false)
	if err != nil {
		return base{}, fmt.Errorf("read the files of %s: %w", b.branch, err)
	}
	for _, e := range tree.Entries {
		if e.GetPath() != datarepo.ConfigPath || e.GetType() != "blob" {
			continue
		}
		content, _, err := j.GitHub.Git.GetBlobRaw(ctx, j.owner, j.name, e.GetSHA())
		if err != nil {
			return base{}, fmt.Errorf("read %s of %s: %w", datarepo.ConfigPath, b.branch, err)
		}
		if config, problems := datarepo.LoadConfig(oneFile{datarepo.ConfigPath, content}); len(problems) == 0 {
			b.config = config
		}
	}
	j.policies.put(j.repository, b)
	return b, nil
}

// oneFile is a file system of one file.
type oneFile struct {
	name    string
	content []byte
}

// Open implements fs.FS.
func (o oneFile) Open(name string) (fs.File, error) {
	if name != o.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openFile{oneFile: o, Reader: bytes.NewReader(o.content)}, nil
}

// openFile is that file, open.
type openFile struct {
	oneFile
	io.Reader
}

// Stat implements fs.File.
func (f *openFile) Stat() (fs.FileInfo, error) { return f, nil }

// Close implements fs.File.
func (f *openFile) Close() error { return nil }

// Name implements fs.FileInfo.
func (f *openFile) Name() string { return f.name }

// Size implements fs.FileInfo.
func (f *openFile) Size() int64 { return int64(len(f.content)) }

// Mode implements fs.FileInfo.
func (f *openFile) Mode() fs.FileMode { return 0o444 }

// ModTime implements fs.FileInfo.
func (f *openFile) ModTime() time.Time { return time.Time{} }

// IsDir implements fs.FileInfo.
func (f *openFile) IsDir() bool { return false }

// Sys implements fs.FileInfo.
func (f *openFile) Sys() any { return nil }
