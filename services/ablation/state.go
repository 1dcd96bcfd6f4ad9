package ablation

import "slices"

// May reports whether a run in this state may be in the next one after a single event: a claim, a stop, the end of its
// training, a runner that left unasked, a person's retry. A run that is completed stays so.
func (s RunState) May(next RunState) bool { return slices.Contains(s.after(), next) }

func (s RunState) after() []RunState {
	switch s {
	case RunQueued:
		return []RunState{RunRunning, RunStopped}
	case RunRunning:
		return []RunState{RunQueued, RunStopping, RunCompleted, RunDiverged, RunFailed}
	case RunStopping:
		return []RunState{RunStopped, RunCompleted, RunDiverged, RunFailed}
	case RunStopped, RunDiverged, RunFailed:
		return []RunState{RunQueued}
	}
	return nil
}

// May reports whether a sweep in this state may be in the next one after a single event: pause, resume, stop, the end of
// its last run, and, once it is over, new arms or seeds or a retried run, which set it going again.
func (s SweepState) May(next SweepState) bool { return slices.Contains(s.after(), next) }

func (s SweepState) after() []SweepState {
	switch s {
	case SweepRunning:
		return []SweepState{SweepPaused, SweepCompleted, SweepStopped}
	case SweepPaused:
		return []SweepState{SweepRunning, SweepCompleted, SweepStopped}
	case SweepCompleted, SweepStopped:
		return []SweepState{SweepRunning}
	}
	return nil
}
