package ablation

import (
	"cmp"
	"slices"
)

// Side is an arm in a comparison with arms of any sweeps, with those of its runs that are looked at; or one of these by itself.
type Side struct {
	Sweep    Sweep
	Arms     []Arm    // all of the sweep, in order
	Arm      Arm      // the one that this is of
	Run      string   // id of the only run that it is of; empty: an arm
	Sources  []Source // in the sweep's order
	Tasks    []Task
	Results  []Result             // of the runs, in order of replicates
	Plans    map[string]RunPlan   // by run; none before a run began
	Segments map[string][]Segment // by run, in order, without those that were taken over from another run
}

// Name is unique among the arms and runs of all sweeps: SWEEP/ARM, or the id of the only run.
func (s Side) Name() string { return cmp.Or(s.Run, s.ArmName()) }

// ArmName is what the arm is called, also where the side is only one of its runs: SWEEP/ARM.
func (s Side) ArmName() string { return s.Sweep.Name + "/" + s.Arm.Name }

// Has reports whether it is the arm of that name, or has the run of that id.
func (s Side) Has(name string) bool {
	return s.ArmName() == name || slices.ContainsFunc(s.Results, func(r Result) bool { return r.Run.ID == name })
}

// Apart are its runs, each as a side of its own.
func (s Side) Apart() []Side {
	sides := make([]Side, len(s.Results))
	for i, r := range s.Results {
		one := s
		one.Run, one.Results = r.Run.ID, s.Results[i:i+1]
		sides[i] = one
	}
	return sides
}

// Recipe is what the arm's runs follow.
func (s Side) Recipe() Recipe { return s.Sweep.Recipe.For(s.Arm) }

// FLOPsPerToken is that of the arm's model, 0 before any of its runs has said it.
func (s Side) FLOPsPerToken() float64 {
	most := 0.0
	for _, p := range s.Plans {
		most = max(most, p.FLOPsPerToken)
	}
	return most
}
