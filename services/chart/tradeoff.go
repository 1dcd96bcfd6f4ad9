package chart

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// Tradeoff draws Japanese against English bits per byte at the end of the completed runs: every seed, every arm's mean
// with its 90% interval on both, and the arms that no arm's means beat, joined.
func Tradeoff(d Data) (Figure, error) {
	t := newTradeoff(d)
	f := Figure{
		ID: "tradeoff", Kind: KindTradeoff, Arms: marked(d.Arms),
		Title:    say("日本語と英語のトレードオフ", "Japanese against English"),
		Subtitle: say("検証セット、%sトークン時点", "held-out text, at %s tokens", d.lengths()),
		X:        Axis{Name: say("英語 bits per byte", "English bits per byte"), Format: FormatFixed2, Good: "low"},
		Y:        Axis{Name: say("日本語 bits per byte", "Japanese bits per byte"), Format: FormatFixed2, Good: "low"},
		Caption:  t.caption(), Description: t.description(), Table: t.table(),
	}
	if !slices.ContainsFunc(t.standings, func(s analysis.Standing) bool { return s != analysis.Unseen }) {
		f.Caption = t.missing()
		f.Empty = t.empty()
	}
	return f, t.draw(&f)
}

type tradeoff struct {
	Data
	ja, en    analysis.Scores
	standings []analysis.Standing
}

// newTradeoff takes both metrics over the same runs, so that a mean's two values are of the same seeds.
func newTradeoff(d Data) tradeoff {
	t := tradeoff{Data: d}
	t.ja, t.en = analysis.Both(d.Arms, d.Results, ablation.BPB("ja"), ablation.BPB("en"))
	t.standings = analysis.Front(t.en, t.ja, d.peers)
	return t
}

// seed is a run that has both values.
type seed struct {
	replicate int64
	en, ja    float64
}

// seeds are an arm's runs in order of replicates.
func (t tradeoff) seeds(arm int) []seed {
	var out []seed
	for _, e := range t.en.Arms[arm].Values {
		for _, j := range t.ja.Arms[arm].Values {
			if e.Replicate == j.Replicate {
				out = append(out, seed{e.Replicate, e.Value, j.Value})
			}
		}
	}
	return out
}

func (t tradeoff) seen(arm int) bool { return t.standings[arm] != analysis.Unseen }

// fronts are the arms on the front, from the best English to the worst; one front for each length and size of runs.
func (t tradeoff) fronts() [][]int {
	var fronts [][]int
	for i, s := range t.standings {
		if s != analysis.OnFront {
			continue
		}
		at := slices.IndexFunc(fronts, func(f []int) bool { return t.peers(f[0], i) })
		if at < 0 {
			at, fronts = len(fronts), append(fronts, nil)
		}
		fronts[at] = append(fronts[at], i)
	}
	for _, f := range fronts {
		slices.SortStableFunc(f, func(a, b int) int { return cmp.Compare(t.en.Arms[a].Mean, t.en.Arms[b].Mean) })
	}
	return fronts
}

func (t tradeoff) draw(f *Figure) error {
	d := newDrawing(t.scale(t.en), t.scale(t.ja))
	for _, f := range t.fronts() {
		d.add(Series{Role: RoleFront}, t.band(f))
	}
	for i, a := range f.Arms {
		var rows []row
		for _, s := range t.seeds(i) {
			rows = append(rows, append(point(s.en, s.ja), s.replicate))
		}
		d.add(Series{Role: RoleSeed, Arm: pointer(i), Label: a.Label}, rows)
	}
	for i, a := range f.Arms {
		if !t.seen(i) {
			continue
		}
		en, ja := t.en.Arms[i], t.ja.Arms[i]
		ends := point(en.Mean, ja.Mean, en.Mean-en.Half, en.Mean+en.Half, ja.Mean-ja.Half, ja.Mean+ja.Half)
		d.add(Series{Role: RoleInterval, Arm: pointer(i), Label: a.Label}, []row{ends})
		d.add(Series{Role: RoleMean, Arm: pointer(i), Label: a.Label}, []row{append(point(en.Mean, ja.Mean), ja.N)})
	}
	return d.finish(f)
}

// band joins the arms on the front; one alone has nothing to be joined to.
func (t tradeoff) band(front []int) []row {
	var rows []row
	for _, i := range front {
		rows = append(rows, point(t.en.Arms[i].Mean, t.ja.Arms[i].Mean))
	}
	if len(rows) < 2 {
		return nil
	}
	return rows
}

// scale holds every seed, and the intervals as long as they aren't so wide that the seeds would shrink to a dot; then
// whiskers run out of the frame.
func (t tradeoff) scale(s analysis.Scores) scale {
	var seeds, ends []float64
	for i, a := range s.Arms {
		if !t.seen(i) {
			continue
		}
		for _, v := range a.Values {
			seeds = append(seeds, v.Value)
		}
		ends = append(ends, a.Mean-a.Half, a.Mean+a.Half)
	}
	narrow, wide := around(seeds, 5, .12), around(append(ends, seeds...), 5, .03)
	if wide.max-wide.min > 3*(narrow.max-narrow.min) {
		return narrow
	}
	return wide
}

func (t tradeoff) caption() ablation.Label {
	parts := []ablation.Label{say("小さい点はシード、大きい点は平均。", "Small marks are seeds, large marks means.")}
	if t.ja.Freedom > 0 && t.en.Freedom > 0 {
		parts = append(parts, say("線は 90%% 区間（t 分布、全アームのばらつきをまとめて推定、自由度 %d）。", "Lines are 90%% intervals (Student's t, noise pooled over arms, degrees of freedom: %d).", t.ja.Freedom))
	} else if slices.ContainsFunc(t.standings, func(s analysis.Standing) bool { return s != analysis.Unseen }) {
		parts = append(parts, say("どのアームも 1 シードなので、区間はまだない。", "Every arm has one seed, so there is no interval yet."))
	}
	if slices.ContainsFunc(t.fronts(), func(f []int) bool { return len(f) > 1 }) {
		parts = append(parts, say("灰色の帯は、平均で互いに劣らないアームを結んだもの。", "The grey band joins the arms whose means no other arm beats on both."))
	}
	if len(t.Lengths()) > 1 || len(t.Models()) > 1 {
		parts = append(parts, say("帯と勝ち負けは、長さと大きさが同じランどうし。", "Bands and standings are among runs of one length and size."))
	}
	if slices.ContainsFunc(t.Arms, func(a ablation.Arm) bool { return a.MatchedOf != "" }) {
		parts = append(parts, say("中抜きの印は総量をそろえた対照アーム。", "Hollow marks are matched controls."))
	}
	return join(append(parts, t.missing())...)
}

// missing names the runs that ended without both values.
func (t tradeoff) missing() ablation.Label {
	var names []ablation.Label
	for i, a := range t.ja.Arms {
		for _, l := range a.Left {
			if l.State == ablation.RunDiverged || l.State == ablation.RunFailed || l.State == ablation.RunCompleted {
				names = append(names, same(fmt.Sprintf("%s-s%d", t.Arms[i].Name, l.Replicate)))
			}
		}
	}
	if len(names) == 0 {
		return ablation.Label{}
	}
	return say("両方の値がそろわず、入っていないラン：%s。", "Left out, without both values: %s.", list(names))
}

func (t tradeoff) empty() ablation.Label {
	if len(t.Runs) > 0 && !slices.ContainsFunc(t.Runs, func(r ablation.Run) bool { return !r.State.Ended() }) {
		return say("bpb/ja と bpb/en の両方を持つ完了したランがない", "No run completed with both bpb/ja and bpb/en")
	}
	return say("最初のランが完了すると、ここに点が出る", "The first point comes when a run completes")
}

func (t tradeoff) description() ablation.Label {
	var parts []ablation.Label
	for i, a := range t.Arms {
		if t.seen(i) {
			parts = append(parts, say("%s：日本語 %s、英語 %s（n = %d）。", "%s: Japanese %s, English %s (n = %d).",
				armLabel(a), Fixed(t.ja.Arms[i].Mean, 3), Fixed(t.en.Arms[i].Mean, 3), t.ja.Arms[i].N))
		}
	}
	return join(append([]ablation.Label{say("横軸は英語、縦軸は日本語の bits per byte。左下ほどよい。", "English across, Japanese up, in bits per byte; lower left is better.")}, parts...)...)
}

// table lists the seeds of an arm, those that are left out with what they have, then its mean.
func (t tradeoff) table() Table {
	table := Table{Rows: [][]any{}, Columns: []Column{
		column("arm", say("アーム", "Arm"), FormatArm),
		{Key: "point", Name: say("点", "Point"), Format: FormatText, Words: pointWords()},
		column("replicate", say("シード", "Seed"), FormatInteger),
		column("n", say("n", "n"), FormatInteger),
		column("bpb_ja", say("日本語 bits per byte", "Japanese bits per byte"), FormatFixed3),
		column("bpb_ja_sd", say("標準偏差", "SD"), FormatFixed3),
		column("bpb_ja_low", say("90%% 下限", "90%% low"), FormatFixed3),
		column("bpb_ja_high", say("90%% 上限", "90%% high"), FormatFixed3),
		column("bpb_en", say("英語 bits per byte", "English bits per byte"), FormatFixed3),
		column("bpb_en_sd", say("標準偏差", "SD"), FormatFixed3),
		column("bpb_en_low", say("90%% 下限", "90%% low"), FormatFixed3),
		column("bpb_en_high", say("90%% 上限", "90%% high"), FormatFixed3),
		{Key: "standing", Name: say("位置", "Standing"), Format: FormatText, Words: map[string]ablation.Label{
			"front": say("劣らない", "not beaten"), "open": say("区別できない", "cannot be told apart"), "beaten": say("負けている", "beaten"),
		}},
	}}
	for i, a := range t.Arms {
		for _, s := range t.seeds(i) {
			table.Rows = append(table.Rows, []any{a.Name, "seed", s.replicate, 1, cell(s.ja), nil, nil, nil, cell(s.en), nil, nil, nil, ""})
		}
		for k, ja := range t.ja.Arms[i].Left {
			if en := t.en.Arms[i].Left[k]; ja.State == ablation.RunCompleted {
				table.Rows = append(table.Rows, []any{a.Name, "left", ja.Replicate, 0, cell(ja.Value), nil, nil, nil, cell(en.Value), nil, nil, nil, ""})
			}
		}
		if t.seen(i) {
			ja, en := spread(t.ja.Arms[i]), spread(t.en.Arms[i])
			table.Rows = append(table.Rows, append(append(append([]any{a.Name, "mean", nil, t.ja.Arms[i].N}, ja...), en...), string(t.standings[i])))
		}
	}
	return table
}

// spread is a mean with what is known of its noise, as cells.
func spread(s analysis.Summary) []any {
	return []any{cell(s.Mean), cell(s.SD), cell(s.Mean - s.Half), cell(s.Mean + s.Half)}
}
