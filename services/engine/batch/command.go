package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/engine"
)

// passedOn is the whole of this process's environment that commands see: nothing that changes what they print, no secret.
var passedOn = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LD_LIBRARY_PATH", "SSH_AUTH_SOCK", "KRB5CCNAME",
	"SLURM_CONF", "PBS_CONF_FILE", "SGE_ROOT", "SGE_CELL", "SGE_CLUSTER_NAME", "SGE_QMASTER_PORT", "SGE_EXECD_PORT",
}

// commands runs the batch system's programs.
type commands struct {
	prefix  []string
	timeout time.Duration
	dir     string // where they are run; empty: where this process was
}

// failure is a command that said no.
type failure struct {
	name, said string
	err        error
}

func (f *failure) Error() string {
	if f.said != "" {
		return f.name + ": " + f.said
	}
	return fmt.Sprintf("%s: %v", f.name, f.err)
}

func (f *failure) Unwrap() error { return f.err }

// run gives a command stdin and returns what it printed. An error that another try may not meet is [engine.ErrAway].
func (c commands) run(ctx context.Context, argv []string, stdin string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	whole := argv
	if len(c.prefix) > 0 {
		whole = append(c.prefix[:len(c.prefix):len(c.prefix)], line(argv))
	}
	cmd := exec.CommandContext(ctx, whole[0], whole[1:]...)
	cmd.Env = []string{"LC_ALL=C", "SLURM_TIME_FORMAT=%s"}
	for _, name := range passedOn {
		if value, set := os.LookupEnv(name); set {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Dir = c.dir
	cmd.WaitDelay = time.Second // a child of it may hold the pipes
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	f := &failure{name: argv[0], said: strings.TrimSpace(stderr.String()), err: err}
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%w: %s said nothing within %s", engine.ErrAway, argv[0], c.timeout)
	case errors.Is(err, exec.ErrNotFound):
		return "", &failure{name: argv[0], said: "the command isn't on this machine's PATH; install the batch system's client, or give a prefix", err: err}
	case c.unreachable(f):
		return "", fmt.Errorf("%w: %w", engine.ErrAway, f)
	}
	return "", f
}

// unreachable says whether words of a failure mean that nobody was asked.
func (c commands) unreachable(f *failure) bool {
	var exit *exec.ExitError
	if len(c.prefix) > 0 && errors.As(f.err, &exit) && exit.ExitCode() == 255 {
		return true // ssh's own
	}
	for _, words := range []string{
		"Unable to contact", "Socket timed out", "Connection refused", "Connection timed out", "Zero Bytes were transmitted",
		"temporarily unable", "temporarily unavailable", "Unable to establish", "Communication connection failure", "No route to host",
		"cannot connect to server", "Server shutting down", "try again", "Cannot allocate memory", "cannot allocate memory",
		"Munge", "Protocol authentication error",
		// Too many jobs by now, whosoever they are, in the words of Slurm, PBS and Grid Engine; or a queue that takes none for a while.
		"SubmitJob", "would exceed", "already in queue", "jobs are allowed per user",
		"Required partition not available", "Queue is not enabled",
	} {
		if strings.Contains(f.said, words) || strings.Contains(f.err.Error(), words) {
			return true
		}
	}
	return false
}

// line is a command as a POSIX shell reads it: every word in quotes.
func line(argv []string) string {
	quoted := make([]string, len(argv))
	for i, word := range argv {
		quoted[i] = quote(word)
	}
	return strings.Join(quoted, " ")
}

func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
