package orchestrator

import (
	"context"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer"
)

// Describe is what the trainers that work on this machine say of themselves, in the order in which a recipe that names
// none takes them.
func (s *Sweeper) Describe(ctx context.Context) []trainer.Description {
	var out []trainer.Description
	for _, name := range inOrder(s.Trainers.Names()) {
		if d, err := s.Trainers.Describe(ctx, name); err == nil && len(d.Devices) > 0 {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b trainer.Description) int { return last(a) - last(b) })
	return out
}

// last sorts a gpu trainer that computes on the processor behind all others.
func last(d trainer.Description) int {
	if cardless(d) {
		return 1
	}
	return 0
}
