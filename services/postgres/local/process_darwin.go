package local

import (
	"os/exec"
	"strconv"
	"strings"
)

// commandLine is a process's program and arguments, empty where it has ended.
func commandLine(pid int) string {
	out, err := exec.Command("ps", "-ww", "-o", "stat=,args=", "-p", strconv.Itoa(pid)).Output()
	state, args, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || strings.HasPrefix(state, "Z") {
		return ""
	}
	return args
}
