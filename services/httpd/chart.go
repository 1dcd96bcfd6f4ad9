package httpd

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// chartBuckets is about how many buckets a curve has: two a pixel of a wide screen's column.
const chartBuckets = 1200

// maxMetrics is how many metrics a chart of one run draws.
const maxMetrics = 16

// figure is a chart's place on a page; its data come from Source.
type figure struct {
	ID     string
	Title  string
	Sub    string
	Lang   string // of the swatch; empty: none
	Source string
	CSV    string
	Size   string // class for the height
	Wide   bool
	Lead   bool // whether its title heads a section

	Caption bool // whether the caption that comes with the data is shown
	Zoom    bool // whether parts of it can be asked for
}

// newFigure is the place of a chart of the sweep or run that path names.
func newFigure(id, path, kind string, query url.Values) figure {
	base := "/api/v1" + path + "/charts/" + kind
	q := ""
	if len(query) > 0 {
		q = "?" + query.Encode()
	}
	return figure{ID: id, Source: base + q, CSV: base + ".csv" + q}
}

// chartQuery says which chart: of all metrics named, or of one arm, task or source; of a curve, which part; of a decision, by
// which aim. A response may be one of a metric's direction.
type chartQuery struct {
	kind    string
	metrics []string
	arm     string
	task    string
	frame   chart.Frame
	aim     aim    // of the charts of a decision
	source  string // of a response
}

// metric is the first that is named; empty where none is.
func (q chartQuery) metric() string {
	if len(q.metrics) == 0 {
		return ""
	}
	return q.metrics[0]
}

func readChartQuery(r *http.Request) (chartQuery, error) {
	q := r.URL.Query()
	kind := strings.TrimSuffix(chi.URLParam(r, "chart"), ".csv")
	frame, frameErr := readFrame(q)
	a, aimErr := readAim(q)
	return chartQuery{
		kind: kind, metrics: q["metric"], arm: q.Get("arm"), task: q.Get("task"), frame: frame, aim: a, source: q.Get("source"),
	}, cmp.Or(frameErr, aimErr)
}

// readFrame is the part of a curve that an address names.
func readFrame(q url.Values) (chart.Frame, error) {
	from, fromErr := place(q, "from")
	to, toErr := place(q, "to")
	return chart.Frame{From: from, To: to}, cmp.Or(fromErr, toErr)
}

// place is a number of an address, 0 where it isn't given.
func place(q url.Values, name string) (float64, error) {
	text := q.Get(name)
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case !q.Has(name):
		return 0, nil
	case err != nil, math.IsNaN(v), math.IsInf(v, 0), v < 0:
		return 0, &ablation.Invalid{Problems: []ablation.Problem{{Field: "query." + name, Text: text, Message: ablation.Label{
			EN: "expected a number of 0 or more; leave the parameter out for all of the curve",
			JA: "0 以上の数にしてください。曲線の全体なら、この項目を外してください",
		}}}}
	}
	return v, nil
}

// drawSweep draws a chart of a sweep.
func (s *Server) drawSweep(ctx context.Context, d chart.Data, q chartQuery) (chart.Figure, error) {
	switch q.kind {
	case "tradeoff":
		return chart.Tradeoff(d)
	case "accuracy":
		return chart.Accuracy(d, q.task)
	case "curve":
		if len(q.metrics) != 1 {
			return chart.Figure{}, invalid("metric", "name one metric", "メトリクスを一つ指定してください")
		}
		curves, err := s.curves(ctx, runIDs(d.Runs), q.metrics[0], q.frame, float64(d.Sweep.Recipe.TokensPerStep()))
		if err != nil {
			return chart.Figure{}, err
		}
		return chart.Curve(d, q.metrics[0], curves, q.frame)
	case "mixture":
		return s.mixtureFigure(ctx, d, q.arm)
	case "front", "response", "ternary", "stability", "matrix":
		return s.decisionFigure(ctx, d, q)
	}
	return chart.Figure{}, ablation.ErrNotFound
}

// curves are what a frame shows of a metric: finer buckets the less it holds, and those next to it on either side. A step is
// perStep wide on the frame's axis.
func (s *Server) curves(ctx context.Context, runs []string, metric string, frame chart.Frame, perStep float64) ([]ablation.Curve, error) {
	from, to := int64(0), int64(math.MaxInt64)
	if frame.From > 0 || frame.To > 0 {
		from = steps(math.Floor(frame.From / perStep))
		if frame.To > 0 {
			to = steps(math.Ceil(frame.To / perStep))
		}
		var err error
		if from, to, err = s.options.Store.Around(ctx, runs, metric, from, to); err != nil {
			return nil, err
		}
	}
	return s.options.Store.Curves(ctx, runs, metric, from, to, chartBuckets)
}

// steps is a number of steps that any database can compare.
func steps(v float64) int64 { return int64(min(v, 1<<62)) }

func (s *Server) mixtureFigure(ctx context.Context, d chart.Data, arm string) (chart.Figure, error) {
	i := slices.IndexFunc(d.Arms, func(a ablation.Arm) bool { return a.Name == arm })
	if i < 0 {
		return chart.Figure{}, ablation.ErrNotFound
	}
	of := slices.DeleteFunc(slices.Clone(d.Runs), func(r ablation.Run) bool { return r.Arm != arm })
	rows, err := s.rowCurves(ctx, d, of)
	if err != nil {
		return chart.Figure{}, err
	}
	return chart.Mixture(d, i, rows)
}

// rowCurves are the rows that runs have read, of every source.
func (s *Server) rowCurves(ctx context.Context, d chart.Data, runs []ablation.Run) ([]ablation.Curve, error) {
	var rows []ablation.Curve
	for _, source := range d.Sources {
		curves, err := s.options.Store.Curves(ctx, runIDs(runs), ablation.Rows(source.Name), 0, math.MaxInt64, chartBuckets/2)
		if err != nil {
			return nil, err
		}
		rows = append(rows, curves...)
	}
	return rows, nil
}

// drawRun draws a chart of one of a sweep's runs.
func (s *Server) drawRun(ctx context.Context, d chart.Data, id string, q chartQuery) (chart.Figure, error) {
	if len(q.metrics) > maxMetrics {
		return chart.Figure{}, invalid("metric", fmt.Sprintf("name %d metrics at most", maxMetrics), fmt.Sprintf("メトリクスは %d 個までです", maxMetrics))
	}
	i := slices.IndexFunc(d.Runs, func(r ablation.Run) bool { return r.ID == id })
	if i < 0 {
		return chart.Figure{}, ablation.ErrNotFound
	}
	run := d.Runs[i]
	switch {
	case q.kind == "mixture":
		rows, err := s.rowCurves(ctx, d, []ablation.Run{run})
		if err != nil {
			return chart.Figure{}, err
		}
		return chart.RunMixture(d, run, rows)
	case q.kind != "curve" || len(q.metrics) == 0:
		return chart.Figure{}, ablation.ErrNotFound
	}
	var curves []ablation.Curve
	for _, metric := range q.metrics {
		found, err := s.curves(ctx, []string{id}, metric, q.frame, 1)
		if err != nil {
			return chart.Figure{}, err
		}
		curves = append(curves, found...)
	}
	spikes, err := s.options.Store.Spikes(ctx, id)
	if err != nil {
		return chart.Figure{}, err
	}
	d.Spikes = spikes
	return chart.RunCurve(d, run, q.metrics, curves, q.frame)
}

// chartData is what charts of a sweep are made of.
func (s *Server) chartData(ctx context.Context, name string) (chart.Data, error) {
	return loadChartData(ctx, s.options.Store, name)
}

func runIDs(runs []ablation.Run) []string {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	return ids
}

// tagged is JSON with the entity tag of its bytes.
type tagged struct {
	Status       int
	ETag         string          `header:"ETag"`
	CacheControl string          `header:"Cache-Control"`
	Body         json.RawMessage `doc:"A figure: texts in both languages, an ECharts option with data only, and the same points as a table"`
}

func newTagged(data []byte) tagged {
	sum := sha256.Sum256(data)
	return tagged{Status: http.StatusOK, ETag: fmt.Sprintf("%q", base64.RawURLEncoding.EncodeToString(sum[:16])), CacheControl: "private, no-cache", Body: data}
}

// matches reports whether an If-None-Match header names the tag.
func (t tagged) matches(header string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == t.ETag || tag == "*" {
			return true
		}
	}
	return false
}

// tag is a figure with its tag.
func tag(f chart.Figure, err error) (tagged, error) {
	if err != nil {
		return tagged{}, err
	}
	data, err := json.Marshal(f)
	return newTagged(data), err
}

// unless is the answer, or the word that the client has it already.
func (t tagged) unless(known string, err error) (*tagged, error) {
	if err != nil {
		return nil, err
	}
	if t.matches(known) {
		// With its headers: what they say of keeping it is from now on what the browser's copy goes by.
		t.Status, t.Body = http.StatusNotModified, nil
	}
	return &t, nil
}

func (s *Server) sweepCSV(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "sweep")
	s.writeCSV(w, r, name, func(q chartQuery) (chart.Figure, error) {
		d, err := s.chartData(r.Context(), name)
		if err != nil {
			return chart.Figure{}, err
		}
		return s.drawSweep(r.Context(), d, q)
	})
}

func (s *Server) runCSV(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "run")
	s.writeCSV(w, r, id, func(q chartQuery) (chart.Figure, error) {
		run, err := s.options.Store.Run(r.Context(), id)
		if err != nil {
			return chart.Figure{}, err
		}
		d, err := s.chartData(r.Context(), run.Sweep)
		if err != nil {
			return chart.Figure{}, err
		}
		return s.drawRun(r.Context(), d, id, q)
	})
}

func (s *Server) writeCSV(w http.ResponseWriter, r *http.Request, of string, draw func(chartQuery) (chart.Figure, error)) {
	q, err := readChartQuery(r)
	var f chart.Figure
	if err == nil {
		f, err = draw(q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	serveCSV(w, of+"-"+f.ID, f.CSV())
}

// serveCSV sends a table as a file. All its text is ASCII, so no program needs to be told of an encoding.
func serveCSV(w http.ResponseWriter, name, text string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+".csv"))
	_, _ = w.Write([]byte(text)) // the browser has left: nobody to tell
}
