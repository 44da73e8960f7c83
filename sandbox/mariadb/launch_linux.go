package mariadb

import "syscall"

// apart makes the server a process group of its own, so that a terminal's interrupt reaches only the program
// that will stop it, and has the kernel kill it where the thread that started it ends: with the program, if
// that thread is kept until then.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
