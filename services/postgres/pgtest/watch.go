package pgtest

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// watch is a shell that outlives this program by a moment: when the program ends, however it ends, the shell's standard
// input does too; then it ends the server where that still runs and removes the folders.
type watch struct {
	cmd   *exec.Cmd
	alive io.Closer
}

const script = `
cat >/dev/null
if read -r pid 2>/dev/null <"$1"; then
	kill -QUIT "$pid"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$pid" || break
		sleep 0.2
	done
fi
shift
rm -rf "$@"`

func startWatch(pidFile string, folders ...string) (*watch, error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "watch", pidFile}, folders...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("watch over the server: %w", err)
	}
	return &watch{cmd: cmd, alive: alive}, nil
}

func (w *watch) end() error {
	w.alive.Close()
	return w.cmd.Wait()
}
