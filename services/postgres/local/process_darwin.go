package local

import (
	"os/exec"
	"strconv"
	"strings"
)

// runsPostgres reports whether a process runs Postgres and is no zombie.
func runsPostgres(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=,ucomm=", "-p", strconv.Itoa(pid)).Output()
	fields := strings.Fields(string(out))
	return err == nil && len(fields) == 2 && strings.HasPrefix(fields[1], "postgres") && fields[0][0] != 'Z'
}
