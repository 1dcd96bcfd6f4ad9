package ablation

import (
	"encoding/json"
	"errors"
)

// Divergence says what happens to a run that diverges: whose loss or gradient norm isn't finite, stays a nat above its
// best, or is stuck at what a model knows that has counted tokens. A spike that a run recovers from by itself is entered
// in its ledger and changes nothing.
//
// Its JSON is what the sweep file says: the policy's name, or {"rollback": TIMES, "lr": SCALE} or {"rollback": TIMES,
// "skip": STEPS}.
type Divergence struct {
	Policy string  // DivergenceStop, DivergenceReport or DivergenceRollback
	Times  int     // with rollback: how often a run goes back before it counts as diverged
	LR     float64 // with rollback: what the learning rate is multiplied by from the checkpoint on; 0 where steps are skipped
	Skip   int64   // with rollback: steps around the divergence that read their rows and make no update; 0 where the rate falls
}

// Policies on divergence.
const (
	DivergenceStop     = "stop"
	DivergenceReport   = "report"
	DivergenceRollback = "rollback"
)

// Reports whether a run trains on whatever its loss does.
func (d Divergence) Reports() bool { return d.Policy == DivergenceReport }

// Intervene is what a run does otherwise that goes back to the checkpoint at a step because it diverged at another. The
// steps that are skipped lie half before the divergence and half behind it, none before the checkpoint: PaLM
// (arXiv 2204.02311, section 5.1) went back about a hundred steps and left out two to five hundred batches in this way.
func (d Divergence) Intervene(checkpoint, diverged, steps int64) Intervention {
	if d.Skip == 0 {
		return Intervention{FromStep: checkpoint, LRScale: d.LR}
	}
	first := max(checkpoint, diverged-1-d.Skip/2)
	return Intervention{SkipFrom: first, SkipTo: min(steps, first+d.Skip)}
}

// Intervention is one thing that a run does otherwise than its recipe says, after it diverged: from a step on its learning
// rate is scaled, or some steps make no update. Steps are numbered from 0: step n is the one that follows n others.
type Intervention struct {
	FromStep int64   `json:"from_step,omitempty"`
	LRScale  float64 `json:"lr_scale,omitempty"` // 0: steps are skipped instead
	SkipFrom int64   `json:"skip_from,omitempty"`
	SkipTo   int64   `json:"skip_to,omitempty"` // the first step that is not skipped
}

// First is the first step that goes otherwise.
func (i Intervention) First() int64 {
	if i.LRScale > 0 {
		return i.FromStep
	}
	return i.SkipFrom
}

// Rollback is a return to a checkpoint after a divergence.
type Rollback struct {
	Step         int64 // of the checkpoint; 0: the beginning
	Intervention Intervention
	Reason       Label // for a person
}

type rollback struct {
	Times int     `json:"rollback"`
	LR    float64 `json:"lr,omitempty"`
	Skip  int64   `json:"skip,omitempty"`
}

// MarshalJSON writes a name, or what a rollback does.
func (d Divergence) MarshalJSON() ([]byte, error) {
	if d.Policy != DivergenceRollback {
		return json.Marshal(d.Policy)
	}
	return json.Marshal(rollback{d.Times, d.LR, d.Skip})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Divergence) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &d.Policy) == nil {
		return nil
	}
	var r rollback
	if err := json.Unmarshal(data, &r); err != nil || r.Times == 0 {
		return errors.Join(errors.New(`a policy on divergence is "stop", "report" or {"rollback": 2, "lr": 0.5}`), err)
	}
	*d = Divergence{Policy: DivergenceRollback, Times: r.Times, LR: r.LR, Skip: r.Skip}
	return nil
}
