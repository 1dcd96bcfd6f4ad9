package spec

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// byteVocab is the vocabulary of the bytes tokenizer: 256 bytes and the separator.
const byteVocab = 257

func (p *problems) tokenizer(s *Spec) {
	t := s.Tokenizer
	switch t.Kind {
	case TokenizerBytes:
		p.need(t.Path == "" && t.SHA256 == "", "tokenizer", "kind bytes has neither path nor sha256; remove them")
		p.need(s.Model.Vocab >= byteVocab, "model.vocab",
			"is %d; bytes and their separator need %d", s.Model.Vocab, byteVocab)
	case TokenizerFile:
		p.need(t.Path != "", "tokenizer.path", "is empty; give the tokenizer's file")
		p.digest(t.SHA256, "tokenizer.sha256")
	default:
		p.choice(t.Kind, "tokenizer.kind", TokenizerBytes, TokenizerFile)
	}
}

func (p *problems) model(s *Spec) {
	m := s.Model
	ok := true
	for _, n := range []struct {
		field string
		value int
	}{
		{"layers", m.Layers}, {"width", m.Width}, {"heads", m.Heads}, {"kv_heads", m.KVHeads}, {"ffn", m.FFN}, {"vocab", m.Vocab},
	} {
		ok = p.need(n.value >= 1, "model."+n.field, "is %d; give 1 or more", n.value) && ok
	}
	p.positive(m.RopeBase, "model.rope_base")
	p.positive(m.NormEps, "model.norm_eps")
	if s.Init != nil {
		p.need(s.Init.Path != "", "init.path", "is empty; give the checkpoint's folder")
		p.digest(s.Init.ManifestSHA256, "init.manifest_sha256")
	}
	if !ok {
		return
	}
	p.need(m.Width%(2*m.Heads) == 0, "model.heads",
		"is %d; width %d must be a multiple of twice the heads, so that rotary positions pair up", m.Heads, m.Width)
	p.need(m.Heads%m.KVHeads == 0, "model.kv_heads", "is %d; it must divide the %d heads", m.KVHeads, m.Heads)
}

func (p *problems) optimizer(s *Spec) {
	o := s.Optimizer
	p.positive(o.PeakLR, "optimizer.peak_lr")
	p.fraction(o.FinalLRFraction, "optimizer.final_lr_fraction", true)
	p.within(o.WarmupSteps, "optimizer.warmup_steps", 0, s.Steps)
	p.choice(o.Decay, "optimizer.decay", DecayCosine, DecayLinear, DecayWSD, DecayConstant)
	p.within(o.DecaySteps, "optimizer.decay_steps", 0, s.Steps)
	p.fraction(o.Beta1, "optimizer.beta1", false)
	p.fraction(o.Beta2, "optimizer.beta2", false)
	p.positive(o.Eps, "optimizer.eps")
	p.notNegative(o.WeightDecay, "optimizer.weight_decay")
	p.notNegative(o.Clip, "optimizer.clip")
	p.notNegative(o.ZLoss, "optimizer.z_loss")
}

func (p *problems) choice(value, field string, choices ...string) {
	p.need(slices.Contains(choices, value), field, "is %q; choose one of %s", value, strings.Join(choices, ", "))
}

func (p *problems) within(n int64, field string, low, high int64) bool {
	return p.need(low <= n && n <= high, field, "is %d; it lies between %d and %d", n, low, high)
}

func (p *problems) positive(r Real, field string) {
	p.need(r > 0 && !math.IsInf(float64(r), 1), field, "is %v; give a number above 0", r)
}

func (p *problems) notNegative(r Real, field string) {
	p.need(r >= 0 && !math.IsInf(float64(r), 1), field, "is %v; give 0 or more", r)
}

func (p *problems) fraction(r Real, field string, one bool) {
	p.need(r >= 0 && (r < 1 || one && r == 1), field, "is %v; give a fraction of 1", r)
}

func (p *problems) digest(s, field string) bool {
	return p.need(ValidDigest(s), field, "is %q; give a SHA-256 in 64 lower-case hex digits", s)
}

// name checks a name and that no other entry of its list bears it.
func (p *problems) name(s, field string, seen map[string]int, i int) {
	if p.need(ValidName(s), field, "is %q; %s", s, nameRule) {
		p.unique(s, field, "name", seen, i)
	}
}

func (p *problems) unique(s, field, what string, seen map[string]int, i int) {
	first, twice := seen[s]
	p.need(!twice, field, "is %s, the %s of entry %d too; give each once", s, what, first)
	if !twice {
		seen[s] = i
	}
}

// String is the number as a person writes it.
func (r Real) String() string { return fmt.Sprint(float64(r)) }
