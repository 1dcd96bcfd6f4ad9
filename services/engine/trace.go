package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// ErrAway is the error of an engine that can't be reached now, and that another try may reach. Nothing is known to have
// been started; what was, is found by its key.
var ErrAway = errors.New("the engine can't be reached")

// JobLog and JobErrors are the files in an attempt's folder into which the shell of a batch system's job prints, before exec
// begins and around it; a batch system may put both into the first.
const (
	JobLog    = "job.log"
	JobErrors = "job.err"
)

// Trace is what the folder of an attempt, or of a pack, shows from afar, where its lock can't be seen.
type Trace struct {
	Started bool      // exec has begun
	Exited  bool      // exec has written down how it ended
	Beat    time.Time // the newest heartbeat; zero for none
}

// ReadTrace looks at the attempt in folder dir.
func ReadTrace(dir string) (Trace, error) {
	t := Trace{Exited: exited(dir), Beat: heartbeat(dir)}
	_, err := os.Stat(filepath.Join(dir, spec.ProcessFile))
	if t.Started = err == nil; err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t, fmt.Errorf("look at attempt: %w", err)
	}
	return t, nil
}

// AskStop makes the stop file of the attempt in folder dir: the runner is to checkpoint and leave, and exec ends it when the
// grace has passed.
func AskStop(dir string, grace time.Duration) error { return askStop(dir, grace.String()) }
