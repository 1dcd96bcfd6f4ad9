package local

import (
	"strings"
	"syscall"
)

// lives reports whether pid is the living server of this cluster. Another program may have the number by now, another
// Postgres among them; and a zombie, which nobody may ever reap, has no command line.
func (c *cluster) lives(pid int) bool {
	return pid > 0 && strings.Contains(commandLine(pid)+" ", " -D "+c.Cluster+" ")
}

// goesOn reports whether a child of this program has yet to end. It has no command line at the moment in which it becomes another
// program, which is long where the machine is busy.
func goesOn(child int) bool {
	var status syscall.WaitStatus
	ended, err := syscall.Wait4(child, &status, syscall.WNOHANG, nil)
	return err == nil && ended == 0
}
