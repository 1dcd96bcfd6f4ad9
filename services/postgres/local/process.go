package local

import "strings"

// lives reports whether pid is the living server of this cluster. Another program may have the number by now, another
// Postgres among them; and a zombie, which nobody may ever reap, has no command line.
func (c *cluster) lives(pid int) bool {
	return pid > 0 && strings.Contains(commandLine(pid)+" ", " -D "+c.Cluster+" ")
}
