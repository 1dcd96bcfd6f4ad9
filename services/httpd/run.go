package httpd

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// logLines is how much of a run's log its page shows.
const logLines = 100

// runView is one run.
type runView struct {
	runRow
	Sweep, SweepURL    string
	Steps, Step        int64
	Start              *startLine
	Message            string
	CanStop, CanRetry  bool
	Again              string // where it goes on when it is tried again, or next; empty where it does neither
	Over               bool   // nothing changes by itself any more
	Facts              []liveFact
	Figures            []figure
	Schedule           figure
	Rows               []rowsRead
	Sets               []setScore
	Tasks              []taskScore
	ScoredAt           float64    // tokens
	Evaluation         string     // how often and how long
	Ledger, MoreLedger []spikeRow // the first entries, and those that are folded away
	Passed             int        // stretches that aren't entered
	Interventions      []string
	Logs               []ablation.LogLine
	Identity           []fact
	Attempts           []attemptRow
	Now                time.Time
}

// liveFact is one of the three facts beside a run's state: whether its process lives, metrics flow, the lease is held.
type liveFact struct {
	Key    string // of the words
	Good   bool
	Waits  bool // neither good nor bad: nothing has begun
	Value  string
	Detail string
}

// rowsRead is what a run read of a source against what was planned up to the same step.
type rowsRead struct {
	Source             ablation.Source
	Planned, Delivered int64
}

// Gap is rows delivered too many; below zero, too few.
func (r rowsRead) Gap() int64 { return r.Delivered - r.Planned }

type setScore struct {
	Set  string
	Lang string
	BPB  string
}

type taskScore struct {
	Task     ablation.Task
	BPB      string
	Accuracy string
}

type attemptRow struct {
	Number    int
	From      time.Time
	To        *time.Time
	Outcome   string
	Reason    string
	Host      string
	ResumedAt *int64 // step
}

func (s *Server) runPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.runView(r.Context(), s.words(r), chi.URLParam(r, "run"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, view{page: "run", title: v.Name, nav: "sweeps", live: "/api/v1/events?sweep=" + v.Sweep, data: v})
}

func (s *Server) runView(ctx context.Context, words words, id string) (v runView, err error) {
	store := s.options.Store
	run, err := store.Run(ctx, id)
	if err != nil {
		return v, err
	}
	d, err := s.sweepData(ctx, words, run.Sweep)
	if err != nil {
		return v, err
	}
	v = runView{
		runRow: d.row(run), Sweep: run.Sweep, SweepURL: d.url(), Steps: run.Steps, Step: run.Progress.Step,
		Message: run.Message.In(words.lang), Now: now(),
		Over:     run.State.Ended(),
		CanStop:  !run.State.Ended() && run.State != ablation.RunStopping,
		CanRetry: run.State.Ended() && run.State != ablation.RunCompleted,
	}
	if v.Logs, err = store.Logs(ctx, id, logLines); err != nil {
		return v, err
	}
	spikes, err := store.Spikes(ctx, id)
	if err != nil {
		return v, err
	}
	attempts, err := store.Attempts(ctx, id)
	if err != nil {
		return v, err
	}
	segments, err := store.Segments(ctx, id)
	if err != nil {
		return v, err
	}
	metrics, err := store.MetricNames(ctx, []string{id})
	if err != nil {
		return v, err
	}
	if len(spikes) >= ledgerFull {
		watch, err := store.Watch(ctx, id)
		if err != nil {
			return v, err
		}
		v.Passed = watch.Passed
	}
	v.Ledger, v.Interventions = d.ledger(spikes, run.State.Ended()), words.interventions(run.Interventions)
	if len(v.Ledger) > ledgerShown {
		v.Ledger, v.MoreLedger = v.Ledger[:ledgerShown], v.Ledger[ledgerShown:]
	}
	if v.Again, err = s.again(ctx, words, run); err != nil {
		return v, err
	}
	if v.Start, err = s.startOf(ctx, d, run); err != nil {
		return v, err
	}
	v.Attempts = words.attemptRows(attempts, segments)
	v.Facts = words.facts(run, attempts, v.Now)
	v.Figures, v.Schedule = runFigures(words, run.ID, metrics), scheduleFigure(words, run)
	d.score(&v, run)
	v.Evaluation = words.evaluation(d.recipeOf(run))
	return v, s.identify(ctx, d, &v, run, segments)
}

// again says where a run goes on that may be tried again, or that waits for its next attempt.
func (s *Server) again(ctx context.Context, words words, run ablation.Run) (string, error) {
	key := "run.again"
	switch {
	case run.State == ablation.RunCompleted || run.Progress.Attempt == 0:
		return "", nil
	case run.State == ablation.RunQueued:
		key = "run.next"
	case !run.State.Ended():
		return "", nil
	case run.State == ablation.RunDiverged:
		key = "run.again.diverged"
	}
	step, err := s.options.Sweeper.Resumes(ctx, run)
	if err != nil {
		return "", err
	}
	if step == 0 {
		return words.text(key + ".anew"), nil
	}
	return words.text(key+".from", "n", integer(step)), nil
}

// score fills in what the run has scored so far, and the rows it has read.
func (d sweepData) score(v *runView, run ablation.Run) {
	i := slices.IndexFunc(d.Results, func(r ablation.Result) bool { return r.Run.ID == run.ID })
	if i < 0 {
		return
	}
	result := d.Results[i]
	v.ScoredAt = float64(result.Step * d.Sweep.Recipe.TokensPerStep())
	for _, set := range d.Sets() {
		if value, ok := result.Values[ablation.BPB(set.Name)]; ok {
			v.Sets = append(v.Sets, setScore{set.Name, set.Lang, fixed(float64(value), 3)})
		}
	}
	for _, t := range d.Tasks {
		if value, ok := result.Values[ablation.TaskBPB(t.Name)]; ok {
			v.Tasks = append(v.Tasks, taskScore{t, fixed(float64(value), 3), answered(result, t)})
		}
	}
	v.Rows = d.rowsRead(run, result)
}

// recipeOf is that of the run's arm.
func (d sweepData) recipeOf(run ablation.Run) ablation.Recipe {
	if i := slices.IndexFunc(d.Arms, func(a ablation.Arm) bool { return a.Name == run.Arm }); i >= 0 {
		return d.Sweep.Recipe.For(d.Arms[i])
	}
	return d.Sweep.Recipe
}

// answered is a run's accuracy on a task, or its F1 where the task has no choices; empty where it has neither.
func answered(result ablation.Result, t ablation.Task) string {
	if accuracy, ok := result.Values[ablation.TaskAccuracy(t.Name)]; ok {
		return percent(float64(accuracy), 1)
	}
	if f1, ok := result.Values[ablation.TaskF1(t.Name)]; ok {
		return "F1 " + percent(float64(f1), 1)
	}
	return ""
}

func (d sweepData) rowsRead(run ablation.Run, result ablation.Result) []rowsRead {
	i := slices.IndexFunc(d.Arms, func(a ablation.Arm) bool { return a.Name == run.Arm })
	if i < 0 || run.Progress.Step == 0 {
		return nil
	}
	if d.elsewhere() { // nobody said which rows
		return nil
	}
	planned := ablation.PlannedRows(d.Arms[i].Weights, run.Progress.Step, d.Sweep.Recipe.BatchRows)
	var rows []rowsRead
	for k, source := range d.Sources {
		if k < len(planned) {
			rows = append(rows, rowsRead{source, planned[k], int64(result.Values[ablation.Rows(source.Name)])})
		}
	}
	return rows
}

// identify fills in what makes the run repeatable.
func (s *Server) identify(ctx context.Context, d sweepData, v *runView, run ablation.Run, segments []ablation.Segment) error {
	plan, err := s.options.Store.RunPlan(ctx, run.ID)
	if err != nil && status(err) != http.StatusNotFound {
		return err
	}
	seeds := []fact{{"data_seed", seedText(run.DataSeed)}, {"mix_seed", seedText(run.MixSeed)}, {"init_seed", seedText(run.InitSeed)}}
	if plan.PlanSHA256 != "" {
		v.Identity = append(v.Identity, fact{"plan_sha256", plan.PlanSHA256})
	}
	v.Identity = append(v.Identity, seeds...)
	versions := make([]string, len(d.Sources))
	for i, source := range d.Sources {
		versions[i] = source.Name + " " + source.Version
	}
	v.Identity = append(v.Identity, fact{"sources.name", strings.Join(versions, ", ")})
	if at := run.Start; at != nil && at.SHA256 != "" {
		v.Identity = append(v.Identity, fact{"run.start.sha256", at.SHA256})
	}
	if n := len(segments); n > 0 {
		last := segments[n-1]
		v.Identity = append(v.Identity, fact{"run.trainer", last.Trainer})
		if last.Device != "" {
			v.Identity = append(v.Identity, fact{"run.where", last.Device + " · " + last.ISA})
		}
	}
	if err == nil {
		v.Identity = append(v.Identity, fact{"run.params", d.words.parameters(plan)})
	}
	return nil
}

// parameters are a run's, and how many of them it trains where that isn't all.
func (w words) parameters(p ablation.RunPlan) string {
	if p.Trainable == 0 || p.Parameters == 0 {
		return w.amountOrNone(p.Parameters)
	}
	return w.text("run.params.some", "n", w.amountOrNone(p.Parameters), "trained", w.amountOrNone(p.Trainable),
		"part", percent(float64(p.Trainable)/float64(p.Parameters), 1))
}

// startOf is what a run starts from, nil: fresh weights.
func (s *Server) startOf(ctx context.Context, d sweepData, run ablation.Run) (*startLine, error) {
	at := run.Start
	if at == nil {
		return nil, nil
	}
	line := &startLine{Name: d.startName(run)}
	if at.Run != "" {
		line.URL = runURL(at.Run)
	}
	switch waits, err := s.waits(ctx, run); {
	case err != nil:
		return nil, err
	case waits:
		line.Text = d.words.text("run.start.waits", "n", integer(at.Step))
	case at.GoesOn():
		line.Text = d.words.text("run.start.state", "n", integer(at.Step))
	case at.Run != "":
		line.Text = d.words.text("run.start.weights", "n", integer(at.Step))
	default:
		line.Text = d.words.text("run.start.folder")
	}
	return line, nil
}

// waits reports whether a run is held up by the one that it starts from.
func (s *Server) waits(ctx context.Context, run ablation.Run) (bool, error) {
	if run.State != ablation.RunQueued || run.Progress.Attempt > 0 || run.Start.SHA256 != "" {
		return false, nil
	}
	c, err := s.options.Store.CheckpointAt(ctx, run.Start.Run, run.Start.Step)
	return c == nil, err
}

// startName is what a run that another starts from is called: by its name within its sweep, by sweep, arm and seed outside.
func (d sweepData) startName(run ablation.Run) string {
	for _, r := range d.Runs {
		if r.ID == run.Start.Run {
			return r.Name
		}
	}
	if p := d.Sweep.Parent(run.Replicate); p != nil {
		return p.Name
	}
	return run.Start.Run
}

func (s *Server) stopRun(w http.ResponseWriter, r *http.Request) {
	s.changeRun(w, r, func(ctx context.Context, id string) error {
		return s.options.Store.StopRun(ctx, id, ablation.StopPerson)
	})
}

func (s *Server) retryRun(w http.ResponseWriter, r *http.Request) {
	s.changeRun(w, r, s.options.Store.RetryRun)
}

func (s *Server) changeRun(w http.ResponseWriter, r *http.Request, change func(context.Context, string) error) {
	id := chi.URLParam(r, "run")
	if err := change(r.Context(), id); err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a run was changed by hand", "run_id", id, "route", route(r))
	http.Redirect(w, r, runURL(id), http.StatusSeeOther)
}
