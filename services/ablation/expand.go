package ablation

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Expansion is what a sweep's document comes to.
type Expansion struct {
	Arms  []Arm
	Runs  []Run   // in order of arms, then replicates
	Notes []Label // what designs left out, and why
}

// Expand makes the sweep's arms and runs: one run for each arm and replicate, in that order, and those that rounds added beside them. It is pure: the same sweep,
// with its seed, rounds and parents, makes the same runs, and a sweep that has grown makes the old ones among the new. Seed must
// be set: whoever starts a sweep settles it and records it; so must Parents where the recipe names any. Runs that take a
// state have its seeds. text is the sweep's sources, for their languages and sizes.
func (s Sweep) Expand(text []Source) (Expansion, error) {
	if s.Seed == nil {
		return Expansion{}, errors.New("expand sweep: it has no seed yet; settle it first")
	}
	if s.Recipe.Start != nil && len(s.Parents) == 0 {
		return Expansion{}, errors.New("expand sweep: what it starts from isn't known yet; find it first")
	}
	arms, notes, err := s.Arms(text)
	if err != nil {
		return Expansion{}, err
	}
	if n := len(arms) * len(s.Seeds); n > maxRuns {
		return Expansion{}, &Invalid{Problems: []Problem{s.place("seeds", tooMany(int64(n)))}}
	}
	out := Expansion{Arms: arms, Notes: notes}
	for _, arm := range arms {
		for _, replicate := range s.replicatesOf(arm.Name) {
			out.Runs = append(out.Runs, s.run(arm, replicate))
		}
	}
	return out, nil
}

// maxRuns of a sweep: above it somebody has mistyped.
const maxRuns = 10_000

func tooMany(runs int64) Label {
	return say("the sweep has %d runs; at most %d: take fewer seeds or arms", "ランが %d あります。上限は %d です。シードかアームを減らしてください", runs, maxRuns)
}

// OwnSeed is the seed of a sweep whose file gives none: the first 8 bytes of its name's SHA-256, little-endian. A preview,
// a start in the browser and the same file applied anywhere make the same runs.
func (s Sweep) OwnSeed() uint64 {
	sum := sha256.Sum256([]byte(s.Name))
	return binary.LittleEndian.Uint64(sum[:])
}

func (s Sweep) run(arm Arm, replicate int64) Run {
	run := Run{
		ID:        RunID(s.Name, arm.Name, replicate),
		Name:      fmt.Sprintf("%s-s%d", arm.Name, replicate),
		Sweep:     s.Name,
		Arm:       arm.Name,
		Replicate: replicate,
		DataSeed:  replicateSeed(*s.Seed, replicate, seedData),
		MixSeed:   replicateSeed(*s.Seed, replicate, seedMix),
		InitSeed:  replicateSeed(*s.Seed, replicate, seedInit),
		Steps:     s.Recipe.For(arm).Steps(),
		Start:     s.StartOf(replicate),
		State:     RunQueued,
	}
	if p := s.Parent(replicate); run.Start.GoesOn() && p.Past != nil {
		run.DataSeed, run.MixSeed, run.InitSeed = p.Past.DataSeed, p.Past.MixSeed, p.Past.InitSeed
	}
	return run
}

// RunID depends on nothing but the run's place, so that growing a sweep never renames a run. Names hold no NUL.
func RunID(sweep, arm string, replicate int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", sweep, arm, replicate))
	return hex.EncodeToString(sum[:8])
}
