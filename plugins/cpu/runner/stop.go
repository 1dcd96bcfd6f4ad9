package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// diverge ends the run at the step whose loss or gradient isn't finite; that point is kept.
func (s *session) diverge(o outcome) (spec.Finished, error) {
	reason := fmt.Sprintf("loss %v and gradient norm %v at step %d aren't both finite", o.Loss, o.GradNorm, s.step)
	return spec.Finished{Outcome: spec.OutcomeDiverged, Step: s.step, Reason: reason}, s.metrics(o)
}

// stopReason says why the run should leave now, "" for no reason.
func (s *session) stopReason(ctx context.Context) string {
	limit := time.Duration(s.spec.Resources.WalltimeS) * time.Second
	switch {
	case ctx.Err() != nil:
		return "asked to stop by a signal"
	case exists(filepath.Join(s.Dir, spec.StopFile)):
		return "asked to stop by a stop file"
	case limit > 0 && time.Since(s.started) > limit-min(limit/10, 30*time.Second):
		return fmt.Sprintf("the wall time of %v is nearly over", limit)
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// stop leaves with a checkpoint of the present step.
func (s *session) stop(reason string) (spec.Finished, error) {
	if s.saved != s.step {
		if err := s.save(); err != nil {
			return spec.Finished{}, err
		}
	}
	return spec.Finished{Outcome: spec.OutcomeStopped, Step: s.step, Reason: reason, Retriable: true}, nil
}
