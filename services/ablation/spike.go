package ablation

import (
	"fmt"
	"time"
)

// SpikeKind says how a run's training went wrong at a step.
type SpikeKind string

// Kinds of spikes. The last four are divergence: a recipe says what follows.
const (
	SpikeLoss      SpikeKind = "loss"      // the loss jumped past mean + 6 standard deviations of the last 128 steps
	SpikeGrad      SpikeKind = "grad"      // the gradient norm did
	SpikeNonfinite SpikeKind = "nonfinite" // loss or gradient norm is NaN or infinite
	SpikeAway      SpikeKind = "away"      // the loss was a nat above its best for 200 steps
	SpikeStuck     SpikeKind = "stuck"     // the loss stayed at the entropy of the unigram distribution
	SpikeTrainer   SpikeKind = "trainer"   // the trainer ended the run as diverged, for reasons of its own
)

// Diverges reports whether a recipe's policy on divergence applies.
func (k SpikeKind) Diverges() bool { return k != SpikeLoss && k != SpikeGrad }

// Spike is an entry of a run's ledger: what happened at a step, how long it took to recover, and what was done.
type Spike struct {
	Round  int       `json:"round"` // how many interventions the run had had
	Kind   SpikeKind `json:"kind"`
	Step   int64     `json:"step"`             // at which it began
	Level  Real      `json:"level"`            // of the metric before: mean, best, or the unigram entropy; NaN where the trainer alone says so
	Peak   Real      `json:"peak"`             // the worst value, the first that wasn't finite for good; NaN likewise
	Until  int64     `json:"until,omitempty"`  // the step at which it was back, or would have been where the run was stopped; 0 while it is open, or if it never was
	Closed bool      `json:"closed,omitempty"` // nothing more is expected of it

	Rows      map[string][]int64 `json:"rows,omitempty"` // which rows of which sources the step read
	Action    SpikeAction        `json:"action,omitempty"`
	BackTo    int64              `json:"back_to"` // of a rollback: the checkpoint's step
	CreatedAt time.Time          `json:"created_at"`
	Words     Label              `json:"-"` // of a divergence: what people are told, or why the trainer ended it; not kept
}

// SpikeAction is what was done about a divergence; empty where nothing had to be, or nothing was yet.
type SpikeAction string

// Actions on a divergence. A jump that hadn't recovered when its run went back to before it is rolled back too.
const (
	ActionReported   SpikeAction = "reported"
	ActionStopped    SpikeAction = "stopped"
	ActionRolledBack SpikeAction = "rolled_back"
)

// Pending reports whether the spike is a divergence that nothing was done about.
func (s Spike) Pending() bool { return s.Kind.Diverges() && s.Action == "" }

// Wasted is how many steps did no good: those up to the recovery, or those that were thrown away; 0 while it isn't known.
func (s Spike) Wasted() int64 {
	if s.Until == 0 {
		return 0
	}
	from := s.Step
	if s.Action == ActionRolledBack {
		from = s.BackTo
	}
	return max(0, s.Until-from)
}

// Said is a divergence in words, with what was tried.
func (s Spike) Said(tried []Intervention) Label {
	words := map[SpikeKind]Label{
		SpikeNonfinite: {EN: "loss or gradient norm is %v at step %d", JA: "ステップ %[2]d で損失または勾配ノルムが %[1]v になりました"},
		SpikeAway: {
			EN: "the loss is more than a nat above its best, up to %.3g, since step %d",
			JA: "ステップ %[2]d から、損失が最良値を 1 nat より大きく上回っています（最大 %.3[1]g）",
		},
		SpikeStuck: {
			EN: "the loss is stuck near %.3g, what counting tokens alone gets, since step %d",
			JA: "ステップ %[2]d から、損失が %.3[1]g 付近で止まっています。トークンの頻度だけを数えた値と変わりません",
		},
		SpikeTrainer: {EN: "the trainer ended the run as diverged at step %[2]d", JA: "ステップ %[2]d で、トレーナーがランを発散として終えました"},
	}
	value := s.Peak
	if s.Kind == SpikeStuck { // the worst of what hardly moves says nothing
		value = s.Level
	}
	text := say(words[s.Kind].EN, words[s.Kind].JA, float64(value), s.Step)
	if s.Kind == SpikeTrainer && s.Words.EN != "" {
		text.EN, text.JA = text.EN+": "+s.Words.EN, text.JA+"："+s.Words.JA
	}
	if len(tried) > 0 {
		text.EN += "; it went back " + times(len(tried)) + " before"
		text.JA += fmt.Sprintf("。これまでに %d 回、前のチェックポイントに戻しました", len(tried))
	}
	return text
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
