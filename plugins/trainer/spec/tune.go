package spec

import (
	"math"
	"slices"
	"strings"
)

// Tune says how a run of kind tune learns answers from the weights that [Init] names, which a trainer reads of an attempt that
// resumes too, where its method leaves them still.
//
// A document is a pair where AnswerAfter stands in it: what comes before and the first AnswerAfter itself are the prompt, all that
// follows is the answer. Pairs are put into rows whole, as many as fit, each after a separator; the rest of a row is separators, and
// a prompt that leaves no room is cut on the left. Only the tokens of answers and the separator after each are trained on. A
// document without an answer is passed over; a source of such documents alone is an error. A held-out set is scored by its answers
// alone, each after its prompt: bits per byte are the nats of an answer's tokens and its final separator, over ln 2 × the bytes of
// the answers as they were written.
type Tune struct {
	Method      string `json:"method"` // MethodFull or MethodLoRA
	AnswerAfter string `json:"answer_after"`
	LoRA        *LoRA  `json:"lora,omitempty"` // of MethodLoRA alone
}

// LoRA is low-rank adaptation (arXiv 2106.09685): beside each target matrix W [inputs, outputs] of every layer, which lies still,
// Alpha/Rank · A·B is trained, A [inputs, Rank] drawn by init_seed and B [Rank, outputs] zero at first.
type LoRA struct {
	Rank    int      `json:"rank"`
	Alpha   Real     `json:"alpha"`
	Targets []string `json:"targets"` // of LoRATargets, each once
}

// Values of Tune.Method.
const (
	MethodFull = "full"
	MethodLoRA = "lora"
)

// AnswerAfter is the line between a prompt and an answer where nothing else is said: the one that Haigo joins pairs by.
const AnswerAfter = "\n### Answer\n"

// LoRATargets are a layer's matrices: queries, keys and values together; what joins the heads; the feed-forward's two inner ones
// together; and its outer one.
var LoRATargets = []string{"qkv", "out", "gate_up", "down"}

func (p *problems) tune(s *Spec) {
	t := s.Tune
	if s.Kind != KindTune {
		p.need(t == nil, "tune", "stands in a run of kind %s; take it out, or make the run one of kind tune", s.Kind)
		return
	}
	p.need(s.Init != nil, "init", "is null; a run of kind tune starts from weights, name them")
	if !p.need(t != nil, "tune", "is missing; a run of kind tune says how it tunes") {
		return
	}
	p.choice(t.Method, "tune.method", MethodFull, MethodLoRA)
	p.need(strings.TrimSpace(t.AnswerAfter) != "", "tune.answer_after", "is %q; give the line between a prompt and its answer", t.AnswerAfter)
	p.need((t.LoRA != nil) == (t.Method == MethodLoRA), "tune.lora", "belongs to method lora, and to that alone")
	if t.LoRA != nil {
		p.lora(s, *t.LoRA)
	}
}

func (p *problems) lora(s *Spec, l LoRA) {
	p.within(int64(l.Rank), "tune.lora.rank", 1, int64(max(1, s.Model.Width)))
	p.need(l.Alpha > 0 && !math.IsInf(float64(l.Alpha), 0), "tune.lora.alpha", "is %v; give a number above 0", l.Alpha)
	p.need(len(l.Targets) > 0, "tune.lora.targets", "is empty; give at least one of %s", strings.Join(LoRATargets, ", "))
	for i, name := range l.Targets {
		p.choice(name, "tune.lora.targets", LoRATargets...)
		p.need(!slices.Contains(l.Targets[:i], name), "tune.lora.targets", "has %s twice; give each once", name)
	}
}

// Trainable is how many of the model's parameters, and of those that tuning puts beside them, a run trains.
func Trainable(s *Spec) int64 {
	if s.Tune == nil || s.Tune.LoRA == nil {
		return Parameters(s.Model)
	}
	m, r := s.Model, int64(s.Tune.LoRA.Rank)
	d, f := int64(m.Width), int64(m.FFN)
	sides := map[string]int64{
		"qkv": d + d + 2*d/int64(max(1, m.Heads))*int64(m.KVHeads), "out": d + d, "gate_up": d + 2*f, "down": f + d,
	}
	n := int64(0)
	for _, name := range s.Tune.LoRA.Targets {
		n += sides[name] * r * int64(m.Layers)
	}
	return n
}
