package chart

import (
	"fmt"
	"math"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
)

// mixtureHint says in a few words how to read a mixture.
var mixtureHint = say("学習トークンに対する割合。面は計画、線は読んだ行", "shares over tokens seen; areas are planned, lines are rows read")

// Mixture draws what an arm planned to read and what its runs read: areas are planned shares by language, stacked; lines
// are the shares of rows really read, all of the arm's runs together. rows are the runs' curves of rows/SOURCE.
func Mixture(d Data, arm int, rows []ablation.Curve) (Figure, error) {
	a := d.Arms[arm]
	f := Figure{ID: "mixture-" + slug(a.Name), Arms: marked(d.Arms)[arm : arm+1], Title: armLabel(a), Subtitle: mixtureHint}
	m := newMixture(d, a)
	for _, r := range d.Runs {
		if r.Arm == a.Name {
			m.tallies = append(m.tallies, analysis.Read(r.ID, d.sources(), rows))
		}
	}
	return f, m.draw(&f, nil)
}

// RunMixture draws the mixture that one run follows, what it read, and how far it is.
func RunMixture(d Data, run ablation.Run, rows []ablation.Curve) (Figure, error) {
	arm := d.arm(run.Arm)
	if arm < 0 {
		return Figure{}, fmt.Errorf("draw mixture of %s: %w", run.Name, ablation.ErrNotFound)
	}
	f := Figure{ID: "run-mixture", Arms: marked(d.Arms)[arm : arm+1], Title: say("従っているスケジュール", "Schedule it follows")}
	m := newMixture(d, d.Arms[arm])
	m.tallies = []analysis.Tally{analysis.Read(run.ID, d.sources(), rows)}
	at := m.tokens(run.Progress.Step)
	f.Subtitle = join(mixtureHint, say("、縦線は現在の %sトークン", "and the upright line is now, at %s tokens", Count(at)))
	return f, m.draw(&f, []row{point(at)})
}

type mixture struct {
	Data
	plan    analysis.Plan
	tallies []analysis.Tally
	langs   []string
	table   Table
}

func newMixture(d Data, a ablation.Arm) mixture {
	return mixture{
		Data: d, langs: d.languages(),
		plan: analysis.Plan{Table: a.Weights, Steps: d.Sweep.Recipe.For(a).Steps(), BatchRows: d.Sweep.Recipe.BatchRows},
		table: Table{Rows: [][]any{}, Columns: []Column{
			{Key: "series", Name: say("系列", "Series"), Format: FormatText, Words: map[string]ablation.Label{"planned": say("計画", "planned"), "delivered": say("実績", "delivered")}},
			{Key: "lang", Name: say("言語", "Language"), Format: FormatText, Words: d.languageWords()},
			column("from_tokens", say("トークン（から）", "From tokens"), FormatInteger),
			column("to_tokens", say("トークン（まで）", "To tokens"), FormatInteger),
			column("share", say("割合", "Share"), FormatPercent1),
			column("runs", say("ラン数", "Runs"), FormatInteger),
		}},
	}
}

func (m *mixture) tokens(step int64) float64 {
	return float64(step * m.Sweep.Recipe.TokensPerStep())
}

func (m *mixture) draw(f *Figure, now []row) error {
	d := newDrawing(upTo(m.tokens(m.plan.Steps), 2), scale{0, 1, .5})
	f.Kind = KindMixture
	f.X, f.Y = Axis{Format: FormatTokens}, Axis{Format: FormatPercent}
	m.planned(d)
	m.delivered(d)
	d.add(Series{Role: RoleNow}, now)
	m.measure(f)
	f.Table, f.Description = m.table, m.description(f)
	return d.finish(f)
}

// share is what holds between two steps.
type share struct {
	from, to int64
	shares   []float64 // by language
}

func (m *mixture) planned(d *drawing) {
	held := m.held()
	for l, lang := range m.langs {
		var rows []row
		for _, h := range held {
			low, high := sum(h.shares[:l]), sum(h.shares[:l+1])
			rows = append(rows, point(m.tokens(h.from), low, high), point(m.tokens(h.to), low, high))
			m.tell("planned", lang, h.from, h.to, h.shares[l], nil)
		}
		d.add(Series{Role: RolePlanned, Lang: lang, Label: language(lang)}, rows)
	}
}

// shareUnits is how finely shares are told: in millionths. Weights are too coarse for more.
const shareUnits = 1e6

// tell puts a drawn stretch into the table.
func (m *mixture) tell(series, lang string, from, to int64, share float64, runs any) {
	m.table.Rows = append(m.table.Rows, []any{series, lang, int64(m.tokens(from)), int64(m.tokens(to)), cell(math.Round(share*shareUnits) / shareUnits), runs})
}

// stretchesAtMost is how many of the table's stretches are drawn one by one; a longer table is a ramp, and is sampled.
const stretchesAtMost = 120

// held are the table's stretches, each as long as its mixture holds.
func (m *mixture) held() []share {
	var out []share
	every := int64(len(m.plan.Table)/stretchesAtMost + 1)
	for i, w := range m.plan.Table {
		end := m.plan.Steps
		if i+1 < len(m.plan.Table) {
			end = m.plan.Table[i+1].FromStep
		}
		if n := len(out); n > 0 && w.FromStep-out[n-1].from < every && end-w.FromStep < every {
			out[n-1].to = end // a step of a ramp, too short to be seen
			continue
		}
		out = append(out, share{w.FromStep, end, m.byLanguage(weightShares(w.W))})
	}
	return out
}

func weightShares(w []int64) []float64 {
	out := make([]float64, len(w))
	for k, v := range w {
		out[k] = float64(v) / ablation.WeightTotal
	}
	return out
}

// byLanguage adds up shares by source.
func (m *mixture) byLanguage(sources []float64) []float64 {
	out := make([]float64, len(m.langs))
	for k, v := range sources {
		for l, lang := range m.langs {
			if stacked(m.Sources[k].Lang) == lang {
				out[l] += v
			}
		}
	}
	return out
}

// rowsPerWindow makes the share of one row read too many or too few a hair on the drawing.
const rowsPerWindow = 200

// delivered draws the upper edges of all languages but the topmost, whose edge is the frame.
func (m *mixture) delivered(d *drawing) {
	rows := m.plan.Steps * int64(m.plan.BatchRows)
	windows := m.plan.Windows(m.tallies, int(min(120, max(12, rows/rowsPerWindow))))
	for l, lang := range m.langs {
		var edge []row
		for _, w := range windows {
			by := m.byLanguage(w.Shares)
			top := sum(by[:l+1])
			edge = append(edge, point(m.tokens(w.From), top), point(m.tokens(w.To), top))
			m.tell("delivered", lang, w.From, w.To, by[l], w.Runs)
		}
		if l < len(m.langs)-1 {
			d.add(Series{Role: RoleDelivered, Lang: lang, Label: language(lang)}, edge)
		}
	}
}

// measure says how far rows read were from rows planned.
func (m *mixture) measure(f *Figure) {
	gap, known := 0.0, false
	for _, t := range m.tallies {
		known = known || len(t.Steps) > 0
		gap = max(gap, m.plan.Gap(t))
	}
	if !known {
		f.Caption = say("まだ行を読んでいない", "No row has been read yet")
		return
	}
	f.Gap = &gap
	rows := math.Ceil(gap*100-1e-9) / 100
	f.Caption = say("最大差 %s行（許容 %d行）", "gap %s rows (max %d)", Fixed(rows, 2), m.plan.Allowed())
}

func (m *mixture) description(f *Figure) ablation.Label {
	planned := m.plan.Planned(m.plan.Steps)
	total := sum(planned)
	for k := range planned {
		planned[k] /= total
	}
	parts := []ablation.Label{say("計画の割合、全体で：", "Planned shares over the whole run:")}
	for l, v := range m.byLanguage(planned) {
		parts = append(parts, say("%s %s。", "%s %s.", language(m.langs[l]), Percent(v, 1)))
	}
	return join(append(parts, f.Caption)...)
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}
