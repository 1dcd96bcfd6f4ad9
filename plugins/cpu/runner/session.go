package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// session is a run in training: everything between its plan and its end.
type session struct {
	*attempt
	sources sources
	feed    *feed
	trainer *lm.Trainer
	exam    *exam
	step    int64   // steps behind us
	usage   []int64 // rows read of each source, those of skipped steps left out

	saved   int64 // step of the newest checkpoint that holds the present state, -1 for none
	own     []string
	seconds float64 // spent on steps since the last metrics line
	steps   int64   // done since then
}

// open writes started and plan and brings the model to where the attempt starts.
func (a *attempt) open(ctx context.Context) (*session, error) {
	set, err := Kernels(a.spec)
	if err != nil {
		return nil, err
	}
	if err := a.begin(set.ISA()); err != nil {
		return nil, err
	}
	if problems := slices.Concat(Unsupported(a.spec), TooLarge(a.spec)); len(problems) > 0 {
		return nil, &spec.Invalid{Problems: problems}
	}
	runtime.GOMAXPROCS(Threads(a.spec))
	all, err := a.openRows(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{attempt: a, sources: all, step: startStep(a.spec), saved: -1}
	if err := s.prepare(ctx, set); err != nil {
		return nil, errors.Join(err, all.close())
	}
	return s, nil
}

// openRows makes the rows where no part before did.
func (a *attempt) openRows(ctx context.Context) (sources, error) {
	all, err := openSources(a.spec, a.Dir, a.Rows)
	if errors.Is(err, os.ErrNotExist) {
		if err := Prepare(ctx, a.spec, a.Dir, a.Rows); err != nil {
			return nil, err
		}
		return openSources(a.spec, a.Dir, a.Rows)
	}
	return all, err
}

func (s *session) prepare(ctx context.Context, set *kernel.Set) error {
	plan, err := sampler.ForSpec(s.spec, s.sources.sizes())
	if err != nil {
		return err
	}
	if err := s.announce(ctx, plan); err != nil {
		return err
	}
	if err := s.openExam(); err != nil {
		return err
	}
	if s.feed, err = newFeed(plan, s.sources, s.spec.RowTokens, s.step); err != nil {
		return err
	}
	if s.usage, err = drawnAt(plan, s.spec.Interventions, s.step); err != nil {
		return err
	}
	s.trainer = lm.New(Config(s.spec), set, s.spec.BatchRows, Threads(s.spec), uint64(s.spec.InitSeed))
	return s.restore()
}

// muchEvaluation is the share of a run's time that evaluation shouldn't pass without a word.
const muchEvaluation = 0.2

func (s *session) openExam() (err error) {
	if s.exam, err = openExam(s.spec, s.Dir); err != nil {
		return err
	}
	share := s.exam.share(s.spec)
	if share < muchEvaluation {
		return nil
	}
	return s.log("warn", fmt.Sprintf("evaluation takes about %.0f%% of the time: %d tokens are scored each time; score more "+
		"seldom, or smaller sets and tasks", 100*share, s.exam.tokens()))
}

// announce writes the plan event.
func (s *session) announce(ctx context.Context, plan *sampler.Plan) error {
	digests, err := plan.Digests(ctx)
	if err != nil {
		return err
	}
	end, err := plan.At(plan.Steps())
	if err != nil {
		return err
	}
	config := Config(s.spec)
	return s.events.Append(spec.Plan{
		Rows: s.bySource(s.sources.sizes()), PlanSHA256: digests.Plan, BlockSHA256: digests.Blocks,
		Parameters: config.Parameters(), FLOPsPerToken: spec.Real(config.FLOPsPerToken()),
		UnigramNats: spec.Real(s.sources.unigramNats(end.Drawn())),
	})
}

func (s *session) bySource(values []int64) map[string]int64 {
	named := make(map[string]int64, len(values))
	for i, v := range values {
		named[s.spec.Sources[i].Name] = v
	}
	return named
}

// train makes the steps that are left; the error is of something that must not happen in a sound run.
func (s *session) train(ctx context.Context) (spec.Finished, error) {
	if s.step == 0 && s.spec.Checkpoint.ResumeFrom == nil {
		if err := s.score(); err != nil {
			return spec.Finished{}, err
		}
	}
	for s.step < s.spec.Steps {
		if reason := s.stopReason(ctx); reason != "" {
			return s.stop(reason)
		}
		result, diverged, err := s.advance()
		if err != nil {
			return spec.Finished{}, err
		}
		if diverged {
			return s.diverge(result)
		}
		if err := s.report(result); err != nil {
			return spec.Finished{}, err
		}
	}
	return spec.Finished{Outcome: spec.OutcomeCompleted, Step: s.step, Reason: "all steps are done"}, nil
}

// outcome is what a step gave.
type outcome struct {
	lm.Result
	rate float64 // learning rate of the update, 0 where there was none
}

// advance makes one step. It makes no update where the step is skipped, or where it diverged and the run is to stop.
func (s *session) advance() (o outcome, diverged bool, err error) {
	began := time.Now()
	batch, from, err := s.feed.next()
	if err != nil {
		return o, false, err
	}
	o.Result = s.trainer.Gradient(batch)
	if skipped(s.spec.Interventions, s.step) {
		s.step++
		s.count(began)
		return o, false, nil
	}
	for _, k := range from {
		s.usage[k]++
	}
	o.rate = learningRate(s.spec, s.step)
	diverged = s.spec.OnNonfinite == spec.NonfiniteStop && !(finite(o.Loss) && finite(o.GradNorm))
	if !diverged {
		s.trainer.Update(adamW(s.spec.Optimizer), o.rate)
	}
	s.step++
	s.count(began)
	return o, diverged, nil
}

func (s *session) count(began time.Time) {
	s.seconds += time.Since(began).Seconds()
	s.steps++
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// report writes the events that are due at the present step.
func (s *session) report(o outcome) error {
	if s.due(s.spec.Log.Every()) {
		if err := s.metrics(o); err != nil {
			return err
		}
	}
	if s.due(s.spec.Eval.EverySteps) {
		if err := s.score(); err != nil {
			return err
		}
	}
	if s.due(s.spec.Log.Every()) {
		if err := s.events.Append(spec.Usage{Step: s.step, Rows: s.bySource(s.usage)}); err != nil {
			return err
		}
	}
	if s.due(s.spec.Checkpoint.EverySteps) {
		return s.save()
	}
	return nil
}

// due says whether the present step is a multiple of every, or the last; 0 means the last alone.
func (s *session) due(every int64) bool {
	return s.step == s.spec.Steps || every > 0 && s.step%every == 0
}

func (s *session) metrics(o outcome) error {
	speed := float64(s.steps*s.spec.TokensPerStep()) / s.seconds
	s.steps, s.seconds = 0, 0
	return s.events.Append(spec.Metrics{Step: s.step, Tokens: s.tokens(), Values: map[string]spec.Real{
		"loss": spec.Real(o.Loss), "grad_norm": spec.Real(o.GradNorm), "lr": spec.Real(o.rate), "tokens_per_s": spec.Real(speed),
	}})
}

func (s *session) tokens() int64 { return s.step * s.spec.TokensPerStep() }

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
