package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Request is finished runs, and what is known of them beside their scores.
type Request struct {
	Name     string // of the sweep
	Question string
	Table    table.Table
	Shares   []float64 // the phases' shares of the tokens; nil: equal
	Tokens   float64   // of runs that don't say; 0: not known
	Langs    map[string]string
	Curves   map[string][]Scalar // by run's id; a run without any has its scores at its end
}

// Sweep is finished runs as a sweep has them.
type Sweep struct {
	Sweep   ablation.Sweep
	Sources []ablation.Source
	Arms    []ablation.Arm
	Runs    []Run
}

// Run is one finished run with all its points.
type Run struct {
	ablation.Run
	Parameters int64 // 0: nobody said
	Tokens     int64 // as they were given: those of its steps may be a part of a step off
	Points     []ablation.Point
}

// Steps of a run of which only the end is known: phases begin at whole steps.
const Steps = 1000

// Make makes a sweep of a request: an arm a mixture, length and size, a replicate each run of one. Steps are those of the curves,
// where there are any.
func Make(q Request) (Sweep, error) {
	if len(q.Table.Runs) == 0 {
		return Sweep{}, &ablation.Invalid{Problems: []ablation.Problem{{Message: ablation.Said("no run is there to import", "取り込むランがありません")}}}
	}
	if q.Tokens <= 0 && slices.ContainsFunc(q.Table.Runs, func(r table.Run) bool { return r.Tokens <= 0 }) {
		return Sweep{}, &ablation.Invalid{Problems: []ablation.Problem{{Field: "tokens", Message: ablation.Said(
			"how long the runs are is not known, and curves stand over tokens: say it for all, as in 2G, or in a column tokens beside the mixtures",
			"ランの長さが分かりません。グラフの横軸はトークン数です。全体の値を 2G のように指定するか、配合の表に tokens 列を加えてください")}}}
	}
	m := maker{Request: q, named: map[string]bool{}}
	if m.Shares == nil {
		m.Shares = slices.Repeat([]float64{1 / float64(q.Table.Phases)}, q.Table.Phases)
	}
	m.lengths()
	m.sources()
	for _, group := range q.Table.Groups() {
		m.arm(group)
	}
	return m.out, nil
}

type maker struct {
	Request
	out     Sweep
	perStep int64
	named   map[string]bool
}

// tokens is a run's length; 0 where it isn't known.
func (m *maker) tokens(r table.Run) float64 {
	if r.Tokens > 0 {
		return r.Tokens
	}
	return m.Tokens
}

// lengths sets the tokens of a step: those of the run that took the fewest for one, so that no two steps of another become one.
func (m *maker) lengths() {
	longest, least := 0.0, math.Inf(1)
	for _, r := range m.Table.Runs {
		longest = max(longest, m.tokens(r))
		if last := m.last(r); last > 0 {
			least = min(least, m.tokens(r)/float64(last))
		}
	}
	if math.IsInf(least, 1) {
		least = longest / Steps
	}
	m.perStep = max(1, int64(math.Round(least)))
	steps := int64(0)
	for _, r := range m.Table.Runs {
		steps = max(steps, m.steps(r))
	}
	seed := uint64(0)
	m.out.Sweep = ablation.Sweep{
		Name: m.Name, Question: m.Question, Seed: &seed, Seeds: []int64{1}, State: ablation.SweepCompleted,
		Recipe: ablation.Recipe{Tokens: steps * m.perStep, RowTokens: int(m.perStep), BatchRows: 1, Tokenizer: "elsewhere"},
	}
}

// sources are of the role of text that isn't here. Its digest is that of its name and the sweep's: it says what it can.
func (m *maker) sources() {
	for _, name := range m.Table.Sources {
		sum := sha256.Sum256([]byte(m.Name + "\x00" + name))
		digest := hex.EncodeToString(sum[:])
		lang := m.Langs[name]
		if lang == "" {
			lang = cmp.Or(table.Lang(name), "other")
		}
		m.out.Sources = append(m.out.Sources, ablation.Source{Name: name, Version: digest[:8], Lang: lang, Role: ablation.RoleElsewhere, ManifestSHA256: digest})
		m.out.Sweep.Sources = append(m.out.Sweep.Sources, ablation.SourceRef{Name: name, Version: digest[:8]})
	}
}

// arm adds the runs of one mixture.
func (m *maker) arm(group []int) {
	first := m.Table.Runs[group[0]]
	name := m.name(first.ID)
	arm := ablation.Arm{Name: name, Index: len(m.out.Arms), Label: ablation.Label{JA: first.ID, EN: first.ID}, Schedule: m.schedule(name, first)}
	steps := int64(0)
	for _, i := range group {
		steps = max(steps, m.steps(m.Table.Runs[i]))
	}
	if tokens := steps * m.perStep; tokens != m.out.Sweep.Recipe.Tokens || first.Parameters > 0 {
		arm.Variant = &ablation.Variant{Of: name, Tokens: tokens}
		if first.Parameters > 0 {
			arm.Variant.Shape = &ablation.Shape{Preset: strconv.FormatFloat(first.Parameters/1e6, 'f', -1, 64) + "m"}
		}
	}
	arm.Weights = m.weights(first, steps)
	m.out.Arms = append(m.out.Arms, arm)
	m.out.Sweep.Schedules = append(m.out.Sweep.Schedules, *arm.Schedule)
	for k, i := range group {
		m.run(arm, steps, int64(k+1), m.Table.Runs[i])
	}
}

// steps are those that stand for a run's tokens; where these aren't known, those that its curves reach.
func (m *maker) steps(r table.Run) int64 {
	if tokens := m.tokens(r); tokens > 0 {
		return max(int64(m.Table.Phases), int64(math.Round(tokens/float64(m.perStep))))
	}
	return cmp.Or(m.last(r), Steps)
}

// last is the last step of a run's curves; 0 where it has none.
func (m *maker) last(r table.Run) (step int64) {
	for _, s := range m.Curves[r.ID] {
		step = max(step, s.Step)
	}
	return step
}

var unnameable = regexp.MustCompile(`[^a-z0-9._-]+`)

// name is an arm's: its first run's id in letters that a name may have.
func (m *maker) name(id string) string {
	stem := strings.Trim(unnameable.ReplaceAllString(strings.ToLower(id), "-"), "-._")
	if stem == "" {
		stem = "run"
	}
	stem = stem[:min(len(stem), 48)]
	name := stem
	for n := 2; m.named[name]; n++ {
		name = fmt.Sprintf("%s-%d", stem, n)
	}
	m.named[name] = true
	return name
}

func (m *maker) schedule(name string, r table.Run) *ablation.Schedule {
	c := &ablation.Schedule{Name: name}
	until := 0.0
	for p, shares := range r.Shares {
		until += m.Shares[p]
		stage := ablation.Stage{Until: ablation.Amount{Fraction: min(1, until)}, Mixture: ablation.Mixture{}, Ramp: ablation.RampNone}
		if p == len(r.Shares)-1 {
			stage.Until.Fraction = 1
		}
		for j, w := range shares {
			stage.Mixture[m.Table.Sources[j]] = w
		}
		c.Stages = append(c.Stages, stage)
	}
	return c
}

// weights are the schedule on integers, as own runs have it.
func (m *maker) weights(r table.Run, steps int64) []ablation.Weights {
	var out []ablation.Weights
	from := 0.0
	for p, shares := range r.Shares {
		w := ablation.Weights{FromStep: int64(math.Round(from * float64(steps))), W: make([]int64, len(shares))}
		left, most := int64(ablation.WeightTotal), 0
		for j, v := range shares {
			w.W[j] = int64(math.Round(v * ablation.WeightTotal))
			left -= w.W[j]
			if w.W[j] > w.W[most] {
				most = j
			}
		}
		w.W[most] += left
		out, from = append(out, w), from+m.Shares[p]
	}
	return out
}

func (m *maker) run(arm ablation.Arm, steps, replicate int64, r table.Run) {
	if !slices.Contains(m.out.Sweep.Seeds, replicate) {
		m.out.Sweep.Seeds = append(m.out.Sweep.Seeds, replicate)
	}
	run := Run{Parameters: int64(r.Parameters), Tokens: int64(m.tokens(r)), Run: ablation.Run{
		ID: ablation.RunID(m.Name, arm.Name, replicate), Name: fmt.Sprintf("%s-s%d", arm.Name, replicate), Sweep: m.Name, Arm: arm.Name, Replicate: replicate, Steps: steps,
	}}
	run.Points = m.points(r)
	if len(run.Points) == 0 {
		for k, name := range m.Table.Metrics {
			if !math.IsNaN(r.Values[k]) {
				run.Points = append(run.Points, ablation.Point{Metric: name, Step: steps, Value: ablation.Real(r.Values[k])})
			}
		}
	}
	m.out.Runs = append(m.out.Runs, run)
}

// points are those of a run's curves, each where its tokens are: runs of other batches take other steps for as many.
func (m *maker) points(r table.Run) (out []ablation.Point) {
	type place struct {
		metric string
		step   int64
	}
	at := map[place]int{}
	scale := float64(m.steps(r)) / float64(max(1, m.last(r)))
	for _, s := range m.Curves[r.ID] {
		if !slices.Contains(m.Table.Metrics, s.Tag) || s.Step < 0 {
			continue
		}
		p := ablation.Point{Metric: s.Tag, Step: int64(math.Round(float64(s.Step) * scale)), Value: ablation.Real(s.Value)}
		if i, there := at[place{p.Metric, p.Step}]; there {
			out[i] = p
			continue
		}
		at[place{p.Metric, p.Step}] = len(out)
		out = append(out, p)
	}
	return out
}
