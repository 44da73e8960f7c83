package action

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"liveops/bot"
	"liveops/sync/report"
)

// shelf is the directory that the workflow uploads as an artifact. It is made with its first file.
type shelf struct {
	dir   string
	names []string // sorted
}

// put writes a file; one that is there is replaced.
func (s *shelf) put(name string, content []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("keep %q as an artifact: it is no path below the directory", name)
	}
	err := os.MkdirAll(s.dir, 0o755)
	if err != nil {
		return fmt.Errorf("keep an artifact: %w", err)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return fmt.Errorf("keep an artifact: %w", err)
	}
	defer root.Close()
	if err := errors.Join(root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755), root.WriteFile(filepath.FromSlash(name), content, 0o644)); err != nil {
		return fmt.Errorf("keep an artifact: %w", err)
	}
	if i, found := slices.BinarySearch(s.names, name); !found {
		s.names = slices.Insert(s.names, i, name)
	}
	return nil
}

// putPage keeps the whole report where its comment leaves something out: there is no server that a link could lead to.
func (s *shelf) putPage(t bot.Told) error {
	var b bytes.Buffer
	switch {
	case t.Pull != nil && report.PullLeavesOut(*t.Pull):
		if err := report.HTMLPull(&b, *t.Pull); err != nil {
			return err
		}
		return s.put(fmt.Sprintf("plan-%d.html", t.Number), b.Bytes())
	case t.Merge != nil && t.Merge.Progress.Done() && report.MergeLeavesOut(*t.Merge):
		if err := report.HTMLMerge(&b, *t.Merge); err != nil {
			return err
		}
		return s.put(fmt.Sprintf("release-%d.html", t.Number), b.Bytes())
	}
	return nil
}
