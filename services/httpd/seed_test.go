package httpd_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
)

// hostile is text that breaks out of markup, attributes and scripts where it isn't escaped, and out of layouts where
// nothing wraps it.
const hostile = `</script><script>alert(1)</script>"'><img src=x onerror=alert(1)> {{.}} 配合🍶`

// document is a sweep file of two arms with two seeds, eight steps a run.
const document = `name: %s
question: %q
sources: [web-ja, web-en]
recipe: {trainer: cpu, tokens: 4096, row_tokens: 64, batch_rows: 8}
schedules:
  ja70:
    label: %q
    stages: [{until: 1.0, mixture: {web-ja: 0.7, web-en: 0.3}}]
  ja30:
    stages: [{until: 1.0, mixture: {web-ja: 0.3, web-en: 0.7}}]
design: {baseline: ja30}
seeds: 2
tasks: [next-ja]
`

func sweepFile(name string) string { return fmt.Sprintf(document, name, hostile, hostile) }

// text adds a Japanese and an English source and a task, all with hostile words wherever words are free.
func (s site) text() {
	s.Helper()
	data := s.TempDir()
	for _, lang := range []string{"ja", "en"} {
		s.source(data, lang)
	}
	task := ablation.Task{Name: "next-ja", Version: "00000000", Lang: "ja", Kind: "multiple_choice", Items: 40, Chance: .25, Source: "web-ja", SHA256: strings.Repeat("0", 64), Path: "/none"}
	if err := s.store.PutTask(s.Context(), task); err != nil {
		s.Fatal(err)
	}
}

// source adds some text of a language.
func (s site) source(data, lang string) {
	s.Helper()
	dir := s.TempDir()
	for i := range 30 {
		write(s.T, fmt.Sprintf("%s/%02d.txt", dir, i), fmt.Sprintf("%d %s %s", i, lang, hostile))
	}
	write(s.T, dir+"/empty.txt", "  \n")
	result, err := corpus.Add(s.Context(), corpus.Options{
		Data: data, Name: "web-" + lang, Lang: lang, Paths: []string{dir}, Share: .2,
		Origin: []spec.Origin{{Package: hostile, Licence: hostile}},
	})
	if err != nil {
		s.Fatal(err)
	}
	if err := s.store.PutSource(s.Context(), result.Source); err != nil {
		s.Fatal(err)
	}
}

// sweep starts a sweep by its form and returns its runs.
func (s site) sweep(name string) []ablation.Run {
	s.Helper()
	s.send("/new", "document", sweepFile(name)).want(s.T, 303)
	runs, err := s.store.Runs(s.Context(), name)
	if err != nil {
		s.Fatal(err)
	}
	return runs
}

// train claims a run and stores what a whole training would say.
func (s site) train(outcome ablation.RunState) ablation.Run {
	s.Helper()
	claim := s.begin(outcome)
	reason := ablation.Label{}
	if outcome != ablation.RunCompleted {
		reason.EN = hostile
	}
	if err := s.store.EndAttempt(s.Context(), claim, 1, string(outcome), reason, outcome); err != nil {
		s.Fatal(err)
	}
	return claim.Run
}

// begin claims a run and stores what it says up to its end, which doesn't come.
func (s site) begin(outcome ablation.RunState) ablation.Claim {
	s.Helper()
	ctx := s.Context()
	claim, err := s.store.Claim(ctx, postgres.ClaimRequest{Holder: ablation.Holder{Host: "here", BootID: "b", PID: 1, StartTime: 1}, Lease: time.Hour, MaxRuns: 100})
	if err != nil || claim == nil {
		s.Fatalf("claim: %v, %v", claim, err)
	}
	if _, err := s.store.OpenAttempt(ctx, *claim, ablation.Attempt{RunID: claim.Run.ID, Number: 1, Host: hostile, Engine: "local", SpecSHA256: strings.Repeat("0", 64)}); err != nil {
		s.Fatal(err)
	}
	if err := s.store.Ingest(ctx, *claim, batch(claim.Run, outcome)); err != nil {
		s.Fatal(err)
	}
	return *claim
}

func batch(run ablation.Run, outcome ablation.RunState) ablation.Batch {
	b := ablation.Batch{
		Attempt: 1, To: ablation.Cursor{Offset: 100, Seq: 10},
		Segment: &ablation.Segment{Trainer: "cpu 1", Device: hostile, ISA: "portable", Threads: 1, StartedAt: time.Unix(1, 0)},
		Plan: &ablation.RunPlan{
			Rows: map[string]int64{"web-ja": 100, "web-en": 100}, PlanSHA256: strings.Repeat("a", 64), BlockSHA256: []string{strings.Repeat("b", 64)},
			Parameters: 1000, FLOPsPerToken: 6000, UnigramNats: 3,
		},
		Logs: []ablation.LogLine{{Attempt: 1, Seq: 2, Time: time.Unix(2, 0), Level: "warn", Text: ablation.Label{EN: hostile}}},
	}
	shift := map[string]float64{"ja70": -.1, "ja30": .1}[run.Arm] + .01*float64(run.Replicate)
	for step := int64(1); step <= run.Steps; step++ {
		b.Times = append(b.Times, ablation.StepTime{Step: step, At: b.Segment.StartedAt.Add(time.Duration(step) * time.Second)})
		values := map[string]float64{
			"loss": 5 - .1*float64(step), "grad_norm": 1, "lr": .003, "tokens_per_s": 9000, "rows/web-ja": float64(4 * step), "rows/web-en": float64(4 * step),
			"bpb/ja": 3 + shift, "bpb/en": 3 - shift, "task/next-ja/bpb": 2 + shift, "task/next-ja/accuracy": .3,
		}
		for metric, value := range values {
			b.Points = append(b.Points, ablation.Point{Metric: metric, Step: step, Value: ablation.Real(value)})
		}
	}
	return b
}

// apply starts a sweep without a form.
func (s site) apply(name string) {
	s.Helper()
	sweeper := orchestrator.Sweeper{Store: s.store, Trainers: trainers{}, RunsAtOnce: 1}
	if _, _, err := sweeper.Apply(s.Context(), []byte(sweepFile(name)), ""); err != nil {
		s.Fatal(err)
	}
}
