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
		ZLoss: float64(s.Optimizer.ZLoss), BF16: s.Precision == spec.PrecisionBF16,
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
	need := func(ok bool, field, message, ja string) {
		if !ok {
			found = append(found, spec.Problem{Field: field, Message: message, MessageJA: ja})
		}
	}
	need(s.Kind == spec.KindPretrain, "kind", "the cpu trainer pre-trains only; tune with the gpu trainer (trainer: gpu), which works on a processor too, or use pretrain",
		"cpu トレーナーは事前学習だけを行います。調整には、プロセッサーでも動く gpu トレーナー（trainer: gpu）を使うか、pretrain にしてください")
	need(s.Tokenizer.Kind == spec.TokenizerBytes, "tokenizer.kind", "the cpu trainer reads bytes only; use bytes",
		"cpu トレーナーはバイトだけを読みます。bytes にしてください")
	need(s.Model.KVHeads == s.Model.Heads, "model.kv_heads", "the cpu trainer has no grouped heads; give as many as heads",
		"cpu トレーナーはヘッドをまとめません。heads と同じ数にしてください")
	need(!s.Model.QKNorm, "model.qk_norm", "the cpu trainer has no norm of queries and keys; use false",
		"cpu トレーナーにはクエリとキーの正規化がありません。false にしてください")
	need(s.Model.Tied, "model.tied", "the cpu trainer ties the output to the embedding; use true",
		"cpu トレーナーは出力に埋め込みと同じ重みを使います。true にしてください")
	need(s.Model.Vocab <= math.MaxUint16, "model.vocab", fmt.Sprintf("the cpu trainer has at most %d tokens", math.MaxUint16),
		fmt.Sprintf("cpu トレーナーの語彙は %d 以下です", math.MaxUint16))
	need(s.Optimizer.Decay != spec.DecayWSD || s.Optimizer.DecaySteps > 0, "optimizer.decay_steps",
		"is 0; wsd needs the number of steps at the end over which the rate falls",
		"0 です。wsd では、最後に学習率を下げるステップ数が要ります")
	set, err := Kernels(s)
	if err != nil {
		need(false, "extra.isa", err.Error(), "")
		return found
	}
	need(s.Precision == spec.PrecisionFP32 || set.BF16() != nil, "precision", fmt.Sprintf(
		"bf16 needs a processor with avx512_bf16 and its widest instruction set; this run would use %s on %s: use fp32",
		set.ISA(), machine.Processor()), fmt.Sprintf(
		"bf16 には avx512_bf16 のあるプロセッサーと、その最も広い命令セットが要ります。この実行は %s (%s) を使います。fp32 にしてください",
		set.ISA(), machine.Processor()))
	return found
}

// TooLarge says where a spec needs more memory than it may take, or than this machine has.
func TooLarge(s *spec.Spec) []spec.Problem {
	need := Config(s).MemoryBytes(s.BatchRows, Threads(s))
	if bound := s.Resources.MemoryBytes; bound > 0 && need > bound {
		return []spec.Problem{spec.NewProblem("resources.memory_bytes", spec.Say(
			"is %d, the run takes about %d; raise it, or take a smaller shape or shorter rows",
			"%d ですが、ランにはおよそ %d バイト要ります。上限を上げるか、小さいモデルや短い行にしてください", bound, need))}
	}
	if there := machine.MemoryBytes(); there > 0 && need > there {
		return []spec.Problem{spec.NewProblem("model", spec.Say(
			"takes about %d bytes of memory, this machine has %d; take a smaller shape or shorter rows",
			"メモリーがおよそ %d バイト要りますが、このマシンには %d バイトしかありません。小さいモデルや短い行にしてください", need, there))}
	}
	return nil
}
