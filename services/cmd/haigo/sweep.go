package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

type sweepCmd struct {
	Plan      sweepPlanCmd      `cmd:"" help:"Say what a sweep file would start, and store nothing."`
	Apply     sweepApplyCmd     `cmd:"" help:"Start the sweep of a file, or let it grow; with a recurrence, register it."`
	List      sweepListCmd      `cmd:"" help:"List the sweeps."`
	Show      sweepShowCmd      `cmd:"" help:"Show what a sweep's arms have scored so far."`
	Watch     sweepWatchCmd     `cmd:"" help:"Show a sweep's runs until all have ended."`
	Pause     sweepPauseCmd     `cmd:"" help:"Claim no further runs; those running go on."`
	Resume    sweepResumeCmd    `cmd:"" help:"Claim runs again."`
	Stop      sweepStopCmd      `cmd:"" help:"Stop the queued runs and let the running ones checkpoint and leave."`
	Keep      sweepKeepCmd      `cmd:"" help:"Say for how long points, checkpoints and logs are kept."`
	Archive   sweepArchiveCmd   `cmd:"" help:"Put an ended sweep out of sight; nothing is lost."`
	Unarchive sweepUnarchiveCmd `cmd:"" help:"Show an archived sweep again."`
	Delete    sweepDeleteCmd    `cmd:"" help:"Say what deleting a sweep would lose, and with --yes delete it."`
}

// badDocument is invalid input that came from a file.
type badDocument struct {
	file     string
	document []byte
	problems []ablation.Problem
}

// print writes each problem with its file, and below it the line where it stands.
func (b *badDocument) print(w io.Writer) {
	lines := strings.Split(string(b.document), "\n")
	for _, p := range b.problems {
		fmt.Fprintf(w, "%s:%s\n", b.file, p)
		if p.Line < 1 || p.Line > len(lines) {
			continue
		}
		line := []rune(strings.TrimSuffix(lines[p.Line-1], "\r"))
		from := min(max(p.Column-1, 0), len(line))
		fmt.Fprintf(w, "    %s\n", cut(strings.TrimSpace(string(line[from:])), 100))
	}
}

func (b *badDocument) Error() string { return (&ablation.Invalid{Problems: b.problems}).Error() }

// inFile adds the file's name and text to what is wrong in it.
func inFile(file string, document []byte, err error) error {
	if bad, ok := err.(*ablation.Invalid); ok { //nolint:errorlint // only a document's own error has lines
		return &badDocument{file, document, bad.Problems}
	}
	return err
}

func invalidFlag(flag, message string) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: flag, Message: ablation.Label{EN: message}}}}
}

// document reads a sweep file; - is standard input.
func (e *env) document(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(e.stdin, 1<<20))
	}
	document, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the sweep file can't be read (%w); give the path of a YAML file, or - for standard input", err)
	}
	return document, nil
}

type sweepPlanCmd struct {
	File string `arg:"" help:"The sweep file, - for standard input."`
	JSON bool   `name:"json" help:"Print the plan as JSON."`
}

func (c sweepPlanCmd) Run(e *env) error {
	document, err := e.document(c.File)
	if err != nil {
		return err
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	plan, err := a.patient(e).Plan(e.ctx, document)
	if err != nil {
		return inFile(c.File, document, err)
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(plan)
	}
	printPlan(e.stdout, plan)
	if len(plan.Problems) > 0 {
		return &badDocument{c.File, document, plan.Problems}
	}
	return nil
}

// parametersText is a run's parameters, and how many of them it trains where that isn't all.
func parametersText(a ablation.PlanArm) string {
	text := short(float64(a.Parameters))
	if a.Trainable > 0 {
		text += fmt.Sprintf(" (%s trained)", short(float64(a.Trainable)))
	}
	return text
}

func printPlan(w io.Writer, p ablation.Plan) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "sweep\t%s\n", p.Sweep)
	if p.Adaptive != nil {
		fmt.Fprintf(t, "begins\twith %d runs of %s\n", len(p.Runs), many(int64(len(p.Arms)), "arm"))
	} else {
		fmt.Fprintf(t, "runs\t%d (%s × %s)\n", len(p.Runs), many(int64(len(p.Arms)), "arm"), many(int64(len(p.Runs)/max(1, len(p.Arms))), "seed"))
	}
	fmt.Fprintf(t, "a run\t%s tokens in %s, %s parameters, trainer %s\n",
		between(p.Arms, func(a ablation.PlanArm) string { return short(float64(a.RunTokens)) }),
		between(p.Arms, func(a ablation.PlanArm) string { return many(a.Steps, "step") }),
		between(p.Arms, parametersText), p.Trainer)
	if a := p.Adaptive; a != nil {
		fmt.Fprintf(t, "then\tat most %d batches of %s, and %d runs to confirm: %d runs in all, %s tokens%s\n", a.Batches, many(int64(a.Batch), "run"),
			a.Confirm, a.MostRuns, short(float64(a.MostTokens)), atMost(a.MostSeconds))
	}
	if lengths := p.Lengths(); lengths != "" {
		fmt.Fprintf(t, "tokens\tof a vocabulary of %d, of so many bytes: %s\n", p.Tokenized.Vocab, lengths)
	}
	fmt.Fprintf(t, "in all\t%.3g FLOPs, %s of memory a run\n", p.FLOPs, byteText(p.MemoryBytes))
	fmt.Fprintf(t, "scores\t%s\n", between(p.Arms, func(a ablation.PlanArm) string { return scoredText(a, len(p.Tasks) > 0) }))
	if p.Supersedes != "" {
		fmt.Fprintf(t, "%s\tthe recurrence %s, with --yes\n", map[bool]string{true: "replaces", false: "ends"}[len(p.Firings) > 0], p.Supersedes)
	}
	if len(p.Firings) > 0 {
		fmt.Fprintf(t, "starts\tfirst on %s, then again and again\n", p.Firings[0].Local().Format("Mon 2006-01-02 15:04 -07:00"))
	}
	if g := p.Growth; g != nil {
		fmt.Fprintf(t, "adds\t%s\n", growthText(g.Added, int64(g.Runs)))
	}
	if seconds := p.NewSeconds(); seconds > 0 {
		fmt.Fprintf(t, "takes\tabout %s on this machine, %s at once%s\n", spanText(seconds), many(int64(p.RunsAtOnce), "run"), after(p.Growth))
	}
	if len(p.Parents) > 0 {
		fmt.Fprintf(t, "starts\tfrom %s\n", startText(p))
	}
	if p.SavedTokens > 0 {
		fmt.Fprintf(t, "shares\t%s of %s tokens, trained once for several runs\n", short(float64(p.SavedTokens)), short(float64(p.SavedTokens+p.TotalTokens)))
	}
	for _, trunk := range p.Trunks {
		fmt.Fprintf(t, "\t%s trains its first %s also for %s\n", trunk.Arm, many(trunk.Step, "step"), strings.Join(trunk.Branches, ", "))
	}
	t.Flush()
	fmt.Fprintln(w)
	printPlanArms(w, p)
	for _, warning := range p.Warnings {
		fmt.Fprintln(w, "warning:", warning.In("en"))
	}
}

// growthText is what a sweep that has some runs gets.
func growthText(added []ablation.ArmSeeds, had int64) string {
	if len(added) == 0 {
		return fmt.Sprintf("nothing: all runs are among the %d that are there", had)
	}
	n, arms := 0, make([]string, len(added))
	for i, a := range added {
		n += len(a.Seeds)
		arms[i] = a.Arm + " " + ablation.Spans(a.Seeds)
	}
	return fmt.Sprintf("%s to the %d that are there: seeds of %s", many(int64(n), "run"), had, strings.Join(arms, "; "))
}

// after is what has to be trained first, for the end of a sentence.
func after(g *ablation.PlanGrowth) string {
	if g == nil || g.Before <= 0 {
		return ""
	}
	return ", after about " + spanText(g.Before) + " that the others have left"
}

func spanText(seconds float64) string { return span(time.Duration(seconds * float64(time.Second))) }

// atMost is how long something takes at most, for the end of a sentence.
func atMost(seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	return ", about " + spanText(seconds) + " on this machine"
}

// scoredText is how often a run is scored, and what that takes.
func scoredText(a ablation.PlanArm, tasks bool) string {
	often := func(every int64) string {
		if every >= a.Steps {
			return "at the end"
		}
		return "every " + many(every, "step")
	}
	text := often(a.EvalEvery)
	if tasks && a.TasksEvery > 0 {
		text += ", tasks " + often(a.TasksEvery)
	}
	return text + fmt.Sprintf(" (%.0f%% of the time)", 100*a.EvalShare)
}

// startText is what the runs start from, and what of it they needn't train.
func startText(p ablation.Plan) string {
	names := make([]string, len(p.Parents))
	for i, parent := range p.Parents {
		names[i] = parent.String()
	}
	text := strings.Join(names[:min(len(names), 3)], ", ")
	if len(names) > 3 {
		text += fmt.Sprintf(", … (%d)", len(names))
	}
	if p.ReusedTokens == 0 {
		return text + ": weights alone"
	}
	return text + fmt.Sprintf(": their %s tokens aren't trained again", short(float64(p.ReusedTokens)))
}

// between is what all arms have, or what they have from the least run to the most expensive one.
func between(arms []ablation.PlanArm, text func(ablation.PlanArm) string) string {
	if len(arms) == 0 {
		return "—"
	}
	cost := func(a, b ablation.PlanArm) int { return cmp.Compare(a.FLOPs, b.FLOPs) }
	low, high := text(slices.MinFunc(arms, cost)), text(slices.MaxFunc(arms, cost))
	if low == high {
		return low
	}
	return low + " to " + high
}

func printPlanArms(w io.Writer, p ablation.Plan) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "ARM")
	for _, s := range p.Sources {
		fmt.Fprintf(t, "\t%s TOKENS\tEPOCHS", strings.ToUpper(s.Name))
	}
	fmt.Fprintln(t)
	for _, arm := range p.Arms {
		fmt.Fprint(t, arm.Name)
		for _, s := range p.Sources {
			fmt.Fprintf(t, "\t%s\t%.2f", short(float64(arm.Tokens[s.Name])), arm.Epochs[s.Name])
			if before := arm.EpochsBefore[s.Name]; before > 0 {
				fmt.Fprintf(t, " after %.2f", before)
			}
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

type sweepApplyCmd struct {
	File string `arg:"" help:"The sweep file, - for standard input."`
	As   string `help:"Start it under another name." placeholder:"NAME"`
	Yes  bool   `help:"Let it replace a recurrence of its name, or end it where the file has none; without it what would be lost is said."`
}

func (c sweepApplyCmd) Run(e *env) error {
	document, err := e.document(c.File)
	if err != nil {
		return err
	}
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.settle(e); err != nil { // checkpoints that it starts from are kept there
		return err
	}
	apply := a.patient(e).Apply
	if c.Yes {
		apply = a.patient(e).Replace
	}
	sweep, done, err := apply(e.ctx, document, c.As)
	if err != nil {
		return inFile(c.File, document, err)
	}
	if sweep.State == "" {
		return a.registered(e, sweep.Name, done.Created)
	}
	printApplied(e.stdout, sweep, done)
	if sweep.Counts.Queued > 0 {
		fmt.Fprintln(e.stderr, "They train where haigo dev or haigo work runs on this data folder.")
	}
	return nil
}

// printApplied says what starting a file did.
func printApplied(w io.Writer, sweep ablation.Sweep, done ablation.Applied) {
	word, total := "is there already", int64(sweep.Counts.Total())
	switch {
	case done.Created:
		word = "started"
	case len(done.Added) > 0:
		word = "grows"
	}
	fmt.Fprintf(w, "sweep %s %s: %s, %d queued\n", sweep.Name, word, many(total, "run"), sweep.Counts.Queued)
	if done.Created {
		return
	}
	fmt.Fprintf(w, "  adds %s\n", growthText(done.Added, total-int64(done.Runs())))
	if done.Seconds > 0 {
		fmt.Fprintf(w, "  they take about %s on this machine\n", spanText(done.Seconds))
	}
	if sweep.State == ablation.SweepPaused && len(done.Added) > 0 {
		fmt.Fprintf(w, "  it is paused: haigo sweep resume %s lets them start\n", sweep.Name)
	}
}

// registered says when a sweep that recurs starts first.
func (a *app) registered(e *env, name string, created bool) error {
	r, err := a.store.Recurrence(e.ctx, name)
	if err != nil {
		return err
	}
	word := "stands"
	if created {
		word = "is registered"
	}
	if r.State == ablation.RecurrencePaused {
		fmt.Fprintf(e.stdout, "recurrence %s %s, paused: haigo recurrence resume %s lets it start\n", name, word, name)
		return nil
	}
	fmt.Fprintf(e.stdout, "recurrence %s %s: it starts next on %s, where haigo serve, dev or work runs\n", name, word, firingTime(r, r.NextAt))
	return nil
}

type sweepListCmd struct {
	Archived bool `help:"List those that were archived instead."`
}

func (c sweepListCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	sweeps, err := a.store.Sweeps(e.ctx, 100, 0)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SWEEP\tSTATE\tRUNS\tDONE\tRUNNING\tQUEUED\tBAD\tQUESTION")
	for _, s := range sweeps {
		if (s.ArchivedAt != nil) != c.Archived {
			continue
		}
		n := s.Counts
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", s.Name, s.State, n.Total(), n.Completed, n.Running, n.Queued,
			n.Failed+n.Diverged+n.Stopped, cut(s.Asks("en"), 60))
	}
	return t.Flush()
}

// sweepArg names the sweep that a command is about.
type sweepArg struct {
	Sweep string `arg:"" help:"The sweep's name."`
}

type sweepShowCmd struct {
	sweepArg
	Runs bool `help:"Also print what each run has scored."`
	JSON bool `name:"json" help:"Print one JSON document."`
}

func (c sweepShowCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	outcome, err := a.outcome(e.ctx, c.Sweep)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(e.stdout).Encode(outcome)
	}
	printTable(e.stdout, outcome)
	if c.Runs {
		printScores(e.stdout, outcome)
	}
	printDifferences(e.stdout, outcome)
	printEarly(e.stdout, outcome)
	printRounds(e.stdout, outcome.sweep)
	return nil
}

type sweepWatchCmd struct{ sweepArg }

func (c sweepWatchCmd) Run(e *env) error {
	a, err := open(e)
	if err != nil {
		return err
	}
	defer a.close()
	if err := watch(e.ctx, e.stdout, a.store, c.Sweep); e.ctx.Err() == nil {
		return err
	}
	return nil
}

type sweepPauseCmd struct{ sweepArg }

func (c sweepPauseCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.PauseSweep(e.ctx, c.Sweep) })
}

type sweepResumeCmd struct{ sweepArg }

func (c sweepResumeCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.ResumeSweep(e.ctx, c.Sweep) })
}

type sweepStopCmd struct{ sweepArg }

func (c sweepStopCmd) Run(e *env) error {
	return e.with(func(a *app) error { return a.store.StopSweep(e.ctx, c.Sweep) })
}
