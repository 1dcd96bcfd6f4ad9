package local

import (
	"bytes"
	"fmt"
	"os"
)

// runsPostgres reports whether a process runs Postgres and is no zombie.
func runsPostgres(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// pid (name) state …
	name, rest := bytes.LastIndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if name < 0 || rest < name || rest+2 >= len(data) {
		return false
	}
	return bytes.HasPrefix(data[name+1:rest], []byte("postgres")) && data[rest+2] != 'Z'
}
