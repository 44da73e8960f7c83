package datarepo

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// Pointer is what a repository keeps of a file in Git LFS in place of its content.
type Pointer struct {
	ID   string // the content's SHA-256, 64 lower-case hexadecimal digits
	Size int64  // in bytes
}

// A Git LFS pointer begins with this line and stays under 1024 bytes:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
const (
	pointerVersion = "version https://git-lfs.github.com/spec/"
	pointerBytes   = 1024
)

// ParsePointer reads a file as a Git LFS pointer; ok is false where it is none. A pointer of another hash than SHA-256
// comes with an empty ID.
func ParsePointer(file []byte) (p Pointer, ok bool) {
	if len(file) >= pointerBytes || !bytes.HasPrefix(file, []byte(pointerVersion)) {
		return Pointer{}, false
	}
	lines := bufio.NewScanner(bytes.NewReader(file))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), " ")
		switch key {
		case "oid":
			id, isSHA256 := strings.CutPrefix(value, "sha256:")
			if raw, err := hex.DecodeString(id); isSHA256 && err == nil && len(raw) == 32 && id == strings.ToLower(id) {
				p.ID = id
			}
		case "size":
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
				p.Size = n
			} else {
				p.Size = -1
			}
		}
	}
	if p.Size < 0 {
		return Pointer{}, true
	}
	return p, true
}

// Pointers are the files of paths that are Git LFS pointers, by path. Only small files are looked into.
func Pointers(fsys fs.FS, paths []string) (map[string]Pointer, error) {
	found := map[string]Pointer{}
	for _, name := range paths {
		at, err := fs.Stat(fsys, name)
		if err != nil {
			return nil, err
		}
		if at.Size() >= pointerBytes {
			continue
		}
		f, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(f, pointerBytes))
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		if p, ok := ParsePointer(content); ok {
			found[name] = p
		}
	}
	return found, nil
}
