package runner

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// diverge ends the run at the step whose loss or gradient isn't finite; that point is kept.
func (s *session) diverge(o outcome) (spec.Finished, error) {
	reason := spec.Say("loss %v and gradient norm %v at step %d aren't both finite",
		"ステップ %[3]d で、損失 %[1]v と勾配ノルム %[2]v の両方または一方が有限の値ではありません", o.Loss, o.GradNorm, s.step)
	return finished(spec.OutcomeDiverged, s.step, reason), s.metrics(o)
}

// finished is an attempt's last word.
func finished(outcome string, step int64, reason error) spec.Finished {
	return spec.Finished{Outcome: outcome, Step: step, Reason: reason.Error(), ReasonJA: spec.InJapanese(reason)}
}

// left is the last word of an attempt that left as it was asked to, or as its time was over.
func left(step int64, reason error) spec.Finished {
	f := finished(spec.OutcomeStopped, step, reason)
	f.Retriable = true
	return f
}

// stopReason says why the run should leave now, nil for no reason.
func (s *session) stopReason(ctx context.Context) error {
	limit := time.Duration(s.spec.Resources.WalltimeS) * time.Second
	switch {
	case ctx.Err() != nil:
		return spec.Say("asked to stop by a signal", "シグナルで停止を求められました")
	case exists(filepath.Join(s.Dir, spec.StopFile)):
		return spec.Say("asked to stop by a stop file", "停止ファイルで停止を求められました")
	case limit > 0 && time.Since(s.started) > limit-min(limit/10, 30*time.Second):
		return spec.Say("the wall time of %v is nearly over", "制限時間 %v がまもなく終わります", limit)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// stop leaves with a checkpoint of the present step.
func (s *session) stop(reason error) (spec.Finished, error) {
	if s.saved != s.step {
		if err := s.save(); err != nil {
			return spec.Finished{}, err
		}
	}
	return left(s.step, reason), nil
}
