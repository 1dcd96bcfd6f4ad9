package runner

import (
	"cmp"
	"fmt"
	"math"
	"runtime"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/cpu/machine"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Config is the model that a valid spec asks for.
func Config(s *spec.Spec) lm.Config {
	return lm.Config{
		Layers: s.Model.Layers, Width: s.Model.Width, Heads: s.Model.Heads, FFN: s.Model.FFN, Vocab: s.Model.Vocab,
		Context: s.RowTokens, RopeBase: float64(s.Model.RopeBase), NormEps: float64(s.Model.NormEps),
		ZLoss: float64(s.Optimizer.ZLoss),
	}
}

// Threads is how many threads a spec's run uses on this machine.
func Threads(s *spec.Spec) int { return cmp.Or(s.Resources.Threads, runtime.NumCPU()) }

// Kernels is the instruction set that a spec names under extra.isa, else the processor's best.
func Kernels(s *spec.Spec) (*kernel.Set, error) {
	named, given := s.Extra["isa"]
	if !given {
		return kernel.Best(), nil
	}
	isa, ok := named.(string)
	if !ok {
		return nil, fmt.Errorf("instruction set %v is not a name; there are %v", named, kernel.Available())
	}
	return kernel.For(kernel.ISA(isa))
}

// Unsupported lists what a valid spec asks for and this trainer can't do, by field.
func Unsupported(s *spec.Spec) []spec.Problem {
	var found []spec.Problem
	need := func(ok bool, field, message string) {
		if !ok {
			found = append(found, spec.Problem{Field: field, Message: message})
		}
	}
	need(s.Kind == spec.KindPretrain, "kind", "the cpu trainer pre-trains only; use pretrain")
	need(s.Tokenizer.Kind == spec.TokenizerBytes, "tokenizer.kind", "the cpu trainer reads bytes only; use bytes")
	need(s.Precision == spec.PrecisionFP32, "precision", "the cpu trainer computes in fp32 only; use fp32")
	need(s.Model.KVHeads == s.Model.Heads, "model.kv_heads", "the cpu trainer has no grouped heads; give as many as heads")
	need(!s.Model.QKNorm, "model.qk_norm", "the cpu trainer has no norm of queries and keys; use false")
	need(s.Model.Tied, "model.tied", "the cpu trainer ties the output to the embedding; use true")
	need(s.Model.Vocab <= math.MaxUint16, "model.vocab", fmt.Sprintf("the cpu trainer has at most %d tokens", math.MaxUint16))
	need(s.Optimizer.Decay != spec.DecayWSD || s.Optimizer.DecaySteps > 0, "optimizer.decay_steps",
		"is 0; wsd needs the number of steps at the end over which the rate falls")
	if _, err := Kernels(s); err != nil {
		need(false, "extra.isa", err.Error())
	}
	return found
}

// TooLarge says where a spec needs more memory than it may take, or than this machine has.
func TooLarge(s *spec.Spec) []spec.Problem {
	need := Config(s).MemoryBytes(s.BatchRows, Threads(s))
	if bound := s.Resources.MemoryBytes; bound > 0 && need > bound {
		return []spec.Problem{{Field: "resources.memory_bytes", Message: fmt.Sprintf(
			"is %d, the run takes about %d; raise it, or take a smaller shape or shorter rows", bound, need)}}
	}
	if there := machine.MemoryBytes(); there > 0 && need > there {
		return []spec.Problem{{Field: "model", Message: fmt.Sprintf(
			"takes about %d bytes of memory, this machine has %d; take a smaller shape or shorter rows", need, there)}}
	}
	return nil
}
