package local

import (
	"fmt"
	"os"
	"strings"
)

// commandLine is a process's program and arguments, empty where it has ended.
func commandLine(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(strings.TrimRight(string(data), "\x00"), "\x00", " ")
}
