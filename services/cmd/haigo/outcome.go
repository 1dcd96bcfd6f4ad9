package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// outcome is what the demo ends with, and prints as JSON.
type outcome struct {
	Sources  map[string]sourceOutcome `json:"sources"`
	Runs     []runOutcome             `json:"runs"` // in order of arms, then replicates
	Points   int64                    `json:"points"`
	ShareURL string                   `json:"share_url,omitempty"` // the demo's
	Rounds   []ablation.Round         `json:"rounds,omitempty"`    // what a sweep that plans itself has added to itself

	// Differences are of every schedule to its matched control, and of every arm to the baseline.
	Differences []differenceOutcome `json:"differences"`
	// Noise is each set's standard deviation over seeds, pooled over arms; NaN where no arm has two.
	Noise map[string]ablation.Real `json:"noise"`
	// EarlyStop is what early stopping has spared; nil where nothing is stopped early.
	EarlyStop *earlyOutcome `json:"early_stop,omitempty"`

	sweep ablation.Sweep
	goal  string // what the differences' "objective" is

	objectives map[string]ablation.Real // by run; NaN where a metric of it is missing
	arms       []ablation.Arm
	imported   bool                           // its runs were trained elsewhere
	plan       map[string]map[string]float64  // epochs by arm and source
	order      []string                       // of sources
	above      map[string][]analysis.Accuracy // what each task's accuracies are beside a guess's, by arm in order
	counts     ablation.RunCounts
}

type sourceOutcome struct {
	Lang           string `json:"lang"`
	ManifestSHA256 string `json:"manifest_sha256"`
}

type runOutcome struct {
	Arm         string                   `json:"arm"`
	Seed        int64                    `json:"seed"` // the replicate
	State       ablation.RunState        `json:"state"`
	Why         string                   `json:"why"`       // it is there, in English
	Planned     map[string]float64       `json:"planned"`   // shares of training tokens by source
	Delivered   map[string]float64       `json:"delivered"` // of the rows really read; empty before the first step
	BitsPerByte map[string]ablation.Real `json:"bits_per_byte"`
	Tasks       map[string]taskOutcome   `json:"tasks"`
	Tokens      int64                    `json:"tokens"`
	TokensPerS  ablation.Real            `json:"tokens_per_s"` // mean over the run
	PlanSHA256  string                   `json:"plan_sha256"`
}

// taskOutcome has what the task's kind of items gives.
type taskOutcome struct {
	BitsPerByte ablation.Real  `json:"bits_per_byte"`
	Margin      *ablation.Real `json:"margin,omitempty"`
	Accuracy    *ablation.Real `json:"accuracy,omitempty"`
	Chance      float64        `json:"chance"`   // of an accuracy
	Majority    float64        `json:"majority"` // of always giving the most frequent answer
	Exact       *ablation.Real `json:"exact,omitempty"`
	F1          *ablation.Real `json:"f1,omitempty"`
}

// outcome gathers what became of a sweep.
func (a *app) outcome(ctx context.Context, sweep string) (outcome, error) {
	o := outcome{Sources: map[string]sourceOutcome{}}
	s, err := a.store.Sweep(ctx, sweep)
	if err != nil {
		return o, err
	}
	o.counts, o.sweep, o.Rounds = s.Counts, s, s.Rounds
	sources, err := a.store.SweepSources(ctx, sweep)
	if err != nil {
		return o, err
	}
	for _, source := range sources {
		o.Sources[source.Name] = sourceOutcome{source.Lang, source.ManifestSHA256}
		o.order = append(o.order, source.Name)
		o.imported = o.imported || source.Role == ablation.RoleElsewhere
	}
	if o.arms, err = a.store.Arms(ctx, sweep); err != nil {
		return o, err
	}
	if o.Points, err = a.store.CountingPoints(ctx, sweep); err != nil {
		return o, err
	}
	return o, a.runOutcomes(ctx, s, &o)
}

func (a *app) runOutcomes(ctx context.Context, s ablation.Sweep, o *outcome) error {
	tasks, err := a.store.SweepTasks(ctx, s.Name)
	if err != nil {
		return err
	}
	results, err := a.store.Results(ctx, s.Name)
	if err != nil {
		return err
	}
	o.above = map[string][]analysis.Accuracy{}
	for _, t := range s.Recipe.Asked(tasks) {
		o.above[t.Name] = analysis.Accuracies(analysis.Of(o.arms, results, ablation.TaskAccuracy(t.Name)), t.Floor(), t.Items)
	}
	if err := a.compare(ctx, s, results, o); err != nil {
		return err
	}
	o.plan = map[string]map[string]float64{}
	for _, r := range results {
		plan, err := a.store.RunPlan(ctx, r.Run.ID)
		if err != nil && r.Run.State == ablation.RunCompleted {
			return err
		}
		arm := o.arm(r.Run.Arm)
		planned := ablation.PlannedRows(arm.Weights, r.Run.Steps, s.Recipe.BatchRows)
		read := float64(s.Recipe.BatchRows) * float64(r.Run.Progress.Step)
		out := runOutcome{
			Arm: r.Run.Arm, Seed: r.Run.Replicate, State: r.Run.State, Why: o.whyRun(arm, r.Run.Replicate), Tokens: r.Run.Progress.Tokens,
			Planned: map[string]float64{}, Delivered: map[string]float64{}, PlanSHA256: plan.PlanSHA256,
			BitsPerByte: bitsPerByte(r.Values), Tasks: taskOutcomes(r.Values, tasks), TokensPerS: speed(r.Run),
		}
		total := float64(s.Recipe.BatchRows) * float64(r.Run.Steps)
		for k, name := range o.order {
			out.Planned[name] = float64(planned[k]) / total
			if rows, said := r.Values[ablation.Rows(name)]; said && read > 0 {
				out.Delivered[name] = float64(rows) / read
			}
			if plan.Rows[name] > 0 {
				o.setEpochs(arm.Name, name, float64(planned[k])/float64(plan.Rows[name]))
			}
		}
		o.Runs = append(o.Runs, out)
	}
	return nil
}

func (o *outcome) setEpochs(arm, source string, epochs float64) {
	if o.plan[arm] == nil {
		o.plan[arm] = map[string]float64{}
	}
	o.plan[arm][source] = epochs
}

func (o *outcome) arm(name string) ablation.Arm {
	for _, arm := range o.arms {
		if arm.Name == name {
			return arm
		}
	}
	return ablation.Arm{}
}

func bitsPerByte(values map[string]ablation.Real) map[string]ablation.Real {
	out := map[string]ablation.Real{}
	for name, v := range values {
		if set, ok := strings.CutPrefix(name, ablation.BPB("")); ok {
			out[set] = v
		}
	}
	return out
}

func taskOutcomes(values map[string]ablation.Real, tasks []ablation.Task) map[string]taskOutcome {
	out := map[string]taskOutcome{}
	for _, t := range tasks {
		bpb, ok := values[ablation.TaskBPB(t.Name)]
		if !ok {
			continue
		}
		measured := func(metric string) *ablation.Real {
			if v, ok := values[metric]; ok {
				return &v
			}
			return nil
		}
		out[t.Name] = taskOutcome{
			BitsPerByte: bpb, Chance: t.Chance, Majority: t.Majority,
			Margin: measured(ablation.TaskMargin(t.Name)), Accuracy: measured(ablation.TaskAccuracy(t.Name)),
			Exact: measured(ablation.TaskExact(t.Name)), F1: measured(ablation.TaskF1(t.Name)),
		}
	}
	return out
}

// speed is tokens per second over the whole life of the run.
func speed(r ablation.Run) ablation.Real {
	if r.StartedAt == nil || r.FinishedAt == nil {
		return 0
	}
	return ablation.Real(float64(r.Progress.Tokens) / r.FinishedAt.Sub(*r.StartedAt).Seconds())
}

// printTable is one line an arm: bits per byte of each held-out set with their spread over seeds, epochs per source, and why it is there.
func printTable(w io.Writer, o outcome) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	sets := strings.ToUpper(strings.Join(o.order, " BITS/BYTE\t"))
	fmt.Fprintf(t, "\nARM\t%s BITS/BYTE\tN\tEPOCHS %s\tWHY\n", sets, strings.ToUpper(strings.Join(o.order, " / ")))
	for _, arm := range o.arms {
		scores := make([]string, len(o.order))
		n := 0
		epochs := make([]string, len(o.order))
		for i, source := range o.order {
			scores[i], n = o.over(arm.Name, source)
			epochs[i] = "—"
			if n, ok := o.plan[arm.Name][source]; ok {
				epochs[i] = fmt.Sprintf("%.2f", n)
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", arm.Name, strings.Join(scores, "\t"), n, strings.Join(epochs, " / "), o.whyArm(arm))
	}
	t.Flush()
	fmt.Fprintln(w, "± is the standard deviation over seeds.")
	printTasks(w, o)
	if n := o.counts.Failed + o.counts.Diverged + o.counts.Stopped - o.EarlyStop.runs(); n > 0 {
		fmt.Fprintf(w, "\n%d of %d runs did not complete; haigo run list SWEEP says why.\n", n, o.counts.Total())
	}
}

// taskColumns are what a task's items may give.
var taskColumns = []struct {
	head string
	of   func(taskOutcome) *ablation.Real
}{
	{"BITS/BYTE", func(t taskOutcome) *ablation.Real { return &t.BitsPerByte }},
	{"MARGIN", func(t taskOutcome) *ablation.Real { return t.Margin }},
	{"EXACT", func(t taskOutcome) *ablation.Real { return t.Exact }},
	{"F1", func(t taskOutcome) *ablation.Real { return t.F1 }},
	{"ACCURACY", func(t taskOutcome) *ablation.Real { return t.Accuracy }},
}

func printTasks(w io.Writer, o outcome) {
	guess := map[string]float64{}
	for _, r := range o.Runs {
		for name, t := range r.Tasks {
			guess[name] = max(t.Chance, t.Majority)
		}
	}
	if len(guess) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nTASK\tARM")
	for _, column := range taskColumns {
		fmt.Fprint(t, "\t", column.head)
	}
	fmt.Fprintln(t, "\tGUESSING\tAGAINST GUESSING")
	for _, name := range sorted(guess) {
		for i, arm := range o.arms {
			fmt.Fprint(t, name, "\t", arm.Name)
			for _, column := range taskColumns {
				fmt.Fprint(t, "\t", o.overTask(arm.Name, name, column.of))
			}
			fmt.Fprintln(t, "\t"+o.guessing(name, i, guess[name]))
		}
	}
	t.Flush()
}

// guessing is what an accuracy is held against, and what of it.
func (o outcome) guessing(task string, arm int, guess float64) string {
	if guess == 0 {
		return "—\t—"
	}
	return fmt.Sprintf("%.3f\t%s", guess, againstGuessing[o.above[task][arm].Verdict])
}

// againstGuessing says whether an arm's accuracy is known to be another than the better guess's, over the task's items at 90%.
var againstGuessing = map[analysis.Verdict]string{
	analysis.Higher: "higher", analysis.Lower: "lower", analysis.Undecided: "cannot be told apart", analysis.Unknown: "—",
}

// over is mean ± sample standard deviation of a set's bits per byte over an arm's completed runs.
func (o outcome) over(arm, set string) (text string, n int) {
	var values []float64
	for _, r := range o.Runs {
		if v, ok := r.BitsPerByte[set]; ok && r.Arm == arm && r.State == ablation.RunCompleted {
			values = append(values, float64(v))
		}
	}
	return spread(values), len(values)
}

// overTask is mean ± sample standard deviation of what a task gave an arm's completed runs; "—" where it gives no such thing.
func (o outcome) overTask(arm, task string, of func(taskOutcome) *ablation.Real) string {
	var values []float64
	for _, r := range o.Runs {
		t, ok := r.Tasks[task]
		if v := of(t); ok && v != nil && r.Arm == arm && r.State == ablation.RunCompleted {
			values = append(values, float64(*v))
		}
	}
	return spread(values)
}

func spread(values []float64) string {
	n := float64(len(values))
	if n == 0 {
		return "—"
	}
	var mean, squares float64
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	if n == 1 {
		return fmt.Sprintf("%.3f", mean)
	}
	return fmt.Sprintf("%.3f ± %.3f", mean, math.Sqrt(squares/(n-1)))
}
