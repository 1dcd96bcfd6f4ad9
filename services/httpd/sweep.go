package httpd

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// sweepHead is what the pages of a sweep begin with.
type sweepHead struct {
	Name, Question, URL          string
	Tab                          string // over, dec, runs, def or keep
	State                        ablation.SweepState
	PausedBy                     string
	Counts                       ablation.RunCounts
	Fraction                     float64
	Cells                        []cell
	CreatedAt                    time.Time
	EndsAt, EventAt              *time.Time
	TokensPerS, Tokens, Budget   float64
	Model                        string
	CanPause, CanResume, CanStop bool
	CanShare                     bool
	Over                         bool // nothing changes by itself any more
	Now                          time.Time
}

func (d sweepData) head(tab string) sweepHead {
	p, at := d.progress(), now()
	h := sweepHead{
		Name: d.Sweep.Name, Question: d.Sweep.Asks(d.words.lang), URL: d.url(), Tab: tab, State: d.Sweep.State, PausedBy: d.Sweep.PausedBy, Counts: d.Sweep.Counts,
		Fraction: p.Fraction, Cells: d.cells(), CreatedAt: d.Sweep.CreatedAt, EventAt: p.EventAt, TokensPerS: p.TokensPerS,
		Tokens: p.Tokens, Budget: p.Budget, Model: modelNames(d.Models()), CanShare: scored(d.Results), Now: at,
		CanPause: d.Sweep.State == ablation.SweepRunning, CanResume: d.Sweep.State == ablation.SweepPaused, CanStop: !over(d.Sweep.State), Over: over(d.Sweep.State),
	}
	if p.Left > 0 {
		ends := at.Add(p.Left)
		h.EndsAt = &ends
	}
	return h
}

// scored reports whether there is anything to chart or share: a completed run with scores.
func scored(results []ablation.Result) bool {
	return slices.ContainsFunc(results, func(r ablation.Result) bool { return r.Run.State == ablation.RunCompleted && r.Step > 0 })
}

// modelNames are shapes in a word each.
func modelNames(shapes []ablation.Shape) string {
	var names []string
	for _, shape := range shapes {
		if shape != (ablation.Shape{}) { // else it was trained elsewhere, and nobody said
			names = append(names, shape.String())
		}
	}
	return strings.Join(names, ", ")
}

// lengths are how many tokens finished runs have seen: one number, or the least and the most.
func (w words) lengths(all []int64) string {
	if len(all) == 0 {
		return w.big(0)
	}
	low, high := w.big(float64(all[0])), w.big(float64(all[len(all)-1]))
	if low == high {
		return low
	}
	return low + "–" + high
}

// sweepPageData reads what the pages of the sweep in the address need; where that fails it has answered.
func (s *Server) sweepPageData(w http.ResponseWriter, r *http.Request) (sweepData, bool) {
	d, err := s.sweepData(r.Context(), s.words(r), chi.URLParam(r, "sweep"))
	if err != nil {
		s.fail(w, r, err)
		return d, false
	}
	return d, true
}

// renderSweep renders one of a sweep's pages, which change with its events.
func (s *Server) renderSweep(w http.ResponseWriter, r *http.Request, d sweepData, page string, data any) {
	s.render(w, r, d.view(page, data))
}

// view is one of the sweep's pages.
func (d sweepData) view(page string, data any) view {
	live := "/api/v1/events?sweep=" + template.URLQueryEscaper(d.Sweep.Name)
	return view{page: page, title: d.Sweep.Name, nav: "sweeps", live: live, data: data}
}

// runRow is a run in a table.
type runRow struct {
	ID         string
	Name, URL  string
	Arm        armView
	Replicate  int64
	State      ablation.RunState
	Fraction   float64
	Colour     string
	Silent     string // since when nothing was stored of it; empty: something was of late
	Unseen     string // since when it is unobserved, in words; empty: it isn't
	Why        string
	Tokens     float64
	Loss       string
	TokensPerS string
	Left       time.Duration
	Attempt    int
}

// rows are the sweep's runs, those that train first, then those that went wrong, then those that wait, then the rest.
func (d sweepData) rows() []runRow {
	rank := map[ablation.RunState]int{
		ablation.RunRunning: 0, ablation.RunStopping: 0, ablation.RunDiverged: 1, ablation.RunFailed: 1, ablation.RunQueued: 2,
	}
	of := func(s ablation.RunState) int {
		if n, ok := rank[s]; ok {
			return n
		}
		return len(rank)
	}
	runs := slices.Clone(d.Runs)
	slices.SortStableFunc(runs, func(a, b ablation.Run) int { return of(a.State) - of(b.State) })
	rows := make([]runRow, len(runs))
	for i, r := range runs {
		rows[i] = d.row(r)
	}
	return rows
}

func (d sweepData) row(r ablation.Run) runRow {
	row := runRow{
		ID: r.ID, Name: r.Name, URL: runURL(r.ID), Arm: d.arm(r.Arm), Replicate: r.Replicate, State: r.State, Fraction: fraction(r), Colour: "edge",
		Why: d.words.why(r), Tokens: float64(r.Progress.Tokens), Attempt: r.Progress.Attempt,
	}
	row.Arm.Baseline = false // said once, in the results
	switch cellColour(r.State) {
	case "ink", "bad":
		row.Colour = cellColour(r.State)
	}
	if r.Progress.Loss != nil {
		row.Loss = fixed(float64(*r.Progress.Loss), 3)
	}
	if speed := r.Progress.TokensPerS; speed != nil {
		row.TokensPerS = integer(int64(*speed))
		if r.State == ablation.RunRunning && *speed > 0 {
			left := float64(r.Steps*d.Sweep.Recipe.TokensPerStep() - r.Progress.Tokens)
			row.Left = time.Duration(left / float64(*speed) * float64(time.Second))
		}
	}
	if r.State == ablation.RunRunning && (r.Progress.Unobserved || r.Progress.Process == ablation.FactNo) {
		row.Unseen = d.words.text("sweep.unseen.now")
		if r.Progress.SeenAt != nil {
			row.Unseen = d.words.text("sweep.unseen", "t", r.Progress.SeenAt.In(japan).Format("15:04"))
		}
	}
	if at := r.Progress.EventAt; at != nil && r.State == ablation.RunRunning && r.Progress.Metrics == ablation.FactNo {
		row.Silent = d.words.text("sweep.silent", "t", at.In(japan).Format("15:04"))
	}
	return row
}

// why says in short what ended a run early.
func (w words) why(r ablation.Run) string {
	if r.Reason != "" {
		return w.text("why." + string(r.Reason))
	}
	first, _, _ := strings.Cut(r.Message.In(w.lang), "\n")
	return first
}

func runURL(id string) string { return "/runs/" + id }

type sweepRunsView struct {
	sweepHead
	Rows []runRow
}

func (s *Server) sweepRunsPage(w http.ResponseWriter, r *http.Request) {
	if d, ok := s.sweepPageData(w, r); ok {
		s.renderSweep(w, r, d, "sweep-runs", sweepRunsView{d.head("runs"), d.rows()})
	}
}

// changeSweep answers a form that pauses, resumes or stops a sweep.
func (s *Server) changeSweep(change func(context.Context, string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := chi.URLParam(r, "sweep")
		if err := change(r.Context(), name); err != nil {
			s.fail(w, r, err)
			return
		}
		s.options.Log.Info("a sweep was changed by hand", "sweep", name, "route", route(r))
		http.Redirect(w, r, sweepURL(name), http.StatusSeeOther)
	}
}
