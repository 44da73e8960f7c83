//go:build !linux && unix

package mariadb

import "syscall"

// apart makes the server a process group of its own, so that a terminal's interrupt reaches only the program
// that will stop it. A program that is killed leaves its server behind.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
