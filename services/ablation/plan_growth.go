package ablation

import (
	"fmt"
	"slices"
	"strings"
)

// PlanGrowth is what a plan adds to the sweep that bears its name.
type PlanGrowth struct {
	Runs    int        `json:"runs"`    // that are there already, and stay as they are
	Added   []ArmSeeds `json:"added"`   // runs that are new, by arm in the plan's order; none: starting it trains nothing
	Tokens  int64      `json:"tokens"`  // that the new runs train on
	FLOPs   float64    `json:"flops"`   // of the new runs
	Seconds float64    `json:"seconds"` // of the new runs on this machine; 0 where it can't be told
	Before  float64    `json:"before"`  // seconds that runs which are there have left to train, likewise
}

// ArmSeeds are runs of an arm, by their replicates.
type ArmSeeds struct {
	Arm   string  `json:"arm"`
	Seeds []int64 `json:"seeds"`
}

// New is how many runs are new.
func (g PlanGrowth) New() int { return count(g.Added) }

func count(all []ArmSeeds) int {
	n := 0
	for _, a := range all {
		n += len(a.Seeds)
	}
	return n
}

// Applied is what starting a sweep file did. Starting it again does nothing.
type Applied struct {
	Created bool       `json:"created" doc:"False where the sweep, or the recurrence, was there before"`
	Added   []ArmSeeds `json:"added" doc:"Runs that are new, by arm; none where nothing new trains"`
	Seconds float64    `json:"seconds" doc:"What the new runs take on this machine; 0 where it can't be told, or nothing is new"`
}

// Runs is how many runs are new.
func (a Applied) Runs() int { return count(a.Added) }

// NewSeconds is what the runs that aren't there yet take on this machine; 0 where it can't be told.
func (p Plan) NewSeconds() float64 {
	if p.Growth != nil {
		return p.Growth.Seconds
	}
	return p.Seconds
}

// SeedsByArm gathers runs by arm, in the order in which arms come first.
func SeedsByArm(runs []Run) []ArmSeeds {
	out, place := []ArmSeeds{}, map[string]int{}
	for _, r := range runs {
		i, there := place[r.Arm]
		if !there {
			i, place[r.Arm] = len(out), len(out)
			out = append(out, ArmSeeds{Arm: r.Arm})
		}
		out[i].Seeds = append(out[i].Seeds, r.Replicate)
	}
	return out
}

// Grow says what the plan adds to the sweep of its name, whose stored runs are given: those in the plan have their states.
func (p *Plan) Grow(stored []Run) {
	there := map[string]Run{}
	for _, r := range stored {
		there[r.ID] = r
	}
	place := map[string]*PlanArm{}
	for i := range p.Arms {
		place[p.Arms[i].Name] = &p.Arms[i]
	}
	var fresh []Run
	p.Runs = slices.Clone(p.Runs)
	for i, r := range p.Runs {
		a := place[r.Arm]
		each := a.RunTokens / max(1, a.Steps)
		was, old := there[r.ID]
		if !old {
			fresh = append(fresh, r)
			a.Added += (r.Steps - r.from()) * each
			continue
		}
		p.Runs[i].State = was.State
		if !was.State.Ended() {
			a.Left += (r.Steps - max(r.from(), was.Progress.Step)) * each
		}
	}
	p.Growth = &PlanGrowth{Runs: len(stored), Added: SeedsByArm(fresh)}
	p.Growth.reckon(p.Arms)
}

// reckon sums up what the arms' runs take.
func (g *PlanGrowth) reckon(arms []PlanArm) {
	untold := false
	for _, a := range arms {
		g.Tokens += a.Added
		g.FLOPs += a.FLOPs * float64(a.Added) / float64(max(1, a.RunTokens))
		if a.TokensPerS > 0 {
			g.Seconds += float64(a.Added) / a.TokensPerS
			g.Before += float64(a.Left) / a.TokensPerS
		}
		untold = untold || a.TokensPerS <= 0
	}
	if untold {
		g.Seconds, g.Before = 0, 0
	}
}

// Spans are seeds as a person lists them: 1, 3–5.
func Spans(seeds []int64) string {
	var out []string
	seeds = slices.Sorted(slices.Values(seeds))
	for len(seeds) > 0 {
		n := 1
		for n < len(seeds) && seeds[n] == seeds[0]+int64(n) {
			n++
		}
		text := fmt.Sprint(seeds[0])
		switch {
		case n == 2:
			text += fmt.Sprintf(", %d", seeds[1])
		case n > 2:
			text += fmt.Sprintf("–%d", seeds[n-1])
		}
		out, seeds = append(out, text), seeds[n:]
	}
	return strings.Join(out, ", ")
}
