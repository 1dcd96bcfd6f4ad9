package chart

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// axis is what the x axis measures.
func (a Along) axis() Axis {
	switch a {
	case AlongSteps:
		return Axis{Name: say("ステップ", "steps"), Format: FormatInteger}
	case AlongFLOPs:
		return Axis{Name: say("学習 FLOPs", "training FLOPs"), Format: FormatScientific}
	case AlongSeconds:
		return Axis{Name: say("経過時間", "wall time"), Format: FormatDuration}
	}
	return Axis{Name: say("学習トークン", "tokens seen"), Format: FormatTokens}
}

// same is what two values are of that are set against each other.
func (a Along) same() ablation.Label {
	switch a {
	case AlongSteps:
		return say("同じステップ", "the same step")
	case AlongFLOPs:
		return say("同じ FLOPs", "the same FLOPs")
	case AlongSeconds:
		return say("同じ経過時間", "the same wall time")
	}
	return say("同じトークン数", "the same number of tokens")
}

// bands says what bands and lines are.
func (v View) bands() ablation.Label {
	switch {
	case v.Single:
		return say("線はラン、帯は区間の最小〜最大。", "Lines are runs, bands the lowest to the highest of a bucket.")
	case v.Interval:
		return say("線はその点に達したランの平均。帯はその 90%% 区間（t 分布、ばらつきは大きさと長さが同じアームで合算）。",
			"Lines are means of the runs that got there. Bands are their 90%% intervals (Student's t, noise pooled over arms of one size and length).")
	}
	return say("線はその点に達したランの平均、帯はシードの最小〜最大。間引きで消える点はない。",
		"Lines are means of the runs that got there, bands run from the lowest to the highest seed. No point is dropped by thinning.")
}

func (v View) smoothing() ablation.Label {
	if !(v.Smooth > 0) {
		return ablation.Label{}
	}
	return say("線はランの長さの %s の移動平均。最小〜最大は平滑化しない。", "Lines are moving means over %s of a run; minima and maxima are not smoothed.", short(v.Smooth*100)+"%")
}

// marked are the sides as figures name them.
func (c Comparison) marked() []Arm {
	out := make([]Arm, len(c.Arms))
	for i, a := range c.Arms {
		out[i] = Arm{Name: a.Name, Label: a.Label, Mark: c.Marks[i]}
	}
	return out
}

// markedRuns are the runs as figures name them, by id, and behind them their arms, by SWEEP/ARM.
func (c Comparison) markedRuns() []Arm {
	var runs, arms []Arm
	for i, s := range c.Sides {
		for _, r := range s.Results {
			runs = append(runs, Arm{Name: r.Run.ID, Label: c.runLabel(i, r.Run), Mark: c.runMarks[r.Run.ID]})
		}
		if !slices.ContainsFunc(arms, func(a Arm) bool { return a.Name == s.ArmName() }) {
			arms = append(arms, Arm{Name: s.ArmName(), Label: c.armLabel(i), Mark: c.Marks[i]})
		}
	}
	return append(runs, arms...)
}

// armLabel is that of a side's arm.
func (c Comparison) armLabel(i int) ablation.Label {
	if c.Sides[i].Run != "" {
		return armLabel(c.Sides[i].Arm)
	}
	return c.Arms[i].Label
}

// run is the run of that id.
func (c Comparison) run(id string) ablation.Run {
	i := slices.IndexFunc(c.Runs, func(r ablation.Run) bool { return r.ID == id })
	if i < 0 {
		return ablation.Run{ID: id, Name: id}
	}
	return c.Runs[i]
}

// size is equal for sides whose runs have one length and one size, so that their noise is alike.
func (c Comparison) size(i int) string {
	r := c.Sides[i].Recipe()
	return fmt.Sprint(r.Shape, r.Tokens, r.TokensPerStep())
}

// placeless names the sides that can't be laid along the axis yet.
func (d compared) placeless() ablation.Label {
	var names []ablation.Label
	for i, s := range d.Sides {
		missing := d.X == AlongFLOPs && s.FLOPsPerToken() == 0
		if d.X == AlongSeconds {
			missing = !slices.ContainsFunc(s.Results, func(r ablation.Result) bool { return d.clocks[r.Run.ID].end() > 0 })
		}
		if missing {
			names = append(names, d.Arms[i].Label)
		}
	}
	if len(names) == 0 {
		return ablation.Label{}
	}
	return say("%sは、横軸の値の記録がまだない。", "Not recorded yet on this axis: %s.", subject(few(names)))
}

// Measured is how what a metric of a side is measured on compares with the baseline's. Unless it is the same the two can't be set
// against each other.
type Measured string

// What text set aside, or items, can be.
const (
	MeasuredAlike   Measured = ""
	MeasuredVersion Measured = "version" // other text, or other items
	MeasuredAmount  Measured = "amount"  // more or less of the same text
)

// Measured compares what a metric of a side is measured on. Without a baseline the first side takes its place.
func (c Comparison) Measured(i int, metric string) Measured {
	own, base := c.Sides[i], c.Sides[max(0, c.Baseline)]
	on, to := measured(own, metric), measured(base, metric)
	switch {
	case on == "" || to == "":
		return MeasuredAlike
	case on != to:
		return MeasuredVersion
	case strings.HasPrefix(metric, ablation.BPB("")) && own.Recipe().SetBytes != base.Recipe().SetBytes:
		return MeasuredAmount
	}
	return MeasuredAlike
}

// measured is what a metric is measured on, by its digests; empty where that isn't text set aside.
func measured(s ablation.Side, metric string) string {
	on := ""
	for _, source := range s.Sources {
		if metric == ablation.BPB(source.Name) || metric == ablation.BPB(source.Lang) {
			on += source.ManifestSHA256 + ","
		}
	}
	for _, t := range s.Tasks {
		if strings.HasPrefix(metric, strings.TrimSuffix(ablation.TaskBPB(t.Name), "bpb")) {
			on += t.SHA256
		}
	}
	return on
}

// measuredText names the sides whose metric is measured on other text than the baseline's, or another amount of it.
func (c Comparison) measuredText(metric string) ablation.Label {
	names := map[Measured][]ablation.Label{}
	for i := range c.Sides {
		how := c.Measured(i, metric)
		names[how] = append(names[how], c.Arms[i].Label)
	}
	var texts []ablation.Label
	if other := names[MeasuredVersion]; len(other) > 0 {
		texts = append(texts, say("%sは検証に使ったデータの版が違い、高さをそのまま比べられない。", "Measured on another version of the data, so that heights can't be compared: %s.", subject(few(other))))
	}
	if other := names[MeasuredAmount]; len(other) > 0 {
		texts = append(texts, say("%sは検証に使ったテキストの量が違い、高さをそのまま比べられない。", "Measured on another amount of held-out text, so that heights can't be compared: %s.", subject(few(other))))
	}
	return join(texts...)
}
