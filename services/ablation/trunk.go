package ablation

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Trunk is a part that several arms' runs have in common and that is trained once a seed: the runs of Arm train through
// and leave a checkpoint, from which those of Branches start.
type Trunk struct {
	Arm         string   `json:"arm"`
	Step        int64    `json:"step"`     // at which they branch
	Tokens      int64    `json:"tokens"`   // how long it is
	Branches    []string `json:"branches"` // arms, in their order
	Runs        int      `json:"runs"`     // that start from it, over all seeds
	SavedTokens int64    `json:"saved_tokens"`
}

// leastTrunk is the part of a run's steps that a trunk is at least worth waiting for.
const leastTrunk = 0.02

// Share has the runs of an expansion begin where an earlier one has trained what they have in common with it, unless the
// recipe says no: every run names the first of those with which it agrees longest, so that no step is trained twice but
// for parts too short to be worth the wait. What comes of it is what each run would have come to alone, bit for bit where
// its trainer is deterministic.
//
// Runs that are stored already keep their starts, and are branched from only where they can still leave a checkpoint, or
// are to leave one there anyway.
func (s Sweep) Share(e Expansion, stored []Run) []Run {
	t := trunks{profiles: map[string]profile{}, like: map[string][]Run{}, stored: map[string]Run{}, kept: map[Start]bool{}}
	for _, a := range e.Arms {
		t.profiles[a.Name] = s.Recipe.profile(a)
	}
	for _, r := range stored {
		t.stored[r.ID] = r
		if r.Start != nil {
			t.kept[Start{Run: r.Start.Run, Step: r.Start.Step}] = true
		}
	}
	out := slices.Clone(e.Runs)
	for i := range out {
		if was, there := t.stored[out[i].ID]; there {
			out[i].Start = was.Start
		} else if at := t.start(out[i]); at != nil && s.Recipe.ShareTrunks {
			out[i].Start = at
		}
		t.add(out[i])
	}
	return out
}

// profile is what decides how long two arms' runs agree.
type profile struct {
	first       string // what differs in runs that differ from the first step on
	steps, held int64  // held: steps whose learning rate doesn't depend on how long the run is
	weights     []Weights
}

func (r Recipe) profile(a Arm) profile {
	own := r.For(a)
	p := profile{steps: own.Steps(), held: own.held(), weights: a.Weights}
	// %#v, for a shape's text for people leaves heads and ffn out.
	p.first = fmt.Sprintf("%#v %#v %g %d %d %d", own.Shape, own.Method, own.Optimizer.PeakLR, own.WarmupSteps(), own.EvalEvery(), own.TasksEvery())
	if len(a.Weights) > 0 {
		p.first += fmt.Sprint(a.Weights[0].W)
	}
	return p
}

// agree is the number of first steps in which runs of two arms, with the same seeds, do the same and are scored at the
// same steps: the same shape, learning rates and integer weights. It is less than the steps of either, for the last one
// is scored whatever the step.
func (p profile) agree(o profile) int64 {
	if p.first != o.first {
		return 0
	}
	n := min(p.steps, o.steps) - 1
	if p.steps != o.steps {
		n = min(n, p.held, o.held)
	}
	return min(n, differAt(p.weights, o.weights))
}

// trunks looks for what runs have in common.
type trunks struct {
	profiles map[string]profile // by arm
	like     map[string][]Run   // runs so far that agree in their first step
	stored   map[string]Run
	kept     map[Start]bool // where stored runs branch
}

func (t *trunks) key(r Run) string {
	return fmt.Sprint(r.DataSeed, r.MixSeed, r.InitSeed, t.profiles[r.Arm].first)
}

func (t *trunks) add(r Run) { t.like[t.key(r)] = append(t.like[t.key(r)], r) }

// start is the longest part that the run shares with one before it, nil where none is worth it. What it doesn't train
// itself anyway is no part of that.
func (t *trunks) start(run Run) *Start {
	from := run.from()
	best := Start{Step: from + int64(math.Ceil(leastTrunk*float64(run.Steps-from))) - 1}
	for _, r := range t.like[t.key(run)] {
		at := Start{Run: r.ID, Step: t.open(r, t.profiles[r.Arm].agree(t.profiles[run.Arm])), Take: TakeState}
		if at.Step > best.Step {
			best = at
		}
	}
	if best.Run == "" {
		return nil
	}
	return &best
}

// open is the last step up to a given one at which a run can leave a checkpoint, 0 where there is none: that one itself
// before it has begun, afterwards those that it keeps for others. It can't at or before the step that it starts from.
func (t *trunks) open(r Run, step int64) int64 {
	was, there := t.stored[r.ID]
	if there && (was.Progress.Attempt > 0 || was.State != RunQueued) {
		for step > 0 && !t.kept[Start{Run: r.ID, Step: step}] {
			step--
		}
	}
	if step <= r.from() {
		return 0
	}
	return step
}

// from is the step up to which a run goes on from what others have trained.
func (r Run) from() int64 {
	if r.Start.GoesOn() {
		return r.Start.Step
	}
	return 0
}

// differAt is the first step at which two tables differ; past every step where they don't.
func differAt(a, b []Weights) int64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	for i, j := 0, 0; ; {
		if !slices.Equal(a[i].W, b[j].W) {
			return max(a[i].FromStep, b[j].FromStep)
		}
		nextA, nextB := endOf(a, i, math.MaxInt64), endOf(b, j, math.MaxInt64)
		if nextA == math.MaxInt64 && nextB == math.MaxInt64 {
			return math.MaxInt64
		}
		if nextA <= nextB {
			i++
		}
		if nextB <= nextA {
			j++
		}
	}
}

// share takes off what the runs' trunks save, and what they go on from that other sweeps have trained, and names the
// trunks, those that save most first.
func (p *Plan) share(s Sweep, estimates []Estimate) {
	byID, place := map[string]Run{}, map[string]int{}
	for _, r := range p.Runs {
		byID[r.ID] = r
	}
	for i, a := range p.Arms {
		place[a.Name] = i
	}
	found := map[Start]*Trunk{} // Run is the arm's name
	for _, r := range p.Runs {
		if !r.Start.GoesOn() {
			continue
		}
		reused := s.BranchStep() * s.Recipe.TokensPerStep()
		tokens := r.Start.Step*s.Recipe.TokensPerStep() - reused
		p.Arms[place[r.Arm]].Trained -= tokens + reused
		p.save(tokens+reused, estimates[place[r.Arm]])
		p.ReusedTokens += reused
		if byID[r.Start.Run].ID == "" {
			continue
		}
		p.SavedTokens += tokens
		key := Start{Run: byID[r.Start.Run].Arm, Step: r.Start.Step}
		if found[key] == nil {
			found[key] = &Trunk{Arm: key.Run, Step: key.Step, Tokens: tokens}
		}
		found[key].add(r.Arm)
	}
	for _, t := range found {
		p.Trunks = append(p.Trunks, *t)
	}
	slices.SortFunc(p.Trunks, func(a, b Trunk) int {
		return cmp.Or(cmp.Compare(b.SavedTokens, a.SavedTokens), cmp.Compare(place[a.Arm], place[b.Arm]), cmp.Compare(a.Step, b.Step))
	})
}

// add counts a run that starts from the trunk.
func (t *Trunk) add(arm string) {
	t.Runs, t.SavedTokens = t.Runs+1, t.SavedTokens+t.Tokens
	if !slices.Contains(t.Branches, arm) {
		t.Branches = append(t.Branches, arm)
	}
}

// save takes off tokens that aren't trained on again.
func (p *Plan) save(tokens int64, e Estimate) {
	p.TotalTokens -= tokens
	p.FLOPs -= float64(tokens) * e.FLOPsPerToken
	if e.TokensPerS > 0 {
		p.Seconds -= float64(tokens) / e.TokensPerS
	}
}
