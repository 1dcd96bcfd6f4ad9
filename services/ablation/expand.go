package ablation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Expand makes the sweep's arms and runs: one run for each arm and replicate, in that order. It is pure: the same sweep,
// with its seed, makes the same runs, and a sweep that has grown makes the old ones among the new. Seed must be set:
// whoever starts a sweep draws it and records it.
func (s Sweep) Expand(langs map[string]string) ([]Arm, []Run, error) {
	if s.Seed == nil {
		return nil, nil, errors.New("expand sweep: it has no seed yet; draw one first")
	}
	arms, err := s.Arms(langs)
	if err != nil {
		return nil, nil, err
	}
	var runs []Run
	for _, arm := range arms {
		for _, replicate := range s.Seeds {
			runs = append(runs, s.run(arm, replicate))
		}
	}
	return arms, runs, nil
}

func (s Sweep) run(arm Arm, replicate int64) Run {
	return Run{
		ID:        runID(s.Name, arm.Name, replicate),
		Name:      fmt.Sprintf("%s-s%d", arm.Name, replicate),
		Sweep:     s.Name,
		Arm:       arm.Name,
		Replicate: replicate,
		DataSeed:  replicateSeed(*s.Seed, replicate, seedData),
		MixSeed:   replicateSeed(*s.Seed, replicate, seedMix),
		InitSeed:  replicateSeed(*s.Seed, replicate, seedInit),
		Steps:     s.Recipe.Steps(),
		State:     RunQueued,
	}
}

// runID depends on nothing but the run's place, so that growing a sweep never renames a run. Names hold no NUL.
func runID(sweep, arm string, replicate int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", sweep, arm, replicate))
	return hex.EncodeToString(sum[:8])
}
