package chart

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Corner is what a corner of a ternary plot is all of.
type Corner struct {
	Name ablation.Label `json:"name"`
	Lang string         `json:"lang"`
}

// OutlookTernary draws the objective over all constant mixtures of three sources: the first lower left, the second lower
// right, the third on top. Schedules stand at their totals, marked.
func OutlookTernary(o Outlook) (Figure, error) {
	f := Figure{
		ID: "ternary", Kind: KindTernary, Arms: marked(o.Arms),
		Title:    say("三元図", "Ternary plot"),
		Subtitle: say("色が濃いほど目的の値がよい", "the darker, the better the objective"),
		Caption: say("破線の内側は推奨と区別できない配合。丸は実測、十字は次に勧めるラン。薄い範囲の近くには実測がない。",
			"Inside the dashes: can't be told from the recommended one. Circles were run, crosses are proposed next. Nothing was run near the pale part."),
		Table: Table{Columns: []Column{}, Rows: [][]any{}},
	}
	d := newDrawing(scale{0, 1, .2}, scale{0, math.Sqrt(3) / 2, .2})
	if o.Ternary == nil {
		f.Empty, f.Caption = say("データソースが三つのスイープに描ける", "Drawn for sweeps of three sources"), ablation.Label{}
		return f, d.finish(&f)
	}
	if o.changing() {
		f.Caption = join(f.Caption, say("色は一定の配合の値。四角は途中で配合が変わるスケジュールで、全体の比の位置にある。", "Shades are of constant mixtures; squares are schedules, at the shares of their whole run."))
	}
	whole := o.totals(o.Run)
	for j, name := range o.Fit.Table.Sources {
		lang := "other"
		if i := slices.IndexFunc(o.Sources, func(s ablation.Source) bool { return s.Name == name }); i >= 0 {
			lang = stacked(o.Sources[i].Lang)
		}
		f.Corners = append(f.Corners, Corner{same(name), lang})
		f.Description = join(f.Description, say("%s は推奨で %s。", "%s is recommended at %s.", same(name), Percent(whole[j], 0)))
	}
	o.tern(d)
	o.ternTable(&f.Table)
	return f, d.finish(&f)
}

// plane is where a mixture of three lies in a triangle of side 1.
func plane(shares []float64) (x, y float64) {
	return shares[1] + shares[2]/2, shares[2] * math.Sqrt(3) / 2
}

// totals are the shares that a run reads of each source from its first step to its last.
func (o Outlook) totals(run table.Run) []float64 {
	out := make([]float64, len(o.Fit.Table.Sources))
	for p, share := range o.Fit.Shares() {
		for j, w := range run.Shares[p] {
			out[j] += share * w
		}
	}
	return out
}

// changing reports whether some mixture that was run, or is recommended or proposed, changes on the way.
func (o Outlook) changing() bool {
	runs := []table.Run{o.Run}
	for _, a := range o.Outlook.Arms {
		runs = append(runs, a.Run)
	}
	for _, p := range o.Next {
		runs = append(runs, p.Run)
	}
	return slices.ContainsFunc(runs, turns)
}

// turns reports whether a run's mixture changes.
func turns(run table.Run) bool {
	return slices.ContainsFunc(run.Shares, func(phase []float64) bool {
		return !slices.EqualFunc(phase, run.Shares[0], func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
	})
}

func (o Outlook) tern(d *drawing) {
	var grid []row
	for _, p := range o.Ternary.Points {
		x, y := plane(p.Shares[:])
		grid = append(grid, append(point(x, y, p.Value), p.AsGood, p.Outside))
	}
	d.add(Series{Role: RoleGrid}, grid)
	var seen, turned, next []row
	for _, a := range o.Outlook.Arms {
		x, y := plane(o.totals(a.Run))
		if at := append(point(x, y), o.armOf(a)); turns(a.Run) {
			turned = append(turned, at)
		} else {
			seen = append(seen, at)
		}
	}
	d.add(Series{Role: RoleSeen, Label: say("実測", "measured")}, seen)
	d.add(Series{Role: RoleTurned, Label: say("実測のスケジュール（全体の比）", "measured schedule, shares of its whole run")}, turned)
	for _, p := range o.Next {
		x, y := plane(o.totals(p.Run))
		next = append(next, point(x, y, p.PBetter))
	}
	d.add(Series{Role: RoleNext, Label: say("次のラン", "proposed next")}, next)
	x, y := plane(o.totals(o.Run))
	d.add(Series{Role: RolePick, Label: say("推奨", "Recommended")}, []row{point(x, y)})
}

func (o Outlook) ternTable(t *Table) {
	t.Columns = append([]Column{
		{Key: "point", Name: say("点", "Point"), Format: FormatText, Words: map[string]ablation.Label{
			"measured": say("実測", "measured"), "next": say("次のラン", "proposed next"), "recommended": say("推奨", "recommended"), "grid": say("格子", "grid"),
		}},
		column("arm", say("アーム", "Arm"), FormatArm),
		column("worse_by", say("推奨との差", "worse than recommended by"), FormatSigned),
		{Key: "as_good", Name: say("推奨と", "Against recommended"), Format: FormatText, Words: map[string]ablation.Label{"yes": say("区別できない", "can't be told apart"), "no": say("悪い", "worse")}},
		column("p", say("確率", "Chance"), FormatFixed2),
	}, o.columns()...)
	add := func(kind string, arm, worse, same, p any, run table.Run) {
		t.Rows = append(t.Rows, append([]any{kind, arm, worse, same, p}, mixed(run)...))
	}
	add("recommended", nil, cell(0), "yes", nil, o.Run)
	for _, a := range o.Outlook.Arms {
		name := any(nil)
		if i := o.armOf(a); i >= 0 {
			name = o.Arms[i].Name
		}
		add("measured", name, cell(a.Against.Mean), yesNo(a.AsGood), cell(a.PBest), a.Run)
	}
	for _, p := range o.Next {
		add("next", nil, nil, nil, cell(p.PBetter), p.Run)
	}
	for _, p := range o.Ternary.Points {
		add("grid", nil, cell(p.Value), yesNo(p.AsGood), nil, table.Run{Shares: slices.Repeat([][]float64{p.Shares[:]}, o.Fit.Table.Phases)})
	}
}

func yesNo(v bool) string { return map[bool]string{true: "yes", false: "no"}[v] }
