package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// startTime is when a process began, in clock ticks since boot. A process that has ended, reaped or not, is
// fs.ErrNotExist.
func startTime(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, syscall.ESRCH) {
		err = fs.ErrNotExist // it ended between open and read
	}
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in brackets, which may hold anything; from the third on all is plain.
	_, after, _ := strings.Cut(string(data[bytes.LastIndexByte(data, ')')+1:]), " ")
	fields := strings.Fields(after)
	const state, start = 0, 22 - 3
	if len(fields) <= start {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return 0, fs.ErrNotExist
	}
	return strconv.ParseInt(fields[start], 10, 64)
}

func bootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(data)), err
}

// carrying is the processes whose environment has an entry, NAME=VALUE.
func carrying(entry string) (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	mark := []byte(entry + "\x00")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		environ, _ := os.ReadFile("/proc/" + e.Name() + "/environ") // unreadable: another user's, or gone
		if bytes.HasPrefix(environ, mark) || bytes.Contains(environ, append([]byte{0}, mark...)) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// punch gives bytes of a file back to the disk; they read as zeros.
func punch(file *os.File, from, n int64) error {
	return unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, from, n)
}

// reserve holds a name that one process of the machine can hold at a time, with those that inherit the file: an abstract
// Unix socket's, which needs no folder that all users can write to, and which nobody has to tidy up. ErrBusy where it is held.
func reserve(name string) ([]*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("reserve %s: %w", name, err)
	}
	file := os.NewFile(uintptr(fd), "@"+name)
	switch err := unix.Bind(fd, &unix.SockaddrUnix{Name: "@" + name}); {
	case errors.Is(err, unix.EADDRINUSE):
		return nil, errors.Join(ErrBusy, file.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("reserve %s: %w", name, err), file.Close())
	}
	return []*os.File{file}, nil
}
