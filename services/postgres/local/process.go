package local

import "syscall"

// postgresLives reports whether pid is a living Postgres of ours. A zombie isn't: its parent may never reap it.
func postgresLives(pid int) bool {
	return pid > 0 && syscall.Kill(pid, 0) == nil && runsPostgres(pid)
}
