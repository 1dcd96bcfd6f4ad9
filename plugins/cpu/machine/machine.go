// Package machine says what processor and how much memory there is. Where the system doesn't tell, it says so by "" and
// 0. Start with [Processor].
package machine

import (
	"cmp"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Processor is the processor's model name, else its architecture.
func Processor() string { return cmp.Or(field("/proc/cpuinfo", "model name"), runtime.GOARCH) }

// MemoryBytes is the machine's memory, 0 where the system doesn't tell.
func MemoryBytes() int64 {
	kib, err := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// field is the first value of a name in one of Linux's "name: value" files.
func field(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
