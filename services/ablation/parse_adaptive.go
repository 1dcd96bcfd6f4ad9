package ablation

import (
	"math"
	"strings"
)

// Bounds of an adaptive design, and what it does where nothing is said. Models need leastMixtures to say anything.
const (
	maxStart, maxBatch, maxRounds, maxConfirm = 1000, 100, 100, 100
	leastMixtures                             = 4
	usualBatch, usualRounds, usualConfirm     = 4, 3, 3
)

// adaptive reads how a sweep plans itself. d is what else the design makes.
func (r *reader) adaptive(n *node, s Sweep, d Design) *Adaptive {
	if n == nil {
		return nil
	}
	f := r.fields(n, "objective", "start", "batch", "rounds", "confirm", "enough", "bounds", "front")
	mixed := s.Mixed()
	out := &Adaptive{
		Objective: r.objective(f["objective"]),
		Start:     int(r.whole(f["start"], int64(max(leastMixtures, 2*len(mixed)+2)), 0, maxStart)),
		Batch:     int(r.whole(f["batch"], usualBatch, 1, maxBatch)),
		Rounds:    int(r.whole(f["rounds"], usualRounds, 0, maxRounds)),
		Confirm:   int(r.whole(f["confirm"], usualConfirm, 0, maxConfirm)),
		Enough:    r.number(f["enough"], 0, span{low: 0, high: math.Inf(1), above: true}),
		Bounds:    r.adaptiveBounds(f["bounds"], s, mixed),
		Front:     r.front(f["front"]),
	}
	if len(out.Front) > 0 && f["enough"] != nil {
		r.problem(f["enough"], say("is a gain in the objective, which batches don't follow where front names two metrics; remove one of the two",
			"目的の値での利得ですが、front があるとバッチは目的に従いません。どちらかを消してください"))
	}
	r.adaptable(n, f["start"], s, d, out, mixed)
	return out
}

// adaptable refuses what an adaptive design can't begin with.
func (r *reader) adaptable(n, start *node, s Sweep, d Design, a *Adaptive, mixed []string) {
	at := n
	if start != nil {
		at = start
	}
	switch {
	case d.Product != nil:
		r.problem(n, say("chooses mixtures of runs of one length and size, so it can't stand beside product; remove one of the two, and set recipe.tokens and recipe.shape",
			"長さとサイズが 1 つのランの配合を選ぶため、product とは一緒に使えません。どちらかを消し、recipe.tokens と recipe.shape で決めてください"))
	case s.Recipe.Start != nil && (s.Recipe.Start.EachSeed() || s.Recipe.Start.Take != TakeWeights):
		r.problem(n, say("runs fresh seeds, and those can start from the weights of one run alone; set recipe.start to {run: SWEEP/ARM/SEED, take: weights}",
			"新しいシードのランも行うため、1 つのランの重みからしか始められません。recipe.start を {run: スイープ/アーム/シード, take: weights} にしてください"))
	case len(s.Schedules) > 0 && len(mixed) < 2:
		r.problem(n, say("has nothing to mix: the listed schedules read one source only; let one of them read two or more",
			"混ぜるものがありません。挙げた配合スケジュールが読むデータソースは 1 つだけです。2 つ以上を読むものを挙げてください"))
	case d == (Design{Baseline: d.Baseline, Control: d.Control}) && len(s.Schedules) > 0 && len(s.Schedules)+a.Start < leastMixtures:
		r.problem(at, say("leaves %d mixtures before the first decision, which takes at least %d; raise start to %d",
			"最初の判断までの配合が %d 種類になりますが、少なくとも %d 種類が要ります。start を %d 以上にしてください", len(s.Schedules)+a.Start, leastMixtures, leastMixtures-len(s.Schedules)))
	}
}

// objective is min: or max: and a sum; which metrics there are is for the start to say.
func (r *reader) objective(n *node) string {
	text := strings.TrimSpace(r.text(n))
	if n != nil && text != "" && !strings.HasPrefix(text, "min:") && !strings.HasPrefix(text, "max:") {
		r.problem(n, say("must begin with min: or max:, as in min:0.5*bpb/ja+0.5*bpb/en", "min:0.5*bpb/ja+0.5*bpb/en のように、min: か max: で始めてください"))
		return ""
	}
	return text
}

// front is two metrics; whether there are such is for the start to say.
func (r *reader) front(n *node) []string {
	out := distinct(r, n, r.text)
	if n != nil && n.kind == kindList && len(n.items) > 0 && len(n.items) != 2 {
		r.problem(n, say("names %d metrics; a front is of two, as in [bpb/ja, bpb/en]", "指標が %d 個あります。[bpb/ja, bpb/en] のように 2 つ書いてください", len(n.items)))
	}
	return out
}

// adaptiveBounds are [least, largest] by source, which must leave a mixture.
func (r *reader) adaptiveBounds(n *node, s Sweep, mixed []string) map[string]Bound {
	if n == nil {
		return nil
	}
	before, out, all := len(r.problems), map[string]Bound{}, Mixture{}
	for _, name := range mixed {
		all[name] = 1
	}
	for _, e := range r.entries(n) {
		r.known(e.key, s.Sources)
		if out[e.key.text] = r.bound(e.value); len(r.problems) == before && all[e.key.text] == 0 && len(mixed) > 0 {
			r.problem(e.key, say("no listed schedule reads %s, so that it isn't mixed; let one read it, or remove the bound",
				"%s を読む配合スケジュールがないため、混ぜられません。どれかで読むか、範囲を消してください", e.key.text))
		}
	}
	if len(r.problems) == before && n.kind == kindMapping && len(all) > 0 {
		r.feasible(n, all, out)
	}
	return out
}
