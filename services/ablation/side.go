package ablation

// Side is an arm in a comparison with arms of any sweeps, with those of its runs that are looked at.
type Side struct {
	Sweep    Sweep
	Arms     []Arm    // all of the sweep, in order
	Arm      Arm      // the one that this is of
	Sources  []Source // in the sweep's order
	Tasks    []Task
	Results  []Result             // of the runs, in order of replicates
	Plans    map[string]RunPlan   // by run; none before a run began
	Segments map[string][]Segment // by run, in order, without those that were taken over from another run
}

// Name is unique among the arms of all sweeps: SWEEP/ARM.
func (s Side) Name() string { return s.Sweep.Name + "/" + s.Arm.Name }

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
