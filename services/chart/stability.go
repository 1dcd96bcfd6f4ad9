package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// SettledTau is the agreement with the ranking at the end from which on a ranking is called settled.
const SettledTau = 0.9

// Stability draws how early arms were ranked as they are at the end: Kendall's tau over tokens, of means over each arm's
// completed runs, a line a metric. Arms of one length and size are ranked, those of which most completed.
func Stability(d Data, metrics []string, curves []ablation.Curve) (Figure, error) {
	f := Figure{
		ID: "stability", Kind: KindCurve, Arms: []Arm{},
		Title:    say("順位の安定", "Rank stability"),
		Subtitle: say("最終順位との一致", "agreement with the final ranking"),
		X:        Axis{Name: say("学習トークン", "tokens seen"), Format: FormatTokens},
		Y:        Axis{Name: same("Kendall τ"), Format: FormatFixed2, Good: "high"},
		Caption: say("1 なら最後と同じ順位、0 なら無関係。早期打ち切りの目安で、後半で配合が変わるアームには使えない。",
			"1: ranked as at the end, 0: nothing to do with it. A guide for stopping early; it says nothing of arms whose mixture changes late."),
		Table: Table{Rows: [][]any{}, Columns: []Column{
			column("metric", say("指標", "Metric"), FormatText), column("tokens", say("トークン", "Tokens"), FormatInteger),
			column("arms", say("アーム数", "Arms"), FormatInteger), column("tau", same("Kendall τ"), FormatFixed3),
		}},
	}
	low, end := 0.0, d.longest()
	settled := math.NaN()
	drawn := newDrawing(upTo(float64(end), 3), scale{0, 1, .5})
	var lines [][]row
	var means []Series
	for _, metric := range metrics {
		rankings := d.rankings(metric, curves)
		if len(rankings) < 2 {
			continue // the end agrees with itself
		}
		var line []row
		for _, r := range rankings {
			low = min(low, r.Tau)
			line = append(line, point(r.Tokens, r.Tau, float64(r.Arms)))
			f.Table.Rows = append(f.Table.Rows, []any{metric, cell(r.Tokens), r.Arms, cell(r.Tau)})
		}
		from := analysis.Settled(rankings, SettledTau)
		settled = latest(settled, from, len(lines) == 0)
		f.Description = join(f.Description, stable(metric, from))
		lines, means = append(lines, line), append(means, Series{Role: RoleLine, Lang: langOf(metric), Label: setName(metric)})
	}
	if low < 0 {
		drawn = newDrawing(upTo(float64(end), 3), scale{-1, 1, .5})
	}
	for i := range lines {
		drawn.add(means[i], lines[i])
	}
	if len(f.Table.Rows) == 0 {
		f.Caption = ablation.Label{}
		f.Empty = say("完了したランのある三つ以上のアームと、途中の評価が要る", "This needs three arms with completed runs, and evaluations on the way")
	} else if !math.IsNaN(settled) {
		drawn.add(Series{Role: RoleStart, Label: say("%sで定まる", "settled at %s", Count(settled))}, []row{point(settled)})
	}
	return f, drawn.finish(&f)
}

// latest is the later of two places; not known where either isn't.
func latest(a, b float64, first bool) float64 {
	if first || math.IsNaN(b) {
		return b
	}
	return math.Max(a, b)
}

func stable(metric string, from float64) ablation.Label {
	if math.IsNaN(from) {
		return say("%s：最後まで定まらない。", "%s: not settled before the end.", setName(metric))
	}
	return say("%s：%sトークンから τ ≥ %.1f。", "%s: τ ≥ %[3].1f from %[2]s tokens on.", setName(metric), Count(from), SettledTau)
}

// rankings are those of a metric, over the largest group of arms of one length and size.
func (d Data) rankings(metric string, curves []ablation.Curve) []analysis.Ranking {
	var best []analysis.Track
	for i := range d.Arms {
		var tracks []analysis.Track
		for k := range d.Arms {
			if t := d.track(d.Arms[k], metric, curves); len(t.Tokens) > 0 && d.peers(i, k) {
				tracks = append(tracks, t)
			}
		}
		if len(tracks) > len(best) {
			best = tracks
		}
	}
	return analysis.Stability(best)
}

// track is an arm's mean over its completed runs, where all of them have a value.
func (d Data) track(a ablation.Arm, metric string, curves []ablation.Curve) (t analysis.Track) {
	done := map[string]bool{}
	for _, r := range d.Runs {
		done[r.ID] = r.Arm == a.Name && r.State == ablation.RunCompleted
	}
	own := slices.DeleteFunc(slices.Clone(curves), func(c ablation.Curve) bool { return c.Metric != metric || !done[c.RunID] })
	for _, s := range overlay(own, false) {
		if len(s.runs) == len(own) {
			t.Tokens, t.Values = append(t.Tokens, float64(s.to*d.Sweep.Recipe.TokensPerStep())), append(t.Values, s.mean())
		}
	}
	return t
}
