package orchestrator

import (
	"context"

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
	return out
}
