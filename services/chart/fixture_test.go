package chart_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/sampler"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// The fixture is a sweep as people run them: two constant mixtures, a step and a ramp with their matched controls, three
// seeds. One run diverged, two still train. Its values follow a power law of the tokens seen of each language.
const document = `
name: order
question: 総量が同じなら、英語を先に学ぶ順序は効くか
sources: [web-ja, web-en, misc]
recipe: {shape: {layers: 4, width: 128, heads: 4, ffn: 352}, tokens: 240M, row_tokens: 256, batch_rows: 64, optimizer: {peak_lr: 3e-3}}
schedules:
  ja57:
    label: {ja: 日本語中心 57/31, en: Japanese-centred 57/31}
    stages: [{until: 1.0, mixture: {web-ja: 0.57, web-en: 0.31, misc: 0.12}}]
  ja33:
    label: {ja: 英語中心 33/55, en: English-centred 33/55}
    stages: [{until: 1.0, mixture: {web-ja: 0.33, web-en: 0.55, misc: 0.12}}]
  step:
    label: {ja: 英→日 階段, en: en→ja step}
    stages:
      - {until: 0.5, mixture: {web-ja: 0.20, web-en: 0.68, misc: 0.12}}
      - {until: 1.0, mixture: {web-ja: 0.70, web-en: 0.18, misc: 0.12}}
  ramp:
    label: {ja: 英→日 ランプ, en: en→ja ramp}
    stages:
      - {until: 0.3, mixture: {web-ja: 0.20, web-en: 0.68, misc: 0.12}}
      - {until: 0.7, mixture: {web-ja: 0.60, web-en: 0.28, misc: 0.12}, ramp: linear}
      - {until: 1.0, mixture: {web-ja: 0.60, web-en: 0.28, misc: 0.12}}
design: {baseline: ja33, control: matched}
seeds: 3
seed: 20261123
tasks: [next-sentence-ja]
`

const evaluations = 40

type fixture struct {
	chart.Data
	curves []ablation.Curve
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	return fixtureOf(t, document)
}

// fixtureOf trains another document over the fixture's sources.
func fixtureOf(t *testing.T, document string) fixture {
	t.Helper()
	sweep, err := ablation.ParseSweep([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	sources := []ablation.Source{{Name: "web-ja", Lang: "ja"}, {Name: "web-en", Lang: "en"}, {Name: "misc", Lang: "other"}}
	made, err := sweep.Expand(sources)
	if err != nil {
		t.Fatal(err)
	}
	arms, runs := made.Arms, made.Runs
	f := fixture{Data: chart.Data{
		Sweep: sweep, Arms: arms, Runs: runs,
		Sources: sources,
		Tasks:   []ablation.Task{{Name: "next-sentence-ja", Lang: "ja", Items: 400, Chance: .25}},
	}}
	for i := range runs {
		f.train(&runs[i])
	}
	return f
}

// train fills in what a run would have stored.
func (f *fixture) train(r *ablation.Run) {
	r.State, r.Progress.Step = ablation.RunCompleted, r.Steps
	switch r.Name {
	case "ramp-matched-s3":
		r.State, r.Progress.Step = ablation.RunDiverged, r.Steps*62/100
	case "step-s3":
		r.State, r.Progress.Step = ablation.RunRunning, r.Steps*81/100
	case "ramp-s3":
		r.State, r.Progress.Step = ablation.RunRunning, r.Steps*34/100
	}
	arm := f.arm(r.Arm)
	result := ablation.Result{Run: *r, Step: -1, Values: map[string]ablation.Real{}}
	for _, lang := range []string{"ja", "en"} {
		c := f.scored(*r, arm, lang)
		f.curves = append(f.curves, c)
		last := c.Buckets[len(c.Buckets)-1]
		result.Step, result.Values[c.Metric] = last.LastStep, last.Last
		if last.NaN > 0 {
			result.Values[c.Metric] = ablation.Real(math.NaN())
		}
	}
	result.Values[ablation.TaskAccuracy("next-sentence-ja")] = ablation.Real(math.Round(400*(.27-.6*(float64(result.Values["bpb/ja"])-2.1))) / 400)
	f.Results = append(f.Results, result)
}

func (f *fixture) arm(name string) ablation.Arm {
	for _, a := range f.Arms {
		if a.Name == name {
			return a
		}
	}
	panic("no arm " + name)
}

// scored is a run's bits per byte at its evaluations so far.
func (f *fixture) scored(r ablation.Run, arm ablation.Arm, lang string) ablation.Curve {
	k := map[string]int{"ja": 0, "en": 1}[lang]
	random := rand.New(rand.NewPCG(uint64(r.Replicate), uint64(arm.Index*2+k)))
	luck := .009 * rand.New(rand.NewPCG(uint64(r.Replicate), uint64(k))).NormFloat64()
	luck += .006 * random.NormFloat64()
	c := ablation.Curve{RunID: r.ID, Metric: ablation.BPB(lang)}
	every := r.Steps / evaluations
	for step := int64(0); step <= r.Progress.Step; step += every {
		own, other, recent := exposure(arm, r.Steps, step, k), exposure(arm, r.Steps, step, 1-k), exposure(arm, r.Steps, step, k)-exposure(arm, r.Steps, step-every, k)
		level := []float64{.27, .445}[k] + 1.6*math.Pow(own+.1*other+.004, -.18)
		if step > 0 {
			level -= .12 * (recent*evaluations - own/float64(step)*float64(r.Steps))
		}
		v := level + luck + .003*random.NormFloat64()
		if r.Name == "ja33-s2" && step == 24*every && lang == "ja" {
			v += .31
		}
		c.Buckets = append(c.Buckets, bucket(step, v))
	}
	if r.State == ablation.RunDiverged {
		c.Buckets = append(c.Buckets, ablation.Bucket{FromStep: r.Progress.Step, ToStep: r.Progress.Step, NaN: 1, LastStep: r.Progress.Step})
	} else if last := c.Buckets[len(c.Buckets)-1]; last.ToStep < r.Steps && r.State == ablation.RunCompleted {
		c.Buckets = append(c.Buckets, bucket(r.Steps, float64(last.Last)-.001))
	}
	return c
}

// exposure is the part of the budget spent on source k by a step.
func exposure(arm ablation.Arm, steps, step int64, k int) float64 {
	sum := int64(0)
	for i, w := range arm.Weights {
		end := steps
		if i+1 < len(arm.Weights) {
			end = arm.Weights[i+1].FromStep
		}
		if n := min(end, step) - w.FromStep; n > 0 {
			sum += n * w.W[k]
		}
	}
	return float64(sum) / float64(steps) / ablation.WeightTotal
}

func bucket(step int64, v float64) ablation.Bucket {
	r := ablation.Real(v)
	return ablation.Bucket{FromStep: step, ToStep: step, N: 1, Min: r, MinStep: step, Max: r, MaxStep: step, Last: r, LastStep: step, Sum: r, SumSquares: r * r}
}

// rows are what a run's sampler read, at every 64th step.
func (f *fixture) rows(r ablation.Run) []ablation.Curve {
	arm, b := f.arm(r.Arm), f.Sweep.Recipe.BatchRows
	curves := make([]ablation.Curve, len(f.Sources))
	read, residual, counts := make([]int64, len(curves)), make([]int64, len(curves)), make([]int64, len(curves))
	for k, s := range f.Sources {
		curves[k] = ablation.Curve{RunID: r.ID, Metric: ablation.Rows(s.Name)}
	}
	i := 0
	for step := int64(1); step <= r.Progress.Step; step++ {
		for i+1 < len(arm.Weights) && arm.Weights[i+1].FromStep < step {
			i++
		}
		sampler.Apportion(int64(b), arm.Weights[i].W, residual, counts)
		for k := range read {
			read[k] += counts[k]
			if step%64 == 0 || step == r.Progress.Step {
				curves[k].Buckets = append(curves[k].Buckets, bucket(step, float64(read[k])))
			}
		}
	}
	return curves
}

// loss is a run's training loss in buckets of 64 steps: two spikes, and a tail that a second attempt superseded.
func (f *fixture) loss(r ablation.Run) ablation.Curve {
	random := rand.New(rand.NewPCG(3, 3))
	c := ablation.Curve{RunID: r.ID, Metric: ablation.MetricLoss}
	level := func(step int64) float64 { return 2.05 + 1.02*math.Pow(float64(step)/float64(r.Steps)+.004, -.22) }
	add := func(from int64, shift float64, superseded bool) {
		to := from + 63
		mean, width := level(from)+shift+.008*random.NormFloat64(), .07+.02*math.Abs(random.NormFloat64())
		b := ablation.Bucket{FromStep: from, ToStep: to, N: 64, Min: ablation.Real(mean - width), Max: ablation.Real(mean + width), Sum: ablation.Real(64 * mean), Superseded: superseded}
		if from == 3393 || from == 10369 {
			b.Max += 1.3
		}
		if from == 11009 {
			b.N, b.NaN, b.PosInf = 62, 1, 1
			b.Sum = ablation.Real(62 * mean)
		}
		c.Buckets = append(c.Buckets, b)
	}
	for from := int64(1); from < r.Progress.Step; from += 64 {
		if from > 7000 && from < 7600 {
			add(from, .13, true)
		}
		add(from, 0, false)
	}
	return c
}

// demo keeps the constant arms and two seeds, all completed: what the demo ends with.
func (f fixture) demo() fixture {
	out := f
	out.Arms, out.Runs, out.Results = f.Arms[:2], nil, nil
	for _, r := range f.Runs {
		if r.Replicate < 3 && (r.Arm == "ja57" || r.Arm == "ja33") {
			out.Runs = append(out.Runs, r)
		}
	}
	for _, r := range f.Results {
		if r.Run.Replicate < 3 && (r.Run.Arm == "ja57" || r.Run.Arm == "ja33") {
			out.Results = append(out.Results, r)
		}
	}
	return out
}

func (f fixture) run(name string) ablation.Run {
	for _, r := range f.Runs {
		if r.Name == name {
			return r
		}
	}
	panic(fmt.Sprint("no run ", name))
}
