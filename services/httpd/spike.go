package httpd

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// ledgerShown is how many entries of a ledger stand open.
const ledgerShown = 12

// ledgerFull is how many entries a ledger has at least that had no room for others.
const ledgerFull = 500

// rowsShown is how many row numbers of a source an entry names.
const rowsShown = 3

// spikeRow is an entry of a run's ledger.
type spikeRow struct {
	Number                       int
	Step                         int64
	Kind, Size, Recovery, Action string
	Wasted                       float64 // tokens; 0: not known yet, or none
	Read                         []readRows
	glyph                        glyph
}

// Glyph is the mixture that the step read, by language.
func (r spikeRow) Glyph() template.HTML { return r.glyph.svg(40, 12) }

// readRows is what a step read of a source.
type readRows struct {
	Source string
	Count  int
	Rows   string // the first numbers
}

// ledger are the entries of a run in order; numbers count from 1. Nothing more comes of what is open once the run has ended.
func (d sweepData) ledger(spikes []ablation.Spike, ended bool) []spikeRow {
	rows := make([]spikeRow, len(spikes))
	for i, s := range spikes {
		s.Closed = s.Closed || ended
		rows[i] = spikeRow{
			Number: i + 1, Step: s.Step, Kind: d.words.text("spike." + string(s.Kind)), Size: spikeSize(s),
			Recovery: d.words.recovery(s), Action: d.words.action(s),
			Wasted: float64(s.Wasted() * d.Sweep.Recipe.TokensPerStep()), Read: d.read(s), glyph: d.readGlyph(s),
		}
	}
	return rows
}

// spikeSize is how far a value went: beyond its level for losses, from and to for others.
func spikeSize(s ablation.Spike) string {
	peak, level := float64(s.Peak), float64(s.Level)
	switch s.Kind {
	case ablation.SpikeLoss, ablation.SpikeAway:
		return signed(peak-level, 2)
	case ablation.SpikeGrad:
		return fixed(level, 2) + " → " + fixed(peak, 2)
	case ablation.SpikeNonfinite:
		return chart.Fixed(peak, 2)
	case ablation.SpikeTrainer:
		return "—"
	}
	return fixed(level, 2)
}

func (w words) recovery(s ablation.Spike) string {
	switch {
	case s.Action == ablation.ActionRolledBack && s.Until > 0:
		return w.text("spike.back", "from", integer(s.Until), "to", integer(s.BackTo))
	case s.Until > 0 && s.Action != ablation.ActionStopped:
		return w.text("spike.steps", "n", integer(s.Until-s.Step))
	case s.Closed || s.Action == ablation.ActionStopped:
		return w.text("spike.never")
	}
	return w.text("spike.open")
}

func (w words) action(s ablation.Spike) string {
	if s.Action == "" {
		return ""
	}
	return w.text("spike.did." + string(s.Action))
}

// read lists sources in the sweep's order.
func (d sweepData) read(s ablation.Spike) []readRows {
	var out []readRows
	for _, source := range d.Sources {
		rows := s.Rows[source.Name]
		if len(rows) == 0 {
			continue
		}
		sorted := slices.Sorted(slices.Values(rows))
		numbers := make([]string, min(rowsShown, len(sorted)))
		for i := range numbers {
			numbers[i] = integer(sorted[i])
		}
		text := strings.Join(numbers, ", ")
		if len(sorted) > rowsShown {
			text += " …"
		}
		out = append(out, readRows{source.Name, len(rows), text})
	}
	return out
}

func (d sweepData) readGlyph(s ablation.Spike) glyph {
	langs, weights := make([]string, len(d.Sources)), make([]int64, len(d.Sources))
	for k, source := range d.Sources {
		langs[k], weights[k] = source.Lang, int64(len(s.Rows[source.Name]))
	}
	if len(s.Rows) == 0 {
		return glyph{}
	}
	return newGlyph([]ablation.Weights{{W: weights}}, 1, langs)
}

// interventions are what a run does otherwise than its recipe, in words.
func (w words) interventions(list []ablation.Intervention) []string {
	out := make([]string, len(list))
	for i, v := range list {
		if v.LRScale > 0 {
			out[i] = w.text("spike.lr", "n", integer(v.FromStep), "x", strconv.FormatFloat(v.LRScale, 'g', 3, 64))
			continue
		}
		out[i] = w.text("spike.skip", "a", integer(v.SkipFrom+1), "b", integer(v.SkipTo))
	}
	return out
}
