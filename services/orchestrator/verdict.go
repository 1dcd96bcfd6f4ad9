package orchestrator

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// outcomeLost is the outcome of an attempt that ended without a word.
const outcomeLost = "lost"

// maxTries is how many attempts in a row may end badly without saving a checkpoint before the run is given up.
const maxTries = 3

// verdict says what the proved end of an attempt means for its run.
type verdict struct {
	outcome string
	reason  string
	next    ablation.RunState
}

// judge reads an attempt's last word. A nil finished means that there was none; bad is how many attempts before this
// one ended badly since the last checkpoint.
func judge(run ablation.Run, finished *spec.Finished, bad int) verdict {
	if finished == nil {
		return again(run, outcomeLost, "the training process ended without a word; its last lines are in stderr.log", bad)
	}
	switch finished.Outcome {
	case spec.OutcomeCompleted:
		return completed(run, finished)
	case spec.OutcomeDiverged:
		return verdict{finished.Outcome, finished.Reason, ablation.RunDiverged}
	case spec.OutcomeStopped:
		return stopped(run, finished)
	}
	if !finished.Retriable {
		return verdict{finished.Outcome, finished.Reason, ablation.RunFailed}
	}
	return again(run, finished.Outcome, finished.Reason, bad)
}

// explain is what a person reads of an attempt that couldn't be begun.
func explain(cause error) string {
	if errors.Is(cause, syscall.ENOSPC) {
		return "the disk of the run folders is full; free some space and retry the run"
	}
	return cause.Error()
}

func completed(run ablation.Run, f *spec.Finished) verdict {
	if f.Step == run.Steps {
		return verdict{f.Outcome, "", ablation.RunCompleted}
	}
	reason := fmt.Sprintf("the runner says completed at step %d of %d", f.Step, run.Steps)
	return verdict{spec.OutcomeFailed, reason, ablation.RunFailed}
}

// stopped is what somebody asked for, or else a runner that left unasked and is queued again.
func stopped(run ablation.Run, f *spec.Finished) verdict {
	if run.State == ablation.RunStopping {
		return verdict{f.Outcome, f.Reason, ablation.RunStopped}
	}
	return verdict{f.Outcome, f.Reason, ablation.RunQueued}
}

func again(run ablation.Run, outcome, reason string, bad int) verdict {
	if run.State == ablation.RunStopping {
		return verdict{outcome, reason, ablation.RunStopped}
	}
	if bad+1 >= maxTries {
		return verdict{outcome, fmt.Sprintf("%s (given up after %d attempts without a new checkpoint)", reason, bad+1), ablation.RunFailed}
	}
	return verdict{outcome, reason, ablation.RunQueued}
}
