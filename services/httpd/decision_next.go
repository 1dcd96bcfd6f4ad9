package httpd

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// nextView is what to run next.
type nextView struct {
	Rows   []nextRow
	Here   bool // whether they can be started
	Seeds  int
	Each   int     // runs of each mixture: seeds, times sizes
	Tokens float64 // of one mixture's runs
	Time   time.Duration
	Yen    float64
}

// nextRow is one proposed mixture.
type nextRow struct {
	Value   string // as the form sends it
	Words   string
	Glyph   template.HTML
	Why     string
	PBetter float64 // 0: not known
}

// next are the mixtures that the decision proposes, or those that would make one possible. The cost is that of the runs that
// completed.
func (p decisionPage) next(yenPerHour float64) nextView {
	v := nextView{Seeds: len(p.Sweep.Seeds), Here: p.Sweep.Document != ""}
	v.Each = v.Seeds * max(1, len(p.Lengths())*len(p.Models()))
	for _, tokens := range p.Lengths() {
		v.Tokens += float64(tokens) * float64(v.Seeds*max(1, len(p.Models())))
	}
	if p.outlook == nil {
		for _, run := range p.fill() {
			v.Rows = append(v.Rows, p.nextRow(run, "dec.why.fill", 0))
		}
	} else {
		for _, n := range p.outlook.Next {
			why := "dec.why.draw"
			if p.Front != ([2]string{}) {
				why = "dec.why.front"
			}
			switch {
			case n.Confirm:
				why = "dec.why.confirm"
			case n.Further:
				why = "dec.why.further"
			}
			v.Rows = append(v.Rows, p.nextRow(n.Run, why, n.PBetter))
		}
	}
	v.Time = p.usualTime() * time.Duration(v.Each)
	v.Yen = v.Time.Hours() * yenPerHour
	return v
}

func (p decisionPage) nextRow(run table.Run, why string, better float64) nextRow {
	return nextRow{Value: mixtureValue(run), Words: p.mixtureWords(run), Glyph: p.runGlyph(run), Why: p.words.text(why), PBetter: better}
}

// usualTime is how long a completed run took, on average.
func (p decisionPage) usualTime() time.Duration {
	var sum time.Duration
	n := 0
	for _, r := range p.Runs {
		if r.State == ablation.RunCompleted && r.StartedAt != nil && r.FinishedAt != nil {
			sum, n = sum+r.FinishedAt.Sub(*r.StartedAt), n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / time.Duration(n)
}

// fillMost is how many sources a sweep may have for mixtures to be proposed before anything is known.
const fillMost = 5

// fill are mixtures that tell most beside those of the sweep's arms, whatever these scored.
func (p decisionPage) fill() []table.Run {
	sources := len(p.Sources)
	if sources > fillMost || len(p.Arms) == 0 {
		return nil
	}
	room := decision.Room{Sources: sources, Phases: 1}
	for k := range sources {
		room.Mixed = append(room.Mixed, k)
	}
	var tried []table.Run
	for _, a := range p.Arms {
		planned := ablation.PlannedRows(a.Weights, p.Sweep.Recipe.For(a).Steps(), p.Sweep.Recipe.BatchRows)
		total := 0.0
		for _, n := range planned {
			total += float64(n)
		}
		shares := make([]float64, sources)
		for k := range shares {
			shares[k] = float64(planned[k]) / max(1, total)
		}
		tried = append(tried, table.Run{Shares: [][]float64{shares}})
	}
	return decision.Fill(tried, room, max(4, 2*sources), 1)
}

// mixtureValue is a run's shares as a form sends them: shares by commas, phases by semicolons.
func mixtureValue(run table.Run) string {
	phases := make([]string, len(run.Shares))
	for i, shares := range run.Shares {
		parts := make([]string, len(shares))
		for j, w := range shares {
			parts[j] = strconv.FormatFloat(w, 'f', -1, 64)
		}
		phases[i] = strings.Join(parts, ",")
	}
	return strings.Join(phases, ";")
}

// readMixture reads what mixtureValue wrote.
func readMixture(text string, sources int) ([][]float64, bool) {
	var out [][]float64
	for phase := range strings.SplitSeq(text, ";") {
		var shares []float64
		sum := 0.0
		for part := range strings.SplitSeq(phase, ",") {
			w, err := strconv.ParseFloat(part, 64)
			if err != nil || !(w >= 0 && w <= 1) {
				return nil, false
			}
			shares, sum = append(shares, w), sum+w
		}
		if len(shares) != sources || math.Abs(sum-1) > 1e-3 {
			return nil, false
		}
		out = append(out, shares)
	}
	return out, true
}

// grown is the sweep's document with mixtures added to its schedules, so that what they score stands beside what ran.
func (s *Server) grown(ctx context.Context, name string, mixtures []string) (string, error) {
	d, err := s.chartData(ctx, name)
	if err != nil {
		return "", err
	}
	if d.Sweep.Document == "" {
		return "", ablation.Conflict("the runs of %s were trained elsewhere; train the mixture there, and import it", "%s のランは外部で学習されたものです。配合は外部で学習し、取り込んでください", name)
	}
	if len(mixtures) == 0 {
		return "", ablation.Conflict("no mixture is ticked; tick one on the sweep's decision page", "配合が一つも選ばれていません。スイープの判断のページで選んでください")
	}
	m, err := s.material(ctx, d, aim{})
	if err != nil {
		return "", err
	}
	edits := []ablation.Edit{{Op: ablation.EditSet, Path: []string{"name"}, Value: quoted(name)}}
	if d.Sweep.Recurrence != nil {
		edits = append(edits, ablation.Edit{Op: ablation.EditRemove, Path: []string{"recurrence"}})
	}
	number := 0
	for _, text := range mixtures {
		phases, ok := readMixture(text, len(d.Sweep.Sources))
		if !ok || len(phases) > 1 && len(phases) != len(m.Shares) {
			return "", invalid("mixture", "the mixture arrived broken; open the decision page again", "配合の内容が途中で壊れました。判断のページを開き直してください")
		}
		for taken := true; taken; {
			number++
			taken = slices.ContainsFunc(d.Sweep.Schedules, func(c ablation.Schedule) bool { return c.Name == fmt.Sprintf("next-%d", number) })
		}
		edits = append(edits, ablation.Edit{Op: ablation.EditSet, Path: []string{"schedules", fmt.Sprintf("next-%d", number)}, Value: m.scheduled(phases)})
	}
	document, err := ablation.EditDocument([]byte(d.Sweep.Document), edits...)
	return string(document), err
}

// scheduled is a mixture, or one a phase, as a sweep file has a schedule.
func (m *decisionMaterial) scheduled(phases [][]float64) []byte {
	var stages []string
	for _, stage := range ablation.StagesOf(m.Table.Sources, phases, m.phaseEnds()) {
		var parts []string
		for j, w := range stage.Mixture.Shares(m.Table.Sources) {
			parts = append(parts, fmt.Sprintf("%s: %s", quoted(m.Table.Sources[j]), strconv.FormatFloat(w, 'f', -1, 64)))
		}
		stages = append(stages, fmt.Sprintf(`{"until": %s, "mixture": {%s}}`, strconv.FormatFloat(stage.Until.Fraction, 'g', 6, 64), strings.Join(parts, ", ")))
	}
	return []byte(`{"stages": [` + strings.Join(stages, ", ") + `]}`)
}

// launch lets a sweep grow by the ticked mixtures and goes back to its page.
func (s *Server) launch(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "sweep")
	err := readForm(r)
	var document string
	if err == nil {
		document, err = s.grown(r.Context(), name, r.PostForm["mixture"])
	}
	var answer *applied
	if err == nil {
		answer, err = s.apply(r.Context(), []byte(document), "", "")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a sweep grows by what was proposed", "sweep", name, "mixtures", len(r.PostForm["mixture"]))
	http.Redirect(w, r, sweepURL(answer.Body.Sweep.Name), http.StatusSeeOther)
}
