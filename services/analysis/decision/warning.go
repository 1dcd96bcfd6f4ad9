package decision

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// edge is by how much a share may pass those that were tried before that is said.
const edge = 0.01

// ManyEpochs is how often a source may be read before that is said.
const ManyEpochs = 4.0

// Beyond these factors of what was run, a size is said to be far away.
const (
	FarParameters = 4.0
	FarTokens     = 10.0
)

func (d *Decision) warning(en, ja string, args ...any) {
	d.Warnings = append(d.Warnings, ablation.Said(en, ja, args...))
}

// flat reports whether nothing that a draw says differs between mixtures.
func (d *Decision) flat() bool {
	for _, row := range d.composed {
		for _, v := range row {
			if v != row[0] {
				return false
			}
		}
	}
	return true
}

func (e *engine) warn(d *Decision) {
	if d.flat() {
		d.warning("the objective is the same in every mixture: nothing speaks for one of them", "目的の値はどの配合でも同じです。どれかを選ぶ理由はありません")
		return
	}
	if d.Beyond {
		d.warning("no mixture near those that were run keeps to the bounds and epochs that are allowed, and the recommended one doesn't either: run mixtures within them first",
			"実行した配合の近くに、指定された割合の範囲と周回数に収まるものがなく、推奨した配合も収まっていません。まず範囲内の配合を実行してください")
	}
	d.unimproved()
	d.overtaken()
	for j, n := range d.Epochs {
		if n > ManyEpochs {
			d.warning("%s would be read %.1f times; text read more than %g times is worth less each time", "%s を %.1f 回読むことになります。%g 回を超えて読んだテキストの価値は下がっていきます", e.fit.Table.Sources[j], n, ManyEpochs)
		}
	}
	e.placed(d)
	if e.fit.Table.Phases > 2 {
		d.warning("of a schedule the models see its last phase and the whole: how the phases before share the rest can't be told from these runs",
			"モデルが見ているのは、スケジュールの最後の段階と全体の割合です。それより前の段階どうしの分け方は、これらのランからは分かりません")
	}
	for _, name := range e.edges(d.Run) {
		d.warning("the recommended share of %s is the smallest or largest that was tried: the best may lie beyond it; run mixtures there", "推奨した %s の割合は、実行した範囲の端です。最適な割合はその外にあるかもしれません。そこも実行してみてください", name)
	}
	before := len(d.Warnings)
	e.farSize(d)
	e.unrepeated(d)
	e.mismatch(d)
	d.Far = d.Warnings[before:]
}

// unimproved says where the best mixture that was run may be as good as the recommended one, is that one, or is better.
func (d *Decision) unimproved() {
	for _, b := range d.Baselines {
		if b.Name != BaselineBestSeen {
			continue
		}
		switch b.Verdict() {
		case VerdictSame:
			d.warning("no better than the best run seen: the recommended mixture is that one", "推奨した配合は、実行した中で最も良い配合そのものです。それより良いものではありません")
		case VerdictAhead:
			d.warning("no better than the best run seen: that one is better, by %s%s", "実行した中で最も良い配合のほうが、推奨した配合より良いと見られます。差は %s と予測されます%s",
				shown(b.Improvement.Negated()), b.beside())
		case VerdictTie:
			d.warning("no better than the best run seen, as far as these runs can tell: the improvement is %s", "推奨した配合は、実行した中で最も良い配合より良いとは言えません。改善の予測は %s で、0 を含みます", shown(b.Improvement))
		}
	}
}

// overtaken says which other baselines are better than the recommended mixture, a mixture once.
func (d *Decision) overtaken() {
	var told []table.Run
	for _, b := range slices.Backward(d.Baselines) { // the best that was run is the last
		twice := slices.ContainsFunc(told, func(run table.Run) bool { return Apart(run, b.Run) < same })
		if !b.Ahead() || twice {
			continue
		}
		told = append(told, b.Run)
		if b.Name != BaselineBestSeen {
			d.warning("%s is expected to be better than the recommended one, by %s%s", "%sのほうが、推奨した配合より良いと見られます。差は %s と予測されます%s",
				b.label(), shown(b.Improvement.Negated()), b.beside())
		}
	}
}

// placed says where the recommended mixture lies to what was tried, and where more is expected than there.
func (e *engine) placed(d *Decision) {
	switch _, at := e.region.nearest(d.Run); {
	case e.stray && e.region.outside(d.Run):
		d.warning("the recommended mixture lies outside of what was tried: the nearest is %.2f away in total variation, and a share passes the smallest or largest of its phase by up to %.2f; what is expected of it leans on the models' form",
			"推奨した配合は、実行した範囲の外にあります。最も近いものでも全変動距離で %.2f 離れており、その段階で実行した割合の範囲を最大 %.2f 超えています。予測はモデルの形に頼っています",
			at, max(0, overstep(e.region.tried, d.Run)))
	case e.stray:
	case at > e.region.reach:
		d.warning("the limits leave only mixtures far from all that were run: the nearest to the recommended one is %.2f away in total variation; what is expected of it leans on the models' form",
			"制限に収まる配合は、実行したどの配合からも離れています。推奨した配合に最も近いものでも全変動距離で %.2f 離れています。予測はモデルの形に頼っています", at)
	}
	if d.Further != nil {
		d.warning("more is expected outside of what was tried, at %s: better than the recommended mixture by %s; models are optimistic there, and a run would tell",
			"実行した範囲の外の %s では、推奨した配合よりさらに良い値が予測されています。改善の予測は %s です。範囲の外の予測は楽観的になりがちなので、実行して確かめてください",
			e.named(d.Further.Run), shown(d.Further.Improvement))
	}
}

// named is a mixture in words, phase by phase.
func (e *engine) named(run table.Run) string {
	phases := make([]string, len(run.Shares))
	for p, shares := range run.Shares {
		var parts []string
		for j, v := range shares {
			if v > 0 {
				parts = append(parts, fmt.Sprintf("%s %.4g", e.fit.Table.Sources[j], v))
			}
		}
		phases[p] = strings.Join(parts, ", ")
	}
	return strings.Join(phases, " → ")
}

// unrepeated says where text would be read again and the runs don't say what that costs.
func (e *engine) unrepeated(d *Decision) {
	if d.Epochs != nil && slices.Max(d.Epochs) > 1 && !e.fit.Refitted() {
		d.warning("this run would read text again, and too few runs did so to say what that costs: the published loss is taken (R* %.4g, arXiv 2305.16264)",
			"この配合ではテキストを繰り返し読みますが、繰り返したランが少なく、その目減りを確かめられません。公表値 (R* = %.4g、arXiv 2305.16264) を使っています", surrogate.Repetition)
	}
}

// Unlike is how far epochs of a proxy may be from those of the run that is decided about before that is said.
const Unlike = 1.5

// Mismatch is a source that the runs repeat otherwise than the run that is decided about would.
type Mismatch struct {
	Source        int     // of the fit
	Target, Proxy float64 // epochs
}

// mismatch says for which sources the runs repeat the recommended mixture's text otherwise than the run that is decided
// about would: then they say little of its best share.
func (e *engine) mismatch(d *Decision) {
	proxy := d.Run
	proxy.Tokens = 0
	for _, r := range e.fit.Table.Runs {
		proxy.Tokens = max(proxy.Tokens, r.Tokens)
	}
	small := e.fit.Epochs(proxy)
	for j, big := range d.Epochs {
		if small[j] <= 0 || max(big, small[j]) <= 1 || max(big/small[j], small[j]/big) <= Unlike {
			continue
		}
		d.Mismatches = append(d.Mismatches, Mismatch{j, big, small[j]})
		d.warning("%s would be read %.2f times, the runs read it %.2f times at this mixture: give the proxies a part of it that they read as often",
			"%s は本番では %.2f 回、実行したランではこの配合で %.2f 回読まれます。小さいモデルでも同じ回数になるよう、一部だけを与えてください", e.fit.Table.Sources[j], big, small[j])
	}
}

// shown is an interval with as many decimals as give its half width two digits, six at most.
func shown(v Interval) ablation.Label {
	decimals := 4
	if half := (v.Top - v.Low) / 2; half > 0 && !math.IsInf(half, 0) {
		decimals = min(6, max(0, 1-int(math.Floor(math.Log10(half)))))
	}
	text := func(v float64) string { return fmt.Sprintf("%.*f", decimals, v) }
	return ablation.Said("%s (90%%: %s … %s)", "%s (90%% 区間 %s〜%s)", text(v.Mean), text(v.Low), text(v.Top))
}

// edges are the sources whose shares lie where no tried mixture lies beyond, and could within the limits.
func (e *engine) edges(run table.Run) []string {
	const near, room = 1e-3, 1e-3 // searches end within a thousandth of an edge
	var out []string
	for j, name := range e.fit.Table.Sources {
		edge := false
		for _, phase := range run.Shares {
			below := phase[j] < e.region.low[j]+near && e.region.low[j] > e.region.floor[j]+room
			above := phase[j] > e.region.high[j]-near && e.region.high[j] < e.region.ceiling[j]-room
			edge = edge || below || above
		}
		if edge {
			out = append(out, name)
		}
	}
	return out
}

func (e *engine) farSize(d *Decision) {
	d.Warnings = append(d.Warnings, farSizes(e.fit.Table.Runs, e.target.Parameters, e.target.Tokens)...)
}

// farSizes says how far a size is from those of the runs, and what of it they can't say.
func farSizes(runs []table.Run, parameters, tokens float64) []ablation.Label {
	return slices.Concat(farParameters(spanOf(runs, func(r table.Run) float64 { return r.Parameters }), parameters),
		farTokens(spanOf(runs, func(r table.Run) float64 { return r.Tokens }), tokens))
}

// span is from where to where a size of the runs goes; 0 to 0 where it isn't known of all.
type span struct{ low, top float64 }

func spanOf(runs []table.Run, of func(table.Run) float64) span {
	s := span{low: math.Inf(1)}
	for _, r := range runs {
		s.low, s.top = min(s.low, of(r)), max(s.top, of(r))
	}
	if s.low <= 0 {
		return span{}
	}
	return s
}

// other reports whether all runs have one size and this is another.
func (s span) other(size float64) bool {
	return s.top <= s.low*table.SameSize && (size > s.top*table.SameSize || size*table.SameSize < s.low)
}

func farParameters(s span, parameters float64) []ablation.Label {
	switch {
	case parameters <= 0:
	case s.top == 0:
		return []ablation.Label{ablation.Said("the runs' parameters aren't all known, so %.3g parameters change nothing here: give a column params",
			"パラメータ数の分からないランがあるため、%.3g という規模は結果に反映されません。params 列で指定してください", parameters)}
	case s.other(parameters):
		return []ablation.Label{ablation.Said("all runs have %.3g parameters, and what is expected here holds for that size, not for %.3g, %.3g times as many: rankings carry over, values and small differences may not; run a few mixtures at that size",
			"実行したランはどれもパラメータ数 %.3g で、ここの予測はその規模のものです。%.3g (%.3g 倍) のものではありません。順位は引き継がれやすいものの、値や小さな差は当てになりません。その規模で数個の配合を実行してください",
			s.top, parameters, parameters/s.top)}
	case parameters > FarParameters*s.top:
		return []ablation.Label{ablation.Said("%.3g parameters are %.0f times the largest run's: rankings carry over, values and small differences may not; run a few mixtures at that size",
			"パラメータ数 %.3g は、実行した最大のランの %.0f 倍です。順位は引き継がれやすいものの、値や小さな差は当てになりません。その規模で数個の配合を実行してください", parameters, parameters/s.top)}
	case parameters*FarParameters < s.low:
		return []ablation.Label{ablation.Said("the smallest run has %.0f times %.3g parameters: rankings carry over, values and small differences may not; run a few mixtures at that size",
			"実行した最小のランは、パラメータ数 %[2].3g の %[1].0f 倍です。順位は引き継がれやすいものの、値や小さな差は当てになりません。その規模で数個の配合を実行してください", s.low/parameters, parameters)}
	}
	return nil
}

func farTokens(s span, tokens float64) []ablation.Label {
	switch {
	case tokens <= 0:
	case s.top == 0:
		return []ablation.Label{ablation.Said("the runs' tokens aren't all known, so %.3g tokens change nothing here: give a column tokens, or --tokens",
			"トークン数の分からないランがあるため、%.3g という長さは結果に反映されません。tokens 列か --tokens で指定してください", tokens)}
	case s.other(tokens):
		return []ablation.Label{ablation.Said("all runs have %.3g tokens, and what is expected here holds for that length, not for %.3g, %.3g times as many; of the length only repeated text counts, where sizes are known. What small shares are worth changes with length",
			"実行したランはどれもトークン数 %.3g で、ここの予測はその長さのものです。%.3g (%.3g 倍) のものではありません。長さによる違いは、テキストの繰り返しだけを (大きさが分かる場合に) 考慮しています。少ない割合の価値は長さで変わります",
			s.top, tokens, tokens/s.top)}
	case tokens > FarTokens*s.top:
		return []ablation.Label{ablation.Said("%.3g tokens are %.0f times the longest run's: what small shares and repeated text are worth changes with length",
			"トークン数 %.3g は、実行した最長のランの %.0f 倍です。少ない割合や繰り返すテキストの価値は長さで変わります", tokens, tokens/s.top)}
	case tokens*FarTokens < s.low:
		return []ablation.Label{ablation.Said("the shortest run has %.0f times %.3g tokens: what small shares and repeated text are worth changes with length",
			"実行した最短のランは、トークン数 %[2].3g の %[1].0f 倍です。少ない割合や繰り返すテキストの価値は長さで変わります", s.low/tokens, tokens)}
	}
	return nil
}

// Outside says which runs lie farther from all tried mixtures than these usually lie from each other, have more or less of a
// source than any, or don't lie between them, and whether they are far larger or longer.
func Outside(tried, asked []table.Run) []ablation.Label {
	parameters, tokens := 0.0, 0.0
	for _, run := range asked {
		parameters, tokens = max(parameters, run.Parameters), max(tokens, run.Tokens)
	}
	return append(beyond(tried, asked), farSizes(tried, parameters, tokens)...)
}

// outside reports whether a run lies farther from all tried mixtures than these usually lie from each other, has more or less of a
// source than any, or doesn't lie between them.
func (r region) outside(run table.Run) bool {
	_, distance := r.nearest(run)
	return distance > r.reach || overstep(r.tried, run) > edge || !r.hull.has(run, edge)
}

// overstep is by how much a run's share passes the smallest and largest that were tried, at most.
func overstep(tried []table.Run, run table.Run) (most float64) {
	for phase, shares := range run.Shares {
		for j, share := range shares {
			low, high := 1.0, 0.0
			for _, t := range tried {
				low, high = min(low, t.Shares[phase][j]), max(high, t.Shares[phase][j])
			}
			most = max(most, low-share, share-high)
		}
	}
	return most
}

// beyond is what Outside says of mixtures.
func beyond(tried, asked []table.Run) []ablation.Label {
	e := region{tried: tried, reach: usual(tried), hull: newHull(tried)}
	var far []string
	most := 0.0
	for _, run := range asked {
		if e.outside(run) {
			_, d := e.nearest(run)
			far, most = append(far, run.ID), max(most, d)
		}
	}
	if len(far) == 0 {
		return nil
	}
	if len(far) > 5 {
		far = append(far[:5:5], "…")
	}
	return []ablation.Label{ablation.Said("some mixtures lie outside of what was tried (up to %.2f away in total variation): %s; their intervals lean on the models' form",
		"実行した範囲の外にある配合があります (全変動距離で最大 %.2f): %s。その区間はモデルの形に頼っています", most, strings.Join(far, ", "))}
}
