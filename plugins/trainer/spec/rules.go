package spec

import (
	"fmt"
	"math"
)

// Bounds that keep the sampler's integers and a trainer's memory sane.
const (
	maxSources   = 4096
	maxBatchRows = 1 << 20
	maxRowTokens = 1 << 20
	maxTokens    = math.MaxInt64 / 2
)

// Problems checks every rule that the spec alone can break, in the order of the file; none means that it is valid. What
// the machine decides (files that exist, memory, devices, row counts) is the trainer's to check.
func (s *Spec) Problems() []Problem {
	var p problems
	p.identity(s)
	p.size(s)
	p.sources(s.Sources)
	p.weights(s)
	p.tune(s)
	p.tokenizer(s)
	p.model(s)
	p.optimizer(s)
	p.choice(s.Precision, "precision", PrecisionFP32, PrecisionBF16)
	p.need(s.Log.EverySteps >= 0, "log.every_steps", "is %d; give 1 or more, or leave it out for every step", s.Log.EverySteps)
	p.eval(s.Eval)
	p.checkpoint(s)
	p.interventions(s)
	p.choice(s.OnNonfinite, "on_nonfinite", NonfiniteStop, NonfiniteContinue)
	p.resources(s.Resources)
	return p
}

func (p *problems) identity(s *Spec) {
	p.need(s.SpecVersion == Version, "spec_version", "is %d; this program knows version %d only", s.SpecVersion, Version)
	p.need(runPattern.MatchString(s.RunID), "run_id",
		"is %q; it names a folder: letters, digits, '.', '_' and '-', at most 128, the first a letter or digit", s.RunID)
	p.need(s.Attempt >= 1, "attempt", "is %d; attempts count from 1", s.Attempt)
	p.choice(s.Kind, "kind", KindPretrain, KindTune)
	p.choice(s.Mode, "mode", ModeExact, ModeMultinomial)
}

func (p *problems) size(s *Spec) {
	ok := p.need(s.Steps >= 1, "steps", "is %d; give 1 or more", s.Steps)
	ok = p.within(int64(s.BatchRows), "batch_rows", 1, maxBatchRows) && ok
	ok = p.within(int64(s.RowTokens), "row_tokens", 1, maxRowTokens) && ok
	p.need(!ok || s.Steps <= maxTokens/s.TokensPerStep(), "steps",
		"is %d, which makes more tokens than can be counted; give fewer steps", s.Steps)
}

func (p *problems) sources(sources []Source) {
	p.within(int64(len(sources)), "sources", 1, maxSources)
	names, digests := map[string]int{}, map[string]int{}
	for i, s := range sources {
		at := fmt.Sprintf("sources[%d]", i)
		p.name(s.Name, at+".name", names, i)
		p.need(langPattern.MatchString(s.Lang), at+".lang",
			`is %q; give a BCP 47 tag such as ja or en, or the label code or other`, s.Lang)
		p.need(s.Manifest != "", at+".manifest", "is empty; give the path of the source version's manifest.json")
		if p.digest(s.ManifestSHA256, at+".manifest_sha256") {
			p.unique(s.ManifestSHA256, at+".manifest_sha256", "source version", digests, i)
		}
		p.need(s.Rows >= 0, at+".rows", "is %d; give the source's row count, or leave it out", s.Rows)
	}
}

func (p *problems) weights(s *Spec) {
	p.need(len(s.Weights) > 0, "weights", "is empty; give at least the weights from step 0")
	for i, w := range s.Weights {
		at := fmt.Sprintf("weights[%d]", i)
		switch {
		case i == 0:
			p.need(w.FromStep == 0, at+".from_step", "is %d; the first entry holds from step 0", w.FromStep)
		default:
			before := s.Weights[i-1].FromStep
			p.need(w.FromStep > before, at+".from_step", "is %d, not after the entry before it (%d)", w.FromStep, before)
			p.need(w.FromStep < s.Steps, at+".from_step", "is %d; the run has only %d steps", w.FromStep, s.Steps)
		}
		p.shares(w.W, at+".w", len(s.Sources))
	}
}

func (p *problems) shares(w []int64, at string, sources int) {
	if !p.need(len(w) == sources, at, "has %d weights for %d sources; give one each, in their order", len(w), sources) {
		return
	}
	var sum int64
	for k, n := range w {
		if !p.need(n >= 0 && n <= WeightTotal, fmt.Sprintf("%s[%d]", at, k), "is %d; a weight lies between 0 and %d", n, WeightTotal) {
			return
		}
		sum += n
	}
	p.need(sum == WeightTotal, at, "sums to %d; the weights of a step sum to %d, %+d is missing", sum, WeightTotal, WeightTotal-sum)
}

func (p *problems) checkpoint(s *Spec) {
	c := s.Checkpoint
	p.need(c.EverySteps >= 0, "checkpoint.every_steps", "is %d; give 1 or more, or 0 for the last step alone", c.EverySteps)
	p.need(c.Keep >= 0, "checkpoint.keep", "is %d; give 1 or more, or 0 to keep all", c.Keep)
	for i, step := range c.KeepAt {
		at := fmt.Sprintf("checkpoint.keep_at[%d]", i)
		if p.within(step, at, 1, s.Steps) && i > 0 {
			p.need(step > c.KeepAt[i-1], at, "is %d, not after the step before it (%d)", step, c.KeepAt[i-1])
		}
	}
	if c.ResumeFrom == nil {
		return
	}
	p.within(c.ResumeFrom.Step, "checkpoint.resume_from.step", 0, s.Steps)
	p.need(c.ResumeFrom.Path != "", "checkpoint.resume_from.path", "is empty; give the checkpoint's folder")
	p.need(c.ResumeFrom.RunID == "" || runPattern.MatchString(c.ResumeFrom.RunID), "checkpoint.resume_from.run_id",
		"is %q, no id of a run; leave it out for a checkpoint of this run", c.ResumeFrom.RunID)
}

func (p *problems) interventions(s *Spec) {
	for i, v := range s.Interventions {
		at := fmt.Sprintf("interventions[%d]", i)
		if !p.need((v.FromStep != nil) != (v.Skip != nil), at, "give either from_step with lr_scale, or skip") {
			continue
		}
		if v.Skip != nil {
			p.need(v.LRScale == 0, at+".lr_scale", "belongs to from_step; a skip makes no update")
			p.need(v.Skip[0] >= 0 && v.Skip[0] < v.Skip[1] && v.Skip[1] <= s.Steps, at+".skip",
				"is [%d, %d); give steps a < b within 0 and %d", v.Skip[0], v.Skip[1], s.Steps)
			continue
		}
		p.within(*v.FromStep, at+".from_step", 0, s.Steps-1)
		p.positive(v.LRScale, at+".lr_scale")
	}
}

func (p *problems) resources(r Resources) {
	p.need(r.Threads >= 0, "resources.threads", "is %d; give 1 or more, or 0 for no bound", r.Threads)
	p.need(r.MemoryBytes >= 0, "resources.memory_bytes", "is %d; give bytes, or 0 for no bound", r.MemoryBytes)
	p.need(r.WalltimeS >= 0, "resources.walltime_s", "is %d; give seconds, or 0 for no bound", r.WalltimeS)
	seen := map[int]bool{}
	for i, d := range r.Devices {
		p.need(d >= 0 && !seen[d], fmt.Sprintf("resources.devices[%d]", i), "is %d; give each device once, counted from 0", d)
		seen[d] = true
	}
}
