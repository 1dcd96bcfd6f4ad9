package runner

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// session is a run in training: everything between its plan and its end.
type session struct {
	*attempt
	sources rows.All
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
	if err := a.begin(set); err != nil {
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
		return nil, errors.Join(err, all.Close())
	}
	return s, nil
}

// openRows makes the rows where no part before did.
func (a *attempt) openRows(ctx context.Context) (rows.All, error) {
	all, err := rows.OpenAll(a.spec, a.Dir, a.Rows)
	if errors.Is(err, os.ErrNotExist) {
		if err := rows.PrepareAll(ctx, a.spec, a.Dir, a.Rows); err != nil {
			return nil, err
		}
		return rows.OpenAll(a.spec, a.Dir, a.Rows)
	}
	return all, err
}

func (s *session) prepare(ctx context.Context, set *kernel.Set) error {
	plan, err := sampler.ForSpec(s.spec, s.sources.Sizes())
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
const muchEvaluation = 0.25

func (s *session) openExam() (err error) {
	if s.exam, err = openExam(s.spec, s.Dir); err != nil {
		return err
	}
	share := s.exam.share(s.spec)
	if share < muchEvaluation {
		return nil
	}
	sets, tasks := s.exam.tokens(s.spec.RowTokens)
	return s.log("warn", spec.Say("evaluation takes about %.0f%% of the time: %d tokens are scored at the end; score more seldom, or smaller sets and tasks",
		"時間のおよそ %.0f%% を評価が占めます。最後に %d トークンを採点します。評価の回数を減らすか、検証セットとタスクを小さくしてください",
		100*share, sets+tasks))
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
		Rows: s.bySource(s.sources.Sizes()), PlanSHA256: digests.Plan, BlockSHA256: digests.Blocks,
		Parameters: config.Parameters(), FLOPsPerToken: spec.Real(config.FLOPsPerToken()),
		UnigramNats: spec.Real(s.sources.UnigramNats(end.Drawn())),
	})
}

func (s *session) bySource(values []int64) map[string]int64 {
	named := make(map[string]int64, len(values))
	for i, v := range values {
		named[s.spec.Sources[i].Name] = v
	}
	return named
}
