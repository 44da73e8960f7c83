package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrLocked says that another process has the state directory open. The error is a *LockedError.
var ErrLocked = errors.New("the state directory is locked")

// LockedError names the state directory and the process that has it open: its id, or 0 where it is unknown.
type LockedError struct {
	Dir string
	PID int
}

// Error says who has the directory.
func (e *LockedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("the state directory %s is in use by %s: stop it, or give this one a directory of its own", e.Dir, who)
}

// Is makes a *LockedError an ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// directoryLock is the lock on a state directory, held through an open file: however its process ends, the
// system lets go of it.
type directoryLock struct {
	file *os.File
}

// lockDirectory makes dir where it is missing, with mode 0700, and locks the file "lock" in it, which holds
// the id of the process that has it.
func lockDirectory(dir string) (*directoryLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the state directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	switch taken, err := tryLock(f); {
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock the state directory: %w", err), f.Close())
	case !taken:
		pid := readPID(f)
		return nil, errors.Join(&LockedError{Dir: dir, PID: pid}, f.Close())
	}
	if err := writePID(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the state directory: %w", err), f.Close())
	}
	return &directoryLock{file: f}, nil
}

func (l *directoryLock) unlock() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

func readPID(f *os.File) int {
	b, _ := io.ReadAll(io.LimitReader(f, 20))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
