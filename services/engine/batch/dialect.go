package batch

import (
	"context"
	"strings"
)

// word is what a batch system says of a job.
type word int

const (
	waiting word = iota // or held, or being started
	running
	over    // it ended, however
	failing // it ended, and its node is to blame
)

// report is one job as the system shows it.
type report struct {
	id, name string
	word     word
	node     string // "" while it has none
	reason   string // in the system's words
}

// dialect is a batch system's commands and what they print. Its methods are called from several goroutines.
type dialect interface {
	name() string
	// jobName is a job's name for a key: the same for the same key, another for another.
	jobName(key string) string
	// misreads says whether the system takes a folder's name for more than a name: its jobs' scripts are named from within it then, or
	// come by the standard input, and say themselves where their words go.
	misreads(dir string) bool
	// submit is the command that submits a script; submitted reads the id that it prints.
	submit(j job) []string
	submitted(stdout string) (id string, err error)
	// list is all jobs of this user that the queue still knows, ended ones included where it shows them.
	list(ctx context.Context) ([]report, error)
	// history is what else is known of jobs that the list doesn't show; find looks one up there by its name.
	history(ctx context.Context, ids []string) ([]report, error)
	find(ctx context.Context, name string) ([]report, error)
	cancel(id string) []string
	// examine tries what submitting needs without submitting, and says what was found.
	examine(ctx context.Context, script string) (string, error)
	// excludes says whether jobs can be kept from nodes.
	excludes() bool
}

// lastLine is the last line that is ok; "" for none. Login shells and sites' own wrappers print before what a command does.
func lastLine(stdout string, ok func(line string) bool) (last string) {
	for line := range strings.Lines(stdout) {
		if line = strings.TrimSpace(line); line != "" && ok(line) {
			last = line
		}
	}
	return last
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
