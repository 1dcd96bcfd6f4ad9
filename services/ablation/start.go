package ablation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Take is what a run takes of a checkpoint that it starts from. The zero value is [TakeState].
type Take string

const (
	// TakeState takes weights, optimiser, step count and place in the data: the run goes on as the other would have, under
	// its own schedule and learning rates from there on. The steps before count as its own, and so does everything that was
	// measured in them.
	TakeState Take = "state"
	// TakeWeights takes the weights alone: optimiser, steps, schedule and data begin anew.
	TakeWeights Take = "weights"
)

// Start is a state that a run begins from instead of fresh weights: another run's after so many steps, or weights that
// came from elsewhere.
type Start struct {
	Run  string `json:"run,omitempty"`  // id; empty: no run of this store
	Step int64  `json:"step,omitempty"` // of that run
	Take Take   `json:"take"`
	// SHA256 is the manifest of the checkpoint, of which a copy is kept for this run's sweep; empty: the other run keeps it,
	// now or once it gets there.
	SHA256 string `json:"manifest_sha256,omitempty"`
}

// GoesOn reports whether the steps before the start are the run's own.
func (s *Start) GoesOn() bool { return s != nil && s.Take != TakeWeights }

// StartRef is what a sweep file has its runs start from: a run at a step, or a folder.
type StartRef struct {
	// Run is an id, SWEEP/ARM/SEED, or SWEEP/ARM, which is for each seed of the sweep the run with that seed.
	Run        string `json:"run,omitempty"`
	Step       int64  `json:"step,omitempty"` // 0: the run's last
	Take       Take   `json:"take"`
	Checkpoint string `json:"checkpoint,omitempty"`      // folder of a checkpoint, absolute
	SHA256     string `json:"manifest_sha256,omitempty"` // what the folder's manifest must have; empty: anything
}

// Names splits SWEEP/ARM/SEED or SWEEP/ARM; seed is empty for the latter. An id has none of them: ok is false.
func (r StartRef) Names() (sweep, arm, seed string, ok bool) {
	sweep, rest, ok := strings.Cut(r.Run, "/")
	if !ok {
		return "", "", "", false
	}
	arm, seed, _ = strings.Cut(rest, "/")
	return sweep, arm, seed, true
}

// EachSeed reports whether every seed has a run of its own to start from.
func (r StartRef) EachSeed() bool {
	_, _, seed, named := r.Names()
	return named && seed == ""
}

// Parent is a checkpoint that runs of a sweep start from, as it was found.
type Parent struct {
	Replicate int64  `json:"replicate,omitempty"`       // whose runs start from it; 0: those of every seed
	Run       string `json:"run,omitempty"`             // id of the run that wrote it, if it is one of this store
	Name      string `json:"name"`                      // SWEEP/ARM/SEED of that run, else the folder
	Step      int64  `json:"step"`                      // at which it was written
	SHA256    string `json:"manifest_sha256,omitempty"` // of its manifest; empty: the run has yet to get there
	Past      *Past  `json:"-"`                         // what the run did until then; nil: not known
}

// Past is what a run did before others start from it.
type Past struct {
	Recipe                      Recipe    // of the run's arm
	Sources                     []Source  // in the order of Weights
	Weights                     []Weights // from its first step on
	DataSeed, MixSeed, InitSeed uint64
	Before                      map[string]int64 // tokens of each source that its weights had read before its first step
	Tokenized                   *Tokenized       // its sweep's; nil: bytes
}

// Parent is what the runs of a replicate start from, nil where they begin with fresh weights, or where it wasn't found.
func (s Sweep) Parent(replicate int64) *Parent {
	i := slices.IndexFunc(s.Parents, func(p Parent) bool { return p.Replicate == 0 || p.Replicate == replicate })
	if i < 0 {
		return nil
	}
	return &s.Parents[i]
}

// StartOf is where the sweep has the runs of a replicate begin; nil: with fresh weights.
func (s Sweep) StartOf(replicate int64) *Start {
	p := s.Parent(replicate)
	if p == nil || s.Recipe.Start == nil {
		return nil
	}
	at := &Start{Take: s.Recipe.Start.Take, SHA256: p.SHA256}
	if s.Recipe.Start.Run != "" {
		at.Run, at.Step = p.Run, p.Step
	}
	return at
}

// branch is a run whose state the sweep's runs take, nil where they take weights alone or nothing. Those of other seeds
// have the same past, but for their seeds.
func (s Sweep) branch() *Parent {
	if s.BranchStep() == 0 || s.Parents[0].Past == nil {
		return nil
	}
	return &s.Parents[0]
}

// BranchStep is the step up to which the sweep's runs are those that they take the state of; 0: they begin by themselves.
func (s Sweep) BranchStep() int64 {
	if s.Recipe.Start == nil || s.Recipe.Start.Take != TakeState || len(s.Parents) == 0 {
		return 0
	}
	return s.Parents[0].Step
}

// read is how many tokens of each source the weights of the parent have read.
func (p Parent) read() map[string]int64 {
	if p.Past == nil {
		return nil
	}
	out := map[string]int64{}
	for name, tokens := range p.Past.Before {
		out[name] += tokens
	}
	for k, rows := range PlannedRows(p.Past.Weights, p.Step, p.Past.Recipe.BatchRows) {
		out[p.Past.Sources[k].Name] += rows * int64(p.Past.Recipe.RowTokens)
	}
	return out
}

// Before is how many tokens of each source a run's weights have read before its first step.
func (s Sweep) Before(replicate int64) map[string]int64 {
	p := s.Parent(replicate)
	switch {
	case p == nil || p.Past == nil:
		return nil
	case s.Recipe.Start.Take == TakeState:
		return p.Past.Before
	}
	return p.read()
}

// graft is a table that is a parent's before its step, for sources of which the parent's are the first.
func (p *Parent) graft(own []Weights, sources int) []Weights {
	if p == nil || len(own) == 0 {
		return own
	}
	var out []Weights
	for _, w := range p.Past.Weights {
		if w.FromStep < p.Step {
			out = append(out, Weights{FromStep: w.FromStep, W: append(slices.Clone(w.W), make([]int64, sources-len(w.W))...)})
		}
	}
	for i, w := range own {
		if i+1 == len(own) || own[i+1].FromStep > p.Step {
			out = appendWeights(out, max(w.FromStep, p.Step), w.W)
		}
	}
	return out
}

// held is the number of first steps whose learning rate doesn't depend on how long a run is.
func (r Recipe) held() int64 {
	if r.Optimizer.Decay == "constant" {
		return r.Steps()
	}
	return r.Steps() - r.DecaySteps()
}

// undivided reports whether a run that takes the parent's state updates as one would that had followed the recipe from
// its first step on.
func (r Recipe) undivided(p Parent) bool {
	was := p.Past.Recipe
	if was.Optimizer.PeakLR != r.Optimizer.PeakLR || was.WarmupSteps() != r.WarmupSteps() ||
		was.Optimizer.WeightDecay != r.Optimizer.WeightDecay || was.Optimizer.Clip != r.Optimizer.Clip {
		return false
	}
	same := was.Steps() == r.Steps() && was.Optimizer.Decay == r.Optimizer.Decay && was.Optimizer.FinalLR == r.Optimizer.FinalLR
	return same || p.Step <= min(was.held(), r.held())
}

// String is what a person calls the parent: base/en/1 at step 800.
func (p Parent) String() string {
	return cmp.Or(p.Name, p.Run) + fmt.Sprintf(" at step %d", p.Step)
}
