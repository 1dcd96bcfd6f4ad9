package httpd

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/stack"
)

// The big run of whom nothing else is said.
const (
	OrderTokens    = 100e9
	OrderRowTokens = 4096
	OrderBatchRows = 1024
)

// OrderRequest says which mixture or schedule is to be written for a training stack, and for which run.
type OrderRequest struct {
	Sweep, Arm                     string  // without an arm: what the sweep's decision recommends
	Objective                      string  // of the decision; empty: as on its page
	TargetTokens, TargetParameters float64 // that it is made for; 0: as its page has it without more
	Tokens                         int64   // of the run; 0: OrderTokens, and so on
	RowTokens                      int64
	BatchRows                      int64
	Paths                          map[string]string  // where the stack finds each source
	Sizes                          map[string]float64 // tokens that each source has there
	Documents                      map[string]float64 // mean tokens of its samples, where these are documents
}

// Order is what a request asks for. Too few runs for a recommendation are *ablation.Invalid, an arm that isn't there is
// ablation.ErrNotFound.
func Order(ctx context.Context, store *postgres.Store, q OrderRequest) (stack.Order, error) {
	d, err := loadChartData(ctx, store, q.Sweep)
	if err != nil {
		return stack.Order{}, err
	}
	if q.Arm != "" {
		return q.ofArm(d)
	}
	m, err := loadMaterial(ctx, store, d, q.aim())
	if err != nil {
		return stack.Order{}, err
	}
	o, err := m.decide()
	if err != nil {
		return stack.Order{}, err
	}
	return q.recommended(&m, o.Decision), nil
}

func (q OrderRequest) aim() aim {
	return aim{evidence.Aim{Objective: q.Objective, Tokens: q.TargetTokens, Parameters: q.TargetParameters}}
}

// recommended carries the decision's warnings, and that it was made for a run of another length than is ordered.
func (q OrderRequest) recommended(m *decisionMaterial, d decision.Decision) stack.Order {
	o := q.order(m.Data, fmt.Sprintf("Sweep %s: the recommended mixture, by %s", q.Sweep, m.Goal.String()), d.Run.Shares, m.phaseEnds())
	for _, w := range d.Warnings {
		o.Warnings = append(o.Warnings, w.EN)
	}
	if tokens := float64(o.Tokens); d.Run.Tokens > 0 && max(tokens, d.Run.Tokens) > table.SameSize*min(tokens, d.Run.Tokens) {
		o.Warnings = append(o.Warnings, fmt.Sprintf("this is the mixture for a run of %s tokens, not of %s; decide for that length to have the one for it (haigo export --target-tokens, or the page's tokens of the big run)",
			chart.Count(d.Run.Tokens).In("en"), chart.Count(tokens).In("en")))
	}
	return o
}

func (q OrderRequest) ofArm(d chart.Data) (stack.Order, error) {
	i := slices.IndexFunc(d.Arms, func(a ablation.Arm) bool { return a.Name == q.Arm })
	if i < 0 {
		return stack.Order{}, fmt.Errorf("arm %s of sweep %s: %w", q.Arm, q.Sweep, ablation.ErrNotFound)
	}
	shares, ends := table.Phases(d.Sweep, d.Arms[i])
	title := fmt.Sprintf("Sweep %s: arm %s", q.Sweep, q.Arm)
	if c := d.Arms[i].Schedule; c != nil && slices.ContainsFunc(c.Stages, func(s ablation.Stage) bool { return s.Ramp != "" && s.Ramp != ablation.RampNone }) {
		title += ", its ramp cut into steps"
	}
	return q.order(d, title, shares, ends), nil
}

func (q OrderRequest) order(d chart.Data, title string, shares [][]float64, ends []float64) stack.Order {
	o := stack.Order{Title: title, Tokens: cmp.Or(q.Tokens, int64(OrderTokens)), RowTokens: cmp.Or(q.RowTokens, OrderRowTokens), BatchRows: cmp.Or(q.BatchRows, OrderBatchRows)}
	for _, ref := range d.Sweep.Sources {
		o.Sources = append(o.Sources, stack.Source{Name: ref.Name, Path: q.Paths[ref.Name], Tokens: q.Sizes[ref.Name], Document: q.Documents[ref.Name]})
	}
	for p, end := range ends {
		if p == len(ends)-1 {
			end = 1
		}
		o.Phases = append(o.Phases, stack.Phase{Until: end, Shares: shares[p]})
	}
	return o
}

// exported answers with the configuration of a training stack: its file, or an archive of several.
func (s *Server) exported(w http.ResponseWriter, r *http.Request) {
	q, err := readOrder(r)
	var d chart.Data
	if err == nil {
		d, err = s.chartData(r.Context(), q.Sweep)
	}
	var order stack.Order
	if err == nil && q.Arm != "" {
		order, err = q.ofArm(d)
	} else if err == nil {
		var m decisionMaterial
		var o chart.Outlook
		if o, err = s.outlook(r.Context(), d, q.aim()); err == nil {
			m, err = s.material(r.Context(), d, q.aim())
			order = q.recommended(&m, o.Decision)
		}
	}
	var files []stack.File
	if err == nil {
		files, err = stack.Write(r.URL.Query().Get("for"), order)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	serveFiles(w, q.Sweep+"-"+r.URL.Query().Get("for"), files)
}

// readOrder reads an address; numbers as people write them.
func readOrder(r *http.Request) (OrderRequest, error) {
	a, err := readAim(r.URL.Query())
	q := OrderRequest{Sweep: chi.URLParam(r, "sweep"), Arm: r.URL.Query().Get("arm"), Objective: a.Objective, TargetTokens: a.Tokens, TargetParameters: a.Parameters}
	tokens, tokensErr := readAmount("run_tokens", r.URL.Query().Get("run_tokens"))
	rows, rowsErr := readAmount("row_tokens", r.URL.Query().Get("row_tokens"))
	batch, batchErr := readAmount("batch_rows", r.URL.Query().Get("batch_rows"))
	q.Tokens, q.RowTokens, q.BatchRows = int64(tokens), int64(rows), int64(batch)
	return q, joined(err, tokensErr, rowsErr, batchErr)
}

func serveFiles(w http.ResponseWriter, name string, files []stack.File) {
	if len(files) == 1 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+files[0].Name[strings.LastIndex(files[0].Name, "."):]))
		_, _ = w.Write(files[0].Data) // the browser has left: nobody to tell
		return
	}
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for _, f := range files {
		if out, err := archive.Create(f.Name); err == nil { // a buffer takes everything
			_, _ = out.Write(f.Data)
		}
	}
	_ = archive.Close()
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+".zip"))
	_, _ = w.Write(b.Bytes())
}
